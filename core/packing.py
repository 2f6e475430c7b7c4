"""Packed weights: which tensors are such, how many weights each stands for, and which go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

from core.model_config import QuantizationConfig, Scheme
from core.packing_layouts import (
    DTYPE_BITS,
    Layout,
    Packed,
    aqlm,
    by_bits,
    exl2,
    exl3,
    gptq_or_awq,
    higgs,
    hqq,
    in_bytes,
    in_groups,
    mxfp4_blocks,
    quanto,
    sparse,
    torchao,
)
from core.stored import StoredTensor

_MOST_SHAPES = 64
"""Shapes kept of tensors whose names differ in digits only; a hostile file has thousands."""

_NOTHING: Mapping[str, list[StoredTensor]] = MappingProxyType({})

# By the last word of a name without digits.
_LAYOUTS: dict[str, Layout] = {
    "qweight": gptq_or_awq,
    "W_q": hqq,
    "_data": quanto,
    "_weight_qdata": torchao,
    "codes": aqlm,
    "q_weight": exl2,
    "trellis": exl3,
}
# What stands beside those in their module and is no bias; of HQQ it is all.
_BESIDE: dict[str, tuple[str, ...]] = {
    "qweight": ("scales", "zeros", "scaled_zeros", "perm", "pairs", "theta", "channel_scales", "tables"),
    "compressed": ("bitmask", "shape", "row_offsets"),
    "codes": ("codebooks", "scales"),
    "q_weight": ("q_perm", "q_invperm", "q_scale", "q_scale_max", "q_groups", "q_group_map"),
    "trellis": ("suh", "svh", "su", "sv", "mcg", "mul"),
    "indices": ("centroids", "perm", "weight_scale", "weight_bias"),
    "B": ("s", "s_channel", "s_group", "workspace"),
    "weight_packed": ("meta",),
}
# Nothing else is called so.
_CERTAIN = {
    *("qzeros", "g_idx", "weight_scale_inv", "weight_zero_point", "weight_g_idx", "weight_global_scale"),
    *("input_global_scale", "weight_scale_", "scale_packed", "absmax", "quant_map", "nested_absmax"),
    *("nested_quant_map", "bitsandbytes__nf", "bitsandbytes__fp", "SCB", "scale_inv", "qscale_weight", "qscale_act"),
}
_CERTAIN_IN_QUANTISED = {"weight_scale", "weight_shape"}
# Where a tensor's own name is one word more than its weight's.
_ENDINGS_OF_NAMES = {
    *("absmax", "quant_map", "nested_absmax", "nested_quant_map", "bitsandbytes__nf", "bitsandbytes__fp"),
    *("_data", "_scale", "_shift"),
}
# Quantisation data where the module's weights have few bits.
_OF_FEW_BITS = {
    *(
        "weight_scale",
        "weight_scales",
        "weight_shape",
        "weight_format",
        "input_scale",
        "output_scale",
        "input_scale_ub",
    ),
    *("activation_scale", "input_zero_point", "scale", "scales", "biases", "qbiases", "tables", "act_scale"),
    "pre_quant_scale",
}
# Scales of activations, single values in a quantised checkpoint, not always beside its weights.
_OF_ACTIVATIONS = {"k_scale", "v_scale", "q_scale", "prob_output_scale", "input_scale", "output_scale"}
_SCALES = ("_weight_scale_inv", "_weight_scale_", "_weight_scale", "_scale_inv", "_scales", "_scale", "_scale_")
_ZERO_POINTS = ("_zero_point", "_scale_and_zero")
_SCALES_OF_INPUTS = ("_input_scale", "_activation_scale", "_input_global_scale")
_PACKED = ("_blocks", "_packed", "_qdata")
_OF_MODULES = ("weight", "qweight", "weight_packed", "compressed")
# The last three are ggml's.
_FEW_BITS = ("F8", "F4", "F6", "I8", "U8", "I32", "U32", "I16", "TQ", "NVFP4", "Q")


class Packing:
    """The packed weights of a checkpoint, as far as it is known.

    Attributes:
        config: its quantisation, as the config.json says.
    """

    def __init__(self, tensors: Sequence[tuple[str, StoredTensor]], config: dict[str, Any]) -> None:
        """
        Args:
            tensors: names without digits, each with one of the tensors called so; for each shape and dtype one.
            config: the parsed config.json.
        """
        self.config = QuantizationConfig(config)
        self._modules: dict[str, dict[str, list[StoredTensor]]] = {}
        few = self.config.present
        for skeleton, tensor in tensors:
            path, _, last = skeleton.rpartition(".")
            alike = self._modules.setdefault(path, {}).setdefault(last, [])
            if len(alike) < _MOST_SHAPES:
                alike.append(tensor)
            few = few or tensor.dtype.startswith(("F8", "I8", "U8", "U32"))
        self._is_quantised = few

    def weights(self, skeleton: str, tensor: StoredTensor) -> Packed | None:
        """What a tensor of few bits stands for; None where it is none or of a layout that is not known.

        Args:
            skeleton: its name without digits.
            tensor: itself.
        """
        path, _, last = skeleton.rpartition(".")
        if "absmax" in self._modules.get(skeleton, _NOTHING):
            # bitsandbytes (functional.py, QuantState.as_dict): two weights a byte, in elements of any dtype.
            return Packed(2 * tensor.nbytes, 4)
        beside = self._modules.get(path.removesuffix("._data") if last == "_data" else path, _NOTHING)
        if last == "compressed" and "bitmask" in beside:
            return sparse(tensor, beside)
        if tensor.dtype not in DTYPE_BITS:
            return None
        module = tensor.name.rpartition(".")[0]
        schemes = self.config.schemes(module)
        if layout := _LAYOUTS.get(last):
            return layout(tensor, beside, schemes)
        if last.endswith("_blocks") and f"{last[:-6]}scales" in beside:
            return mxfp4_blocks(tensor)
        if last == "B" and ("s" in beside or "s_group" in beside):
            return by_bits(tensor, [*schemes, Scheme(4, 0)])
        if last == "indices":
            sizes = self.config.sizes(module)
            return Packed(prod(sizes), 0, sizes) if sizes else None
        return self._with_scales(last.removesuffix("_packed"), tensor, beside, schemes)

    def _with_scales(
        self, name: str, tensor: StoredTensor, beside: Mapping[str, Sequence[StoredTensor]], schemes: Sequence[Scheme]
    ) -> Packed | None:
        if name == "weight" and tensor.dtype == "I16" and "tables" in beside:
            return higgs(tensor, beside)
        if name == "weight" and "scale_packed" in beside:
            # Marlin 2:4 (compressed-tensors up to 0.15): of each four weights two are stored.
            packed = by_bits(tensor, schemes)
            return packed and Packed(2 * packed.weights, packed.bits)
        scales = [t for ending in _SCALES for t in beside.get(name + ending, ())]
        if name == "weight":
            scales += [t for word in ("scale", "scales", "weight_scales") for t in beside.get(word, ())]
        if tensor.dtype in {"I8", "U8"}:
            if self.config.method == "bitnet" and tensor.dtype == "U8" and name == "weight":
                # transformers, integrations/bitnet.py: four weights a byte, [out/4, in].
                return Packed(4 * prod(tensor.shape), 2)
            if "SCB" in beside and name == "weight":
                return Packed(prod(tensor.shape), 8, tensor.shape)
            return in_bytes(tensor, scales, schemes)
        if not scales or tensor.dtype not in {"I32", "U32"}:
            return None
        found = in_groups(tensor, scales, schemes)
        if tensor.dtype == "I32" and tensor.name.endswith(".weight"):
            # AMD Quark's INT4 has the layout of AWQ.
            return gptq_or_awq(tensor, beside, schemes)
        return found or by_bits(tensor, schemes)

    def goes_with_weights(self, skeleton: str, tensor: StoredTensor) -> bool:
        """Whether a tensor is quantisation data: scales, zero points, absmax, group indices.

        Args:
            skeleton: its name without digits.
            tensor: itself.
        """
        path, _, last = skeleton.rpartition(".")
        if last in _CERTAIN or (last in _CERTAIN_IN_QUANTISED and self.config.present):
            return True
        if last in _OF_ACTIVATIONS and self._is_quantised and prod(tensor.shape) <= 1:
            return True
        beside = self._modules.get(path, _NOTHING)
        if last in _OF_FEW_BITS and _has_few_bits(beside):
            return True
        scale = "scale" in last or "zero" in last
        return self._is_beside(path, last) or (scale and _is_scale_of_few_bits(last, beside))

    def _is_beside(self, path: str, last: str) -> bool:
        beside = self._modules.get(path, _NOTHING)
        if "W_q" in beside and "zero" in beside and last not in {"W_q", "bias"}:
            return True
        if last in {"_scale", "_shift"}:
            return "_data" in beside or "_data" in self._modules.get(f"{path}._data", _NOTHING)
        if path.rpartition(".")[2] == "centroids":
            return "indices" in self._modules.get(path.rpartition(".")[0], _NOTHING)
        return any(last in _BESIDE[name] and _are_of_few_bits(beside[name]) for name in _BESIDE if name in beside)

    def plain_name(self, skeleton: str) -> str:
        """What packed weights, or what goes with them, would be called if they were not packed."""
        path, _, last = skeleton.rpartition(".")
        if last in _ENDINGS_OF_NAMES:
            return path.removesuffix("._data").removesuffix(".quant_state")
        for ending in (*_PACKED, *_SCALES_OF_INPUTS, *_SCALES, *_ZERO_POINTS):
            if last.endswith(ending) and last != ending:
                return f"{path}.{last.removesuffix(ending).lstrip('_')}".lstrip(".")
        return f"{path}.weight".lstrip(".")


def _is_scale_of_few_bits(last: str, beside: Mapping[str, Sequence[StoredTensor]]) -> bool:
    """Whether a name is that of another tensor of few bits and an ending that scales have."""
    for ending in (*_SCALES, *_SCALES_OF_INPUTS, *_ZERO_POINTS):
        if last.endswith(ending):
            name = last.removesuffix(ending)
            if any(_are_of_few_bits(beside.get(name + packed, ())) for packed in ("", *_PACKED)):
                return True
    return False


def _has_few_bits(beside: Mapping[str, Sequence[StoredTensor]]) -> bool:
    return any(_are_of_few_bits(beside[name]) for name in _OF_MODULES if name in beside)


def _are_of_few_bits(tensors: Sequence[StoredTensor]) -> bool:
    return any(tensor.dtype.startswith(_FEW_BITS) for tensor in tensors)

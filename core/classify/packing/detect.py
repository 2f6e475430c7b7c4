"""Packed weights: which tensors are such, how many weights each stands for, and which go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.checkpoint.quantization import QuantizationConfig
from core.checkpoint.tensors import StoredTensor
from core.classify.roles import PACKED_PARAMS, SCALES, WHOLE_NUMBERS

if TYPE_CHECKING:
    from core.classify.packing.layouts import Packed

_MOST_SHAPES = 32
"""Shapes kept of tensors whose names differ in digits only; a hostile file has thousands."""

_NOTHING: Mapping[str, list[StoredTensor]] = MappingProxyType({})

# By the last word of a packed weight's name without digits: what stands beside it in its module and is no bias. In
# HQQ all does.
_BESIDE: dict[str, tuple[str, ...]] = {
    "qweight": (
        *("scales", "zeros", "scaled_zeros", "perm", "pairs", "theta", "channel_scales", "tables"),
        *("wscales", "wzeros", "wtscale", "wcscales", "smooth_factor", "smooth_factor_orig", "proj_down", "proj_up"),
    ),
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
    *("scaled_fp", "comfy_quant"),
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
    *("pre_quant_scale", "scale_weight", "scale_input"),  # the last two are ComfyUI's
}
# Scales of activations, single values in a quantised checkpoint, not always beside its weights.
_OF_ACTIVATIONS = {"k_scale", "v_scale", "q_scale", "prob_output_scale", "input_scale", "output_scale"}
_ZERO_POINTS = ("_zero_point", "_scale_and_zero")
_SCALES_OF_INPUTS = ("_input_scale", "_activation_scale", "_input_global_scale")
_PACKED = ("_blocks", "_packed", "_qdata")
_OF_MODULES = ("weight", "qweight", "weight_packed", "compressed", "blocks")
# The last three are ggml's.
_FEW_BITS = ("F8", "F4", "F6", "I8", "U8", "I32", "U32", "I16", "TQ", "NVFP4", "Q")


class Packing:
    """The packed weights of a checkpoint, as far as it is known.

    Attributes:
        config: its quantisation, as the config.json says.
    """

    def __init__(self, tensors: Sequence[tuple[str, StoredTensor]], config: QuantizationConfig) -> None:
        """
        Args:
            tensors: names without digits, each with one of the tensors called so; for each shape and dtype one.
            config: how the checkpoint's config says that it is quantised.
        """
        self.config = config
        self._modules: dict[str, dict[str, list[StoredTensor]]] = {}
        few = self.config.present
        for template, tensor in tensors:
            path, _, last = template.rpartition(".")
            alike = self._modules.setdefault(path, {}).setdefault(last, [])
            if len(alike) < _MOST_SHAPES:
                alike.append(tensor)
            few = few or tensor.dtype.startswith(("F8", "I8", "U8", "U32"))
        self._is_quantised = few

    def weights(self, template: str, tensor: StoredTensor) -> Packed | None:
        """What a tensor of few bits stands for; None where it is none or of a layout that is not known.

        Args:
            template: its name without digits.
            tensor: itself.
        """
        path, _, last = template.rpartition(".")
        beside = self._modules.get(path.removesuffix("._data") if last == "_data" else path, _NOTHING)
        has_absmax = "absmax" in self._modules.get(template, _NOTHING)
        if not has_absmax and tensor.dtype not in WHOLE_NUMBERS and (last != "compressed" or "bitmask" not in beside):
            return None
        # Most checkpoints need none of it.
        from core.classify.packing.dispatch import unpacked
        from core.classify.packing.layouts import Packed

        if has_absmax:
            # bitsandbytes (functional.py, QuantState.as_dict): two weights a byte, in elements of any dtype.
            return Packed(2 * tensor.nbytes, 4)
        return unpacked(last, tensor, _nearest(tensor, beside), self.config)

    def goes_with_weights(self, template: str, tensor: StoredTensor) -> bool:
        """Whether a tensor is quantisation data: scales, zero points, absmax, group indices.

        Args:
            template: its name without digits.
            tensor: itself.
        """
        path, _, last = template.rpartition(".")
        if last in _CERTAIN or (last in _CERTAIN_IN_QUANTISED and self.config.present):
            return True
        if last in _OF_ACTIVATIONS and self._is_quantised and prod(tensor.shape) <= 1:
            return True
        if last in {"scale", "zero_point"} and f"{path}.{PACKED_PARAMS}" in self._modules:
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

    def plain_name(self, template: str) -> str:
        """What packed weights, or what goes with them, would be called if they were not packed."""
        path, _, last = template.rpartition(".")
        if last in _ENDINGS_OF_NAMES:
            return path.removesuffix("._data").removesuffix(".quant_state")
        for ending in (*_PACKED, *_SCALES_OF_INPUTS, *SCALES, *_ZERO_POINTS):
            if last.endswith(ending) and last != ending:
                return f"{path}.{last.removesuffix(ending).lstrip('_')}".lstrip(".")
        return f"{path}.weight".lstrip(".")


def _nearest(
    tensor: StoredTensor, beside: Mapping[str, Sequence[StoredTensor]]
) -> Mapping[str, Sequence[StoredTensor]]:
    """What stands beside a tensor in its very own module, where that is known: other modules may have other widths."""
    if all(len(alike) < 2 for alike in beside.values()):
        return beside
    module = tensor.name.rpartition(".")[0]
    return {
        word: [one for one in alike if one.name.rpartition(".")[0] == module] or alike for word, alike in beside.items()
    }


def _is_scale_of_few_bits(last: str, beside: Mapping[str, Sequence[StoredTensor]]) -> bool:
    """Whether a name is that of another tensor of few bits and an ending that scales have."""
    for ending in (*SCALES, *_SCALES_OF_INPUTS, *_ZERO_POINTS):
        if last.endswith(ending):
            name = last.removesuffix(ending)
            if any(_are_of_few_bits(beside.get(name + packed, ())) for packed in ("", *_PACKED)):
                return True
    return False


def _has_few_bits(beside: Mapping[str, Sequence[StoredTensor]]) -> bool:
    return any(_are_of_few_bits(beside[name]) for name in _OF_MODULES if name in beside)


def _are_of_few_bits(tensors: Sequence[StoredTensor]) -> bool:
    return any(tensor.dtype.startswith(_FEW_BITS) for tensor in tensors)

"""Which layout a packed weight has, by its name, its dtype and what lies in the same module."""

from __future__ import annotations

from math import prod

from core.checkpoint.quantization import QuantizationConfig, Scheme
from core.checkpoint.tensors import StoredTensor
from core.classify.packing.gptq import gptq_or_awq
from core.classify.packing.layouts import (
    Layout,
    Packed,
    SameModule,
    aqlm,
    by_bits,
    exl2,
    exl3,
    higgs,
    hqq,
    in_bytes,
    in_groups,
    mxfp4_blocks,
    quanto,
    sparse,
    torchao,
)
from core.naming.quantisation import PACKED_PARAMS, WEIGHT_SCALE_ENDINGS

# The layouts that the last word of a template tells.
_LAYOUTS: dict[str, Layout] = {
    "qweight": gptq_or_awq,
    "compressed": sparse,
    "W_q": hqq,
    "_data": quanto,
    "_weight_qdata": torchao,
    "codes": aqlm,
    "q_weight": exl2,
    "trellis": exl3,
}


def unpacked(last: str, tensor: StoredTensor, same_module: SameModule, config: QuantizationConfig) -> Packed | None:
    """What a tensor of whole numbers stands for; None where it is not packed, or in an unknown layout.

    Args:
        last: the last word of its name without digits.
        tensor: itself.
        same_module: the tensors of the same module.
        config: the checkpoint's quantisation.
    """
    module = tensor.name.rpartition(".")[0]
    schemes = config.schemes(module)
    if module.endswith(PACKED_PARAMS):
        return Packed(prod(tensor.shape), 8, tensor.shape)
    if layout := _LAYOUTS.get(last):
        return layout(tensor, same_module, schemes)
    if last.endswith("blocks") and f"{last.removesuffix('blocks')}scales" in same_module:
        return mxfp4_blocks(tensor)
    if last == "B" and ("s" in same_module or "s_group" in same_module):
        # AutoGPTQ's Marlin and QQQ, which have 4 bits always.
        return by_bits(tensor, [*schemes, (4, 0)])
    if last == "indices":
        sizes = config.sizes(module)
        return Packed(prod(sizes), 0, sizes) if sizes else None
    if last in {"weight", "weight_packed"} and (packed := _weight(tensor, same_module, config)):
        return packed
    return _with_scales(last.removesuffix("_packed"), tensor, same_module, schemes)


def _weight(tensor: StoredTensor, same_module: SameModule, config: QuantizationConfig) -> Packed | None:
    """What a tensor named `weight` stands for in a layout that its scales do not tell."""
    if tensor.dtype == "I16" and "tables" in same_module:
        return higgs(tensor, same_module)
    if "scale_packed" in same_module:
        # Marlin 2:4 (compressed-tensors up to 0.15): of each four weights two are stored.
        packed = by_bits(tensor, config.schemes(tensor.name.rpartition(".")[0]))
        return packed and Packed(2 * packed.weights, packed.bits)
    if config.method == "bitnet" and tensor.dtype == "U8":
        # transformers, integrations/bitnet.py: four weights a byte, [out/4, in].
        return Packed(4 * prod(tensor.shape), 2)
    if "SCB" in same_module and tensor.dtype == "I8":
        # bitsandbytes (nn/modules.py, Linear8bitLt): a scale a row.
        return Packed(prod(tensor.shape), 8, tensor.shape)
    return None


def _with_scales(name: str, tensor: StoredTensor, same_module: SameModule, schemes: list[Scheme]) -> Packed | None:
    scales = [t for ending in WEIGHT_SCALE_ENDINGS for t in same_module.get(name + ending, ())]
    if name == "weight":
        scales += [t for word in ("scale", "scales", "weight_scales") for t in same_module.get(word, ())]
    if tensor.dtype in {"I8", "U8"}:
        return in_bytes(tensor, scales, schemes)
    if not scales or tensor.dtype not in {"I32", "U32"}:
        return None
    if tensor.dtype == "I32" and tensor.name.endswith(".weight"):
        # AMD Quark's INT4 has the layout of AWQ.
        return gptq_or_awq(tensor, same_module, schemes)
    return in_groups(tensor, scales, schemes) or by_bits(tensor, schemes)

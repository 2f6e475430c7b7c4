"""Which layout a packed weight has, by its name, its dtype and what stands beside it."""

from __future__ import annotations

from math import prod

from core.checkpoint.quantization import QuantizationConfig, Scheme
from core.checkpoint.tensors import StoredTensor
from core.classify.packing.layouts import (
    Beside,
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
from core.classify.roles import PACKED_PARAMS, SCALES

# By the last word of a name without digits.
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


def unpacked(last: str, tensor: StoredTensor, beside: Beside, config: QuantizationConfig) -> Packed | None:
    """What a tensor of whole numbers stands for; None where it is no packed weight or of a layout that is not known.

    Args:
        last: the last word of its name without digits.
        tensor: itself.
        beside: what stands in the same module.
        config: the checkpoint's quantisation.
    """
    module = tensor.name.rpartition(".")[0]
    schemes = config.schemes(module)
    if module.endswith(PACKED_PARAMS):
        return Packed(prod(tensor.shape), 8, tensor.shape)
    if layout := _LAYOUTS.get(last):
        return layout(tensor, beside, schemes)
    if last.endswith("blocks") and f"{last.removesuffix('blocks')}scales" in beside:
        return mxfp4_blocks(tensor)
    if last == "B" and ("s" in beside or "s_group" in beside):
        # AutoGPTQ's Marlin and QQQ, which have 4 bits always.
        return by_bits(tensor, [*schemes, Scheme(4, 0)])
    if last == "indices":
        sizes = config.sizes(module)
        return Packed(prod(sizes), 0, sizes) if sizes else None
    if last in {"weight", "weight_packed"} and (packed := _weight(tensor, beside, config)):
        return packed
    return _with_scales(last.removesuffix("_packed"), tensor, beside, schemes)


def _weight(tensor: StoredTensor, beside: Beside, config: QuantizationConfig) -> Packed | None:
    """A tensor called so, of a library that others' scales do not tell from it."""
    if tensor.dtype == "I16" and "tables" in beside:
        return higgs(tensor, beside)
    if "scale_packed" in beside:
        # Marlin 2:4 (compressed-tensors up to 0.15): of each four weights two are stored.
        packed = by_bits(tensor, config.schemes(tensor.name.rpartition(".")[0]))
        return packed and Packed(2 * packed.weights, packed.bits)
    if config.method == "bitnet" and tensor.dtype == "U8":
        # transformers, integrations/bitnet.py: four weights a byte, [out/4, in].
        return Packed(4 * prod(tensor.shape), 2)
    if "SCB" in beside and tensor.dtype == "I8":
        # bitsandbytes (nn/modules.py, Linear8bitLt): a scale a row.
        return Packed(prod(tensor.shape), 8, tensor.shape)
    return None


def _with_scales(name: str, tensor: StoredTensor, beside: Beside, schemes: list[Scheme]) -> Packed | None:
    scales = [t for ending in SCALES for t in beside.get(name + ending, ())]
    if name == "weight":
        scales += [t for word in ("scale", "scales", "weight_scales") for t in beside.get(word, ())]
    if tensor.dtype in {"I8", "U8"}:
        return in_bytes(tensor, scales, schemes)
    if not scales or tensor.dtype not in {"I32", "U32"}:
        return None
    if tensor.dtype == "I32" and tensor.name.endswith(".weight"):
        # AMD Quark's INT4 has the layout of AWQ.
        return gptq_or_awq(tensor, beside, schemes)
    return in_groups(tensor, scales, schemes) or by_bits(tensor, schemes)

"""GPTQ, AWQ and what has their layout: matrices of whole numbers that hold several weights each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import ceil, prod

from core.checkpoint.quantization import Scheme
from core.checkpoint.record import Record
from core.checkpoint.tensors import StoredTensor
from core.classify.packing.layouts import USUAL_BITS, Packed, SameModule, by_bits, in_bytes
from core.classify.roles import WHOLE_NUMBERS


class _Fit(Record):
    """A way to read a packed matrix that the shapes beside it allow: rows, columns, bits of a weight, groups."""

    __slots__ = ("bits", "columns", "groups", "rows")

    def __init__(self, rows: int, columns: int, bits: int, groups: int) -> None:
        self.rows = rows
        self.columns = columns
        self.bits = bits
        self.groups = groups


class _Words:
    """A matrix of whole numbers that hold several weights each.

    Attributes:
        rows: of the stored matrix.
        columns: likewise.
        bits: of each whole number.
        zero_shapes: the last two dimensions of the zero points that may belong to it.
        input_sizes: in features as the group indices tell them, the smallest first.
    """

    __slots__ = ("bits", "columns", "input_sizes", "rows", "zero_shapes")

    def __init__(self, rows: int, columns: int, bits: int, same_module: SameModule) -> None:
        self.rows = rows
        self.columns = columns
        self.bits = bits
        zeros = (*same_module.get("qzeros", ()), *same_module.get("weight_zero_point", ()))
        self.zero_shapes = {tensor.shape[-2:] for tensor in zeros}
        self.input_sizes = sorted({tensor.shape[-1] for tensor in same_module.get("g_idx", ()) if tensor.shape})


def gptq_or_awq(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """A `qweight` (or AMD Quark's `weight`) of whole numbers, several weights in each.

    With in and out features, G groups and b bits, in words of 32 bits:

    - GPTQ (gptqmodel/nn_modules/qlinear/__init__.py): qweight [in·b/32, out], scales [G, out], qzeros [G, out·b/32],
      g_idx [in];
    - AWQ, GEMM (awq/modules/linear/gemm.py): qweight [in, out·b/32], scales [G, out], qzeros [G, out·b/32];
    - AWQ, GEMV (gemv.py): qweight [out, in·b/32], scales and qzeros of out rows;
    - AWQ, GEMV fast (gemv_fast.py): words of 16 bits, [out/4, in]; Marlin (marlin.py): [in/16, 2·out];
    - FP-Quant (transformers, integrations/fp_quant.py): bytes, with a scale for 16 or 32 weights.
    """
    if "wscales" in same_module:
        return svdquant(tensor, same_module)
    if tensor.dtype == "U8" and "qzeros" not in same_module:
        return in_bytes(tensor, same_module.get("scales", ()), schemes)
    *lead, rows, columns = (1, 1, *tensor.shape)[-max(2, len(tensor.shape)) :]
    words = _Words(rows, columns, WHOLE_NUMBERS[tensor.dtype], same_module)
    fits: list[_Fit] = []
    for scale in (*same_module.get("scales", ()), *same_module.get("weight_scale", ())):
        if len(scale.shape) >= 2:
            groups, width = scale.shape[-2:]
            fits += _gptq_fits(words, groups, width, schemes)
            fits += _awq_fits(words, groups, width)
    if fit := _likeliest(fits, schemes):
        return Packed(prod(lead) * fit.rows * fit.columns, fit.bits, (fit.rows, fit.columns))
    return by_bits(tensor, schemes)


def _gptq_fits(words: _Words, groups: int, width: int, schemes: Sequence[Scheme]) -> Iterator[_Fit]:
    """The ways to read words that hold weights one below the other, given the shape of their scales."""
    if width != words.columns or groups >= words.rows:
        return
    bits_by_zeros = [b for b in USUAL_BITS if (groups, ceil(width * b / words.bits)) in words.zero_shapes]
    for bits in bits_by_zeros or USUAL_BITS:
        most = words.rows * words.bits // bits
        if words.input_sizes:
            # in · b/32 may have been rounded up.
            at = bisect_right(words.input_sizes, (words.rows - 1) * words.bits // bits)
            inputs = words.input_sizes[at] if at < len(words.input_sizes) else most + 1
        else:
            is_certain = bits_by_zeros or any(bits == stored for stored, _ in schemes)
            inputs = most if is_certain else 0
        if groups <= inputs <= most:
            yield _Fit(width, inputs, bits, groups)


def _awq_fits(words: _Words, groups: int, width: int) -> Iterator[_Fit]:
    """The ways to read words that hold weights side by side, given the shape of their scales."""
    if not words.input_sizes and (not words.zero_shapes or (groups, words.columns) in words.zero_shapes):
        yield from (
            _Fit(width, words.rows, b, groups) for b in USUAL_BITS if ceil(width * b / words.bits) == words.columns
        )
    if words.rows == groups and words.bits == 32:
        yield _Fit(words.rows, words.columns * 8, 4, 0)


def svdquant(tensor: StoredTensor, same_module: SameModule) -> Packed | None:
    """Nunchaku's `qweight` of 4-bit weights, with a scale for 64 of them or for 16 (nunchaku/models/linear.py).

    What a matrix of small rank, `proj_up` times `proj_down`, holds of the weights is no more of them.
    """
    weights = 2 * tensor.nbytes
    fits = any(prod(scale.shape) * size == weights for scale in same_module["wscales"] for size in (64, 16))
    return Packed(weights, 4) if fits else None


def _likeliest(fits: list[_Fit], schemes: Sequence[Scheme]) -> _Fit | None:
    """Of several ways to read a tensor the one that the config says, else one with groups of a usual size."""
    fits.sort(key=lambda fit: USUAL_BITS.index(fit.bits))
    if len(set(fits)) > 1:
        for bits, group_size in schemes:
            for fit in fits:
                if fit.bits == bits and (
                    not group_size or not fit.groups or ceil(fit.columns / group_size) == fit.groups
                ):
                    return fit
        for fit in fits:
            if fit.groups and fit.columns % fit.groups == 0 and fit.columns // fit.groups in {32, 64, 128, fit.columns}:
                return fit
    return fits[0] if fits else None

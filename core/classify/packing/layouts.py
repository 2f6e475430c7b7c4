"""How each library lays out weights of few bits, and how many weights such a tensor stands for.

Each function is given the other tensors of a packed one's module, by the last words of their templates. A word may have
several, since modules whose names differ in digits only may have other shapes; each function picks those that fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, prod

from core.checkpoint.quantization import Scheme
from core.checkpoint.record import Record
from core.checkpoint.tensors import StoredTensor
from core.classify.roles import WHOLE_NUMBERS

USUAL_BITS = (4, 8, 3, 2, 5, 6, 1, 7)
"""The numbers of bits that a weight may have, the usual ones first."""

SameModule = Mapping[str, Sequence[StoredTensor]]
"""The tensors of the same module, by the last word of their names without digits."""


class Packed(Record):
    """What a packed tensor stands for.

    Attributes:
        weights: how many weights.
        bits: how many bits each takes; 0 where they have no whole number of them.
        shape: that of the weights; () where only their number is certain.
        assumed: whether the shapes allow other bits too and the config does not say which.
    """

    __slots__ = ("assumed", "bits", "shape", "weights")

    def __init__(self, weights: int, bits: int, shape: tuple[int, ...] = (), assumed: bool = False) -> None:
        self.weights = weights
        self.bits = bits
        self.shape = shape
        self.assumed = assumed


def by_bits(tensor: StoredTensor, schemes: Sequence[Scheme]) -> Packed | None:
    """As many weights as there is room for at the bits of the config."""
    for bits, _ in schemes:
        if bits <= 8:
            return Packed(tensor.nbytes * 8 // bits, bits)
    return None


def in_groups(tensor: StoredTensor, scales: Sequence[StoredTensor], schemes: Sequence[Scheme]) -> Packed | None:
    """Rows of weights in words, with a scale for every group of weights in a row.

    MLX (mlx/python/mlx/nn/layers/quantized.py): weight U32 [out, in·b/32], scales [out, in/g]; affine with `biases`
    in the module, mxfp4 (b = 4, g = 32), mxfp8 (8, 32) and nvfp4 (4, 16) with scales of U8 alone. compressed-tensors
    (compressors/pack_quantized/base.py): weight_packed I32 [out, ⌈in·b/32⌉], weight_scale [out, in/g], where one scale
    a row is possible too.

    The shapes give b·g; the config says which of the two that allow it are meant. Without it, it is g = 64 in MLX, its
    default, and b = 4 in compressed-tensors, which has groups of any size.
    """
    word, lead, columns = WHOLE_NUMBERS[tensor.dtype], tensor.shape[:-1], tensor.shape[-1] if tensor.shape else 1
    fitting = [scale for scale in scales if scale.shape and scale.shape[:-1] == lead]
    certain = list(schemes)
    if any(scale.dtype == "U8" for scale in fitting):
        certain += [(4, 32), (4, 16), (8, 32)]
    usual = [(bits, size) for size in (64, 32, 128, 16) for bits in (4, 8, 3, 6, 2, 5)]
    if tensor.dtype == "I32":
        usual.sort(key=lambda scheme: USUAL_BITS.index(scheme[0]))
    for n, (bits, size) in enumerate([*certain, *usual]):
        for scale in fitting:
            width = scale.shape[-1] * size
            if width and ceil(width * bits / word) == columns:
                return Packed(prod(lead) * width, bits, (prod(lead), width), n >= len(certain))
    return None


def in_bytes(tensor: StoredTensor, scales: Sequence[StoredTensor], schemes: Sequence[Scheme]) -> Packed | None:
    """Bytes of one 8-bit weight or two 4-bit ones each, by the scales in their module.

    A scale of OCP Microscaling (exponents: U8 or F8_E8M0) is for 32 weights, one of NVFP4 (F8_E4M3) for 16: ModelOpt
    (`weight`, modelopt/torch/quantization/qtensor/nvfp4_tensor.py), compressed-tensors (`weight_packed`,
    compressors/nvfp4, mxfp4; mxfp6 has four weights in three bytes), Quark, FP-Quant (`qweight`). ModelOpt's INT4 has
    half as many rows as its scales (int4_tensor.py).
    """
    stored = prod(tensor.shape)
    for per_three_bytes, bits in ((6, 4), (4, 6), (3, 8)):
        for scale in scales:
            block = {"U8": 32, "F8_E8M0": 32, "F8_E4M3": 16}.get(scale.dtype, 0)
            weights = prod(scale.shape) * block
            if weights and weights * 3 == stored * per_three_bytes:
                return Packed(weights, bits, (*scale.shape[:-1], scale.shape[-1] * block))
    wide = [scale.shape for scale in scales if len(scale.shape) >= 2 and scale.dtype in {"F32", "F16", "BF16"}]
    rows = tensor.shape[:-1]
    for shape in wide:
        for bits, size in schemes:
            if shape[:-1] == rows and bits < 8 and shape[-1] * size * bits == 8 * tensor.shape[-1]:
                return Packed(stored * 8 // bits, bits)
    for shape in wide:
        if rows and tensor.dtype == "U8" and shape[:-1] == (*rows[:-1], 2 * rows[-1]):
            return Packed(stored * 2, 4, (*shape[:-1], tensor.shape[-1]))
    assumed = tensor.dtype == "U8" and not any(bits == 8 for bits, _ in schemes)
    return Packed(stored, 8, tensor.shape, assumed) if scales else None


def mxfp4_blocks(tensor: StoredTensor) -> Packed | None:
    """`…blocks` U8 [experts, rows, groups, 16]: 32 weights of 4 bits (openai/gpt-oss, gpt_oss/torch/weights.py)."""
    *lead, groups, _ = (1, 1, *tensor.shape)[-max(2, len(tensor.shape)) :]
    return Packed(2 * prod(tensor.shape), 4, (*lead, groups * 2 * tensor.shape[-1] if tensor.shape else 1))


def sparse(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`compressed`: what is not zero of a pruned matrix, and a `bitmask` of all of it, a bit a weight.

    compressed-tensors up to 0.15, compressors/sparse_compressors: 2:4 keeps half of each row; otherwise it is flat.
    """
    for mask in same_module.get("bitmask", ()):
        weights = 8 * prod(mask.shape)
        if len(tensor.shape) == 1 or 2 * prod(tensor.shape) == weights:
            return Packed(weights, 0, (*mask.shape[:-1], 8 * mask.shape[-1]) if mask.shape else ())
    return Packed(2 * prod(tensor.shape), 0) if len(tensor.shape) == 2 and same_module.get("bitmask") else None


def hqq(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`W_q` with a `scale` for each group: bytes of 8/b weights, or for 3 bits words of ten (hqq/core/bitpack.py).

    With groups along rows (`axis` 1) it is [⌈groups·b/8⌉, g], whose shape says all; else [g·b/8, groups].
    """
    scales = same_module.get("scale", ())
    if packed := in_rows_of_groups(tensor, scales, schemes):
        return packed
    for bits, size in schemes:
        room = prod(tensor.shape) * (10 if bits == 3 and tensor.dtype == "I32" else WHOLE_NUMBERS[tensor.dtype] // bits)
        if any(prod(scale.shape) * size == room for scale in scales) or (room and not size):
            return Packed(room, bits)
    return None


def in_rows_of_groups(tensor: StoredTensor, scales: Sequence[StoredTensor], schemes: Sequence[Scheme]) -> Packed | None:
    """A group of weights a row, several rows packed into one: the scales are [groups, 1]."""
    if len(tensor.shape) != 2:
        return None
    rows, size = tensor.shape
    groups = [scale.shape[0] for scale in scales if len(scale.shape) == 2 and scale.shape[1] == 1 and scale.shape[0]]
    for bits in (3,) if tensor.dtype == "I32" else (*(stored for stored, _ in schemes), 4, 8, 2, 1):
        for number in groups:
            if rows == ceil(number / 10) if bits == 3 else 8 * rows == number * bits:
                return Packed(number * size, bits)
    return None


def quanto(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`weight._data` of 8 bits, `weight._data._data` of 8/b weights a byte (optimum/quanto/tensor/packed.py)."""
    if not tensor.name.endswith("._data._data"):
        return Packed(prod(tensor.shape), 8, tensor.shape)
    scales = same_module.get("_scale", ())
    return in_rows_of_groups(tensor, scales, schemes) or by_bits(tensor, schemes)


def torchao(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`_weight_qdata`, as torchao/prototype/safetensors names it: 4-bit weights in words or in bytes, or 8-bit ones.

    Int4Tensor (torchao/quantization/quantize_/workflows/int4) has scales [in/g, out], the 8-bit ones [out, in/g].
    """
    stored = prod(tensor.shape)
    if tensor.dtype in {"I32", "U32"}:
        return Packed(8 * stored, 4)
    for scale in same_module.get("_weight_scale", ()):
        if len(scale.shape) == 2 and len(tensor.shape) == 2:
            out, columns = tensor.shape
            if scale.shape[0] == out:
                return Packed(stored, 8, tensor.shape)
            if scale.shape[1] == out:
                return Packed(2 * stored, 4, (out, 2 * columns))
    return None


def aqlm(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`codes` [out/o, in/i, books], `codebooks` [books, entries, o, i] (Vahe1994/AQLM, inference_lib/src/aqlm)."""
    if len(tensor.shape) != 3:
        return None
    for books in same_module.get("codebooks", ()):
        if len(books.shape) == 4 and books.shape[0] == tensor.shape[2]:
            out, columns = tensor.shape[0] * books.shape[2], tensor.shape[1] * books.shape[3]
            return Packed(out * columns, 0, (out, columns))
    return None


def higgs(tensor: StoredTensor, same_module: SameModule) -> Packed | None:
    """`weight` I16 [out·b/16, in], `tables` [2^b], `scales` of out rows (transformers, integrations/higgs.py)."""
    for table in same_module.get("tables", ()):
        bits = max(table.shape, default=1).bit_length() - 1
        if len(table.shape) == 1 and bits:
            return Packed(prod(tensor.shape) * 16 // bits, bits)
    return None


def exl2(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`q_weight` [·, out] of mixed bits, `q_perm` or `q_invperm` [in] (turboderp/exllamav2, exllamav2/linear.py)."""
    rows, columns = (1, 1, *tensor.shape)[-2:]
    inputs = {t.shape[-1] for name in ("q_perm", "q_invperm") for t in same_module.get(name, ()) if t.shape}
    # Of several that leave 2 to 8 bits for a weight, nothing tells the right one.
    possible = [n for n in inputs if 2 * n <= 32 * rows <= 8 * n]
    return Packed(columns * possible[0], 0, (columns, possible[0])) if len(possible) == 1 else None


def exl3(tensor: StoredTensor, same_module: SameModule, schemes: Sequence[Scheme]) -> Packed | None:
    """`trellis` I16 [in/16, out/16, 16·b] (turboderp/exllamav3, exllamav3/modules/quant/exl3.py)."""
    if len(tensor.shape) != 3:
        return None
    rows, columns, words = tensor.shape
    return Packed(256 * rows * columns, words // 16, (16 * columns, 16 * rows))


Layout = Callable[[StoredTensor, SameModule, Sequence[Scheme]], "Packed | None"]

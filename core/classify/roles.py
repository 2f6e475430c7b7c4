"""Which stored tensors are parameters, and which are something else."""

from __future__ import annotations

from collections.abc import Container
from math import prod

from core.checkpoint.dtypes import DTYPES
from core.checkpoint.tensors import StoredTensor
from core.naming.buffers import (
    BUFFER_MODULES,
    BUFFERS,
    BUFFERS_BY_MODULE,
    BUFFERS_BY_SAME_MODULE,
    MASKS,
    MODULES_WITH_MASKS,
    POWER_VECTORS,
    SCORE_CORRECTIONS,
    WIGNER,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Role: TypeAlias = "Literal['parameter', 'buffer', 'tied', 'quantization', 'beside_model']"
"""What a tensor is to the model; `beside_model` is that of an averaged copy and of an optimizer's state."""

# No gradient reaches whole numbers, and weights are seldom packed into these dtypes.
_NEVER_TRAINED = {"BOOL", "I64", "U64", "I16", "U16"}
_CODES = {"I16", "U16"}
"""Dtypes of matrices that are packed weights all the same: the codes of QuIP#, VPTQ and others."""
WHOLE_NUMBERS = {dtype.name: dtype.bits for dtype in DTYPES if dtype.kind == "integer" and dtype.bits >= 8}
"""Dtypes that packed weights are stored as, with their bits."""
_MIN_PACKED_ELEMENTS = 65_536


def role_of(template: str, tensor: StoredTensor, packed: bool, in_quantised: bool, names: Container[str] = ()) -> Role:
    """The role of a tensor that is no quantisation data and repeats no other: parameter or buffer.

    Args:
        template: its name without digits.
        tensor: itself; its shape tells a causal mask from a bias.
        packed: whether it holds packed weights for certain.
        in_quantised: whether the config says that the checkpoint is quantised; large tensors of whole numbers may
            then be weights in an unknown layout.
        names: all templates of the checkpoint.
    """
    if packed:
        return "parameter"
    path, _, last = template.rpartition(".")
    module = path.rpartition(".")[2]
    if (
        _is_buffer_by_name(path, module, last)
        or _is_buffer_by_same_module(template, last, names)
        or _is_buffer_by_shape(module, last, tensor.shape)
        or _is_score_correction(template, module, last, names)
        or _is_mask(module, last, tensor.shape)
        or _is_never_trained(tensor, in_quantised)
    ):
        return "buffer"
    return "parameter"


def _is_buffer_by_name(path: str, module: str, last: str) -> bool:
    """Whether a tensor's last word, alone or with its module's, is a buffer's."""
    if last in BUFFERS or module in BUFFER_MODULES or last.startswith(WIGNER):
        return True
    if last.strip("_") in BUFFERS_BY_MODULE.get(module.strip("_"), ()):
        return True
    return last in POWER_VECTORS and ".parametrizations." in f".{path}"


def _is_buffer_by_same_module(template: str, last: str, names: Container[str]) -> bool:
    """Whether a tensor is a buffer because of another one in its module."""
    prefix = template.removesuffix(last)
    if last.endswith("_mask") and prefix + last.removesuffix("mask") + "orig" in names:  # torch.nn.utils.prune
        return True
    return any(prefix + other in names for other in BUFFERS_BY_SAME_MODULE.get(last, ()))


def _is_buffer_by_shape(module: str, last: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor is a buffer by its shape and its module, where parameters of other models have its name."""
    # PyTorch's tutorial, and what was written after it, keeps sinusoids under this name; other models train theirs.
    if last == "pe":
        return "pos" in module and "learn" not in module
    # fairseq marks the module of its sinusoids by it.
    if last == "version":
        return prod(shape) == 1
    # In NeMo and torchaudio it is a filter bank, a matrix; elsewhere the bias of a forget gate, a vector.
    if last == "fb":
        return len(shape) > 1
    # In YOLO and RT-DETR anchors are widths and heights, or boxes.
    if last == "anchors":
        return len(shape) > 1 and shape[-1] in {2, 4}
    # Llama keeps rotary frequencies so in Meta's files; timm's RotaryEmbeddingMixed trains them, by layer and head.
    return last == "freqs" and module == "rope" and len(shape) == 1


def _is_score_correction(template: str, module: str, last: str, names: Container[str]) -> bool:
    """Whether a bias of a router's gate is a correction of scores that no gradient sets."""
    if module != "gate" or last != "bias":
        return False
    return any(
        template.endswith(ending) and template.removesuffix(ending) + experts in names
        for ending, experts in SCORE_CORRECTIONS.items()
    )


def _is_mask(module: str, last: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor is a causal mask, stored as 1 × 1 × context × context; a trained bias has one dimension."""
    if last not in MASKS or module not in MODULES_WITH_MASKS or len(shape) < 2:
        return False
    *lead, rows, columns = shape
    return rows == columns and all(length == 1 for length in lead)


def _is_never_trained(tensor: StoredTensor, in_quantised: bool) -> bool:
    """Whether a tensor has a dtype that no parameter has, unless it may be packed weights."""
    if tensor.dtype not in _NEVER_TRAINED:
        return False
    are_codes = tensor.dtype in _CODES and len(tensor.shape) > 1
    is_large = in_quantised and tensor.dtype != "BOOL" and prod(tensor.shape) >= _MIN_PACKED_ELEMENTS
    return not (are_codes or is_large)

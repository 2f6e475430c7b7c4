"""Which stored tensors are parameters, and which are something else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import prod

from core.checkpoint.config import ModelConfig
from core.checkpoint.dtypes import DTYPES
from core.checkpoint.tensors import StoredTensor
from core.naming.buffers import (
    BUFFER_MODULES,
    BUFFERS,
    BUFFERS_BY_MODULE,
    BUFFERS_BY_SAME_MODULE,
    CONSTANTS_OF_SYMMETRIES,
    COUNTERS,
    MASKS,
    MODULES_WITH_MASKS,
    PARAMETERS_BY_MODEL,
    POWER_VECTORS,
    PROJECTIONS_BESIDE_FIXED_BETAS,
    SCORE_CORRECTIONS,
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


class RoleContext:
    """What the rest of a checkpoint tells of a tensor's role.

    Attributes:
        shapes: all templates, each with a shape that one of its tensors has.
        in_quantised: whether the config says that the checkpoint is quantised; large tensors of whole numbers may
            then be weights in an unknown layout.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], config: ModelConfig, in_quantised: bool) -> None:
        """
        Args:
            shapes: as the attribute.
            config: what its config says.
            in_quantised: as the attribute.
        """
        self.shapes = shapes
        self.in_quantised = in_quantised
        self._trained = {PARAMETERS_BY_MODEL.get(kind) for kind in (config.model_type, config.language_model_type)}

    def is_trained(self, last: str) -> bool:
        """Whether a word of buffers is one of parameters in this kind of model."""
        return last in self._trained

    @cached_property
    def counts_batches(self) -> bool:
        """Whether batch norms count what they have seen, as those do that PyTorch trains."""
        return any(template.endswith("num_batches_tracked") for template in self.shapes)

    @cached_property
    def fixes_betas(self) -> bool:
        """Whether a `beta` beside a `gamma` is a shift that stays zero."""
        return any(word.startswith(PROJECTIONS_BESIDE_FIXED_BETAS) for name in self.shapes for word in name.split("."))


def role_of(template: str, tensor: StoredTensor, packed: bool, around: RoleContext) -> Role:
    """The role of a tensor that is no quantisation data and repeats no other: parameter or buffer.

    Args:
        template: its name without digits.
        tensor: itself; its shape tells a causal mask from a bias.
        packed: whether it holds packed weights for certain.
        around: the rest of the checkpoint.
    """
    if packed:
        return "parameter"
    path, _, last = template.rpartition(".")
    module = path.rpartition(".")[2]
    if around.is_trained(last):
        return "parameter"
    if (
        _is_buffer_by_name(path, module, last)
        or _is_buffer_by_same_module(template, last, tensor.shape, around)
        or _is_buffer_by_shape(module, last, tensor.shape)
        or _is_of_frozen_norm(path, last, around)
        or _is_sinusoid(template, path, last, tensor.shape, around)
        or _is_score_correction(template, module, last, around)
        or _is_mask(module, last, tensor.shape)
        or _is_never_trained(tensor, around.in_quantised)
    ):
        return "buffer"
    return "parameter"


def _is_buffer_by_name(path: str, module: str, last: str) -> bool:
    """Whether a tensor's last word, alone or with its module's, is a buffer's."""
    word = last.strip("_")
    if word in BUFFERS or module in BUFFER_MODULES or last.startswith(CONSTANTS_OF_SYMMETRIES):
        return True
    if word in BUFFERS_BY_MODULE.get(module.strip("_"), ()):
        return True
    if last.startswith("relative_position_index"):
        return True
    return last in POWER_VECTORS and ".parametrizations." in f".{path}"


def _is_buffer_by_same_module(template: str, last: str, shape: tuple[int, ...], around: RoleContext) -> bool:
    """Whether a tensor is a buffer because of another one in its module."""
    prefix, names = template.removesuffix(last), around.shapes
    if last.endswith("_mask") and prefix + last.removesuffix("mask") + "orig" in names:  # torch.nn.utils.prune
        return True
    if last == "beta" and prefix + "gamma" in names:
        # Dynamic tanh, which stands in for norms, trains its shift.
        is_tanh = prefix + "pre_tanh_scale" in names
        return len(shape) == 1 and not is_tanh and around.fixes_betas
    return any(prefix + other in names for other in BUFFERS_BY_SAME_MODULE.get(last, ()))


def _is_of_frozen_norm(path: str, last: str, around: RoleContext) -> bool:
    """Whether a tensor is a frozen batch norm's: DETR's and Detectron2's, in which the weight and bias are buffers too.

    Frozen ones do not count batches. Neither did any before PyTorch 0.4.1, so that there is certainty where others
    beside it count, or where it stands in a detector's backbone.
    """
    if last not in {"weight", "bias"} or f"{path}.running_var" not in around.shapes:
        return False
    if f"{path}.num_batches_tracked" in around.shapes:
        return False
    return around.counts_batches or "backbone." in path


def _is_sinusoid(template: str, path: str, last: str, shape: tuple[int, ...], around: RoleContext) -> bool:
    """Whether a tensor holds sinusoids of places or of times under a name that is a parameter's elsewhere."""
    if last == "freqs":
        return len(shape) == 1 and any("time" in word for word in path.split(".")[-2:])
    # OpenAI's Whisper, by the convolution over time before it; that over pictures in CLIP is trained with its places.
    convolution = template.removesuffix(last) + "conv.weight"
    return last == "positional_embedding" and len(around.shapes.get(convolution, ())) == 3


def _is_buffer_by_shape(module: str, last: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor is a buffer by its shape and its module, where parameters of other models have its name."""
    # PyTorch's tutorial, Performer, and what was written after them keep sinusoids so; other models train theirs.
    if last in {"pe", "emb"}:
        return "pos" in module and "learn" not in module
    # fairseq marks the module of its sinusoids by a version.
    if last in COUNTERS:
        return prod(shape) == 1
    # BigVGAN: one filter for all channels.
    if last == "filter":
        return len(shape) == 3 and shape[:2] == (1, 1)
    # In NeMo and torchaudio it is a filter bank, a matrix; elsewhere the bias of a forget gate, a vector.
    if last == "fb":
        return len(shape) > 1
    # In YOLO and RT-DETR anchors are widths and heights, or boxes.
    if last == "anchors":
        return len(shape) > 1 and shape[-1] in {2, 4}
    # Llama keeps rotary frequencies so in Meta's files; timm's RotaryEmbeddingMixed trains them, by layer and head.
    return last == "freqs" and module in {"rope", "radial_basis"} and len(shape) == 1


def _is_score_correction(template: str, module: str, last: str, around: RoleContext) -> bool:
    """Whether a bias of a router's gate is a correction of scores that no gradient sets."""
    if module != "gate" or last != "bias":
        return False
    return any(
        template.endswith(ending) and template.removesuffix(ending) + experts in around.shapes
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

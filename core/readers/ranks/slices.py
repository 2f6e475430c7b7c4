"""How the slices of tensor parallelism were cut, proven by their dimensions, and the tensors that they are slices of.

Rules of cutting: Megatron-LM (megatron/core/tensor_parallel/layers.py) and fairscale as Meta's LLaMA uses it
(llama/model.py): column-parallel layers are cut along the first dimension of their weight, row-parallel ones along the
second, embeddings along the vocabulary (LLaMA 1 and 2: along the width), norms not at all. A name says which of these a
layer is; the width of the model, which is whole in its norms, proves it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from core.readers.torch.tensor_records import Tensor

REPLICATED = -1
"""In place of a dimension: each slice holds the whole tensor."""

_COLUMN = {
    *("wq", "wk", "wv", "w1", "w3", "query_key_value", "dense_h_to_4h", "query", "key", "value", "key_value"),
    *("linear_qkv", "linear_fc1", "linear_q", "linear_kv", "q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"),
    *("c_fc", "qkv_proj", "gate_up_proj"),
}
_HEADS = {"output", "final_linear", "output_layer", "lm_head", "embed_out"}
_ROW = {"wo", "w2", "dense", "dense_4h_to_h", "linear_proj", "linear_fc2", "o_proj", "down_proj", "out_proj"}
_ATTENTION_ROW = {"wo", "dense", "linear_proj", "o_proj", "out_proj"}
_EMBEDDINGS = {"word_embeddings", "tok_embeddings", "embed_tokens", "embed_in", "wte"}
_WHOLE = {"position_embeddings", "tokentype_embeddings", "router", "gate"}
_HEAD_NORMS = {"q_norm", "k_norm", "q_layernorm", "k_layernorm", "query_layernorm", "key_layernorm"}
_TABLES = {"freqs", "inv_freq", "masked_bias", "_extra_state"}
"""Of rotary positions and of masks: no parameters, the same in each slice."""
_MASK_DIMENSIONS = 4
"""Of a causal mask, which GPT-2 and those after it call a bias."""

Slice = dict[str, Tensor]


class Sizes(NamedTuple):
    """What the model's own config says of its dimensions; 0 where it does not.

    Attributes:
        hidden: its width.
        vocabulary: rows of its embedding, padded as they are stored.
        intermediate: the width of its MLP.
        query: rows of all query projections of a layer together.
        kv: rows of its key projections, which are those of its value projections too.
    """

    hidden: int = 0
    vocabulary: int = 0
    intermediate: int = 0
    query: int = 0
    kv: int = 0


class Joined(NamedTuple):
    """The whole tensors of some slices.

    Attributes:
        tensors: by name.
        axes: how many were joined along a dimension, or are whole in each slice.
    """

    tensors: Slice
    axes: Counter[int]

    @property
    def text(self) -> str:
        """How they were put together, as a note says it."""
        ways = [f"{self.axes[axis]:,} joined along dimension {axis}" for axis in (0, 1) if self.axes[axis]]
        whole = [f"{self.axes[REPLICATED]:,} that each holds whole counted once"] if self.axes[REPLICATED] else []
        return ", ".join([*ways, *whole])


def joined(slices: Sequence[Slice], said: Sizes, told: bool) -> Joined | None:
    """The tensors that some slices, all of one model, are slices of; None where that is not proven.

    Args:
        slices: each with the same names.
        said: what a config says.
        told: whether something else than the dimensions tells how many slices there are.
    """
    first, count = slices[0], len(slices)
    if any(list(other) != list(first) or not _are_like(other, first) for other in slices[1:]):
        return None
    hidden = width_of(first, said)
    if not hidden:
        return None
    rule = _Rule(first, said._replace(hidden=hidden), count)
    tensors: Slice = {}
    axes: Counter[int] = Counter()
    for name, tensor in first.items():
        axis = rule.axis(name, tensor.shape)
        if axis is None:
            return None
        axes[axis] += 1
        if axis == REPLICATED:
            tensors[name] = tensor
            continue
        shape = list(tensor.shape)
        shape[axis] = rule.length(name, axis, shape[axis])
        nbytes = sum(other[name].nbytes for other in slices)
        tensors[name] = Tensor(tuple(shape), tensor.dtype, nbytes, tensor.storage)
    return Joined(tensors, axes) if told or rule.proven else None


def count_of_slices(one: Slice, said: Sizes) -> int:
    """Of how many slices one is, by its dimensions; 0 where they do not tell."""
    hidden = width_of(one, said)
    for name, tensor in one.items():
        module, last = _words(name)
        if not hidden or last != "weight" or len(tensor.shape) != 2:
            continue
        rows, columns = tensor.shape
        whole = said.query or hidden
        if module in _ATTENTION_ROW and rows == hidden and columns and whole % columns == 0:
            return whole // columns
    return 0


def width_of(one: Slice, said: Sizes) -> int:
    """The width of a model, by its norms, which no slice cuts, or else by its config; 0 where they disagree."""
    widths = {
        tensor.shape[0]
        for name, tensor in one.items()
        if len(tensor.shape) == 1 and "norm" in _words(name)[0] and _words(name)[0] not in _HEAD_NORMS
    }
    if not widths:
        return said.hidden
    return widths.pop() if len(widths) == 1 and said.hidden in {0, *widths} else 0


def _are_like(other: Slice, first: Slice) -> bool:
    return all(
        tensor.shape == one.shape and tensor.dtype == one.dtype for tensor, one in zip(other.values(), first.values())
    )


def _words(name: str) -> tuple[str, str]:
    """The module that a tensor lies in and its own name there: `wq`, `weight`."""
    parts = [part for part in name.split(".") if not part.isdigit()]
    return (parts[-2] if len(parts) > 1 else ""), parts[-1] if parts else ""


class _Rule:
    """Along which dimension each tensor was cut.

    Attributes:
        proven: whether a dimension that is known whole was met as the sum of the slices.
    """

    def __init__(self, one: Slice, said: Sizes, count: int) -> None:
        self.proven = False
        self._one = one
        self._said = said
        self._count = count
        heads = [t.shape[0] for name, t in one.items() if _words(name)[0] in _HEADS and len(t.shape) == 2]
        self._head_rows = heads[0] if heads else 0

    def axis(self, name: str, shape: tuple[int, ...]) -> int | None:
        """The dimension, `REPLICATED`, or None where neither is proven."""
        module, last = _words(name)
        if last in _TABLES or not shape or (last == "bias" and len(shape) == _MASK_DIMENSIONS):
            return REPLICATED
        if len(shape) == 1:
            return self._of_vector(name, module, last, shape[0])
        if len(shape) != 2 or last != "weight":
            return None
        rows, columns = shape
        hidden = self._said.hidden
        if module in _EMBEDDINGS:
            return self._of_embedding(module, rows, columns)
        if module in _WHOLE:
            return REPLICATED if columns == hidden else None
        if module in _COLUMN or module in _HEADS:
            return 0 if columns == hidden and self._fits(module, rows) else None
        if module in _ROW and rows == hidden:
            return 1 if self._fits_row(module, columns) else None
        return None

    def length(self, name: str, axis: int, length: int) -> int:
        """How long the dimension is that was cut, of a slice's: keys and values may be there several times."""
        whole = length * self._count
        if axis == 0 and _words(name)[0] in {"wk", "wv", "k_proj", "v_proj"} and self._said.kv:
            return min(whole, self._said.kv)
        return whole

    def _of_vector(self, name: str, module: str, last: str, length: int) -> int | None:
        whole = length == self._said.hidden
        # A layer of Transformer Engine has its norm in it, and a pipeline's last file is a bare one.
        if "norm" in module or "norm" in last or module.startswith("ln_") or not module:
            return REPLICATED if whole or module in _HEAD_NORMS else None
        if last != "bias":
            return None
        if module in _ROW:
            return REPLICATED if whole else None
        weight = self._one.get(name.removesuffix("bias") + "weight")
        beside = weight is not None and len(weight.shape) == 2 and weight.shape[0] == length
        return 0 if (module in _COLUMN or module in _HEADS) and beside else None

    def _of_embedding(self, module: str, rows: int, columns: int) -> int | None:
        hidden, count, vocabulary = self._said.hidden, self._count, self._said.vocabulary
        if columns * count == hidden:
            self.proven = True
            return 1
        if columns != hidden:
            return None
        if vocabulary:
            self.proven = self.proven or rows * count == vocabulary
            return 0 if rows * count == vocabulary else REPLICATED if rows == vocabulary else None
        if self._head_rows:
            return 0 if rows == self._head_rows else REPLICATED if rows == count * self._head_rows else None
        # Megatron cuts it always; Meta's has a head beside it.
        return 0 if module == "word_embeddings" else None

    def _fits(self, module: str, rows: int) -> bool:
        """Whether the rows of all slices together are what a config says, where it says something."""
        whole, said = rows * self._count, self._said
        if module in {"wk", "wv", "k_proj", "v_proj"}:
            return not said.kv or (whole >= said.kv and whole % said.kv == 0)
        known = {
            **dict.fromkeys(("wq", "q_proj"), (said.query,)),
            **dict.fromkeys(("w1", "w3", "gate_proj", "up_proj"), (said.intermediate,)),
            **dict.fromkeys(("dense_h_to_4h", "linear_fc1"), (said.intermediate, 2 * said.intermediate)),
            **dict.fromkeys(("query_key_value", "linear_qkv"), (said.query + 2 * said.kv if said.kv else 0,)),
            **dict.fromkeys(_HEADS, (said.vocabulary,)),
        }.get(module, ())
        if not any(known):
            return True
        self.proven = self.proven or whole in known
        return whole in known

    def _fits_row(self, module: str, columns: int) -> bool:
        whole, said = columns * self._count, self._said
        if module in _ATTENTION_ROW:
            if whole == (said.query or said.hidden):
                self.proven = True
                return True
            return not said.query and columns != said.hidden
        return not said.intermediate or whole == said.intermediate

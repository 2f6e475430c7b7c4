"""What the shapes of a model's tensors and its config tell of its build: layers, width, heads, vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.checkpoint.config import ModelConfig
from core.count.counter import Count
from core.naming.components import POSITION_EMBEDDING
from core.naming.experts import is_numbered_expert, is_routed_expert
from core.naming.template import template_of

_DIGITS = "0123456789"
# Numbers in a name that may be those of layers or experts; Python refuses to parse one of thousands of digits.
_NUMBERS = re.compile(r"(?<![^.])[0-9]{1,9}(?![^.])")


class Repeated(NamedTuple):
    """Parameters that are alike in all but the numbers in their names.

    Attributes:
        name: with every number as `#`: `transformer.h.#.attn.c_attn.weight`.
        shape: of each, as stored.
        category: of each.
        parameters: that each stands for.
        tensor_count: how many they are.
        layers: the paths of those in which they lie, see `core.naming.layers`; empty for those outside of layers.
    """

    name: str
    shape: tuple[int, ...]
    category: str
    parameters: int
    tensor_count: int
    layers: frozenset[str]

    @property
    def stack(self) -> str:
        """What stands before the layer's number: `transformer.h.`; "" outside of layers."""
        return next(iter(self.layers), "").rstrip(_DIGITS)

    @property
    def template(self) -> str:
        """The name without digits."""
        return template_of(self.name.replace("#", ""))


class Dimensions(NamedTuple):
    """How a model is built; None for what neither its shapes nor its config tell.

    Attributes:
        layers: of all its stacks together.
        hidden_size: the width of what goes from layer to layer.
        heads: of attention.
        key_value_heads: fewer than `heads` where several queries share one key and value.
        head_size: the width of one head.
        vocabulary: rows of the token embedding.
        context: the longest text that it reads, in tokens.
        experts: routed experts in a layer.
        experts_used: of these for one token.
    """

    layers: int | None = None
    hidden_size: int | None = None
    heads: int | None = None
    key_value_heads: int | None = None
    head_size: int | None = None
    vocabulary: int | None = None
    context: int | None = None
    experts: int | None = None
    experts_used: int | None = None


def repeated_tensors(count: Count) -> list[Repeated]:
    """The parameters of a model by name, category and shape, in the model's order."""
    found: dict[tuple[str, tuple[int, ...], str, int], list[str]] = {}
    for tensor, classification in count.tensors():
        if classification.role != "parameter":
            continue
        name = _NUMBERS.sub("#", tensor.name)
        found.setdefault((name, tensor.shape, classification.category, classification.parameters), []).append(
            tensor.name
        )
    rows = []
    for (name, shape, category, parameters), names in found.items():
        depth = count.layers.depth_of(names[0])
        paths = {".".join(full.split(".", depth)[:depth]) for full in names} if depth else set()
        # Where the number is missing, `layer` beside `layer1`, it is no layer after all.
        layers = frozenset(path for path in paths if path[-1:].isdigit())
        rows.append(Repeated(name, shape, category, parameters, len(names), layers))
    return rows


def dimensions_of(tensors: Iterable[Repeated], config: ModelConfig) -> Dimensions:
    """A model's dimensions.

    Args:
        tensors: its parameters.
        config: what its config says. Where it disagrees with the shapes, these are believed.
    """
    tensors = list(tensors)
    # Packed rows are shorter than what they stand for.
    tables = [t for t in tensors if t.category == "embedding" and len(t.shape) == 2 and t.shape[0]]
    embeddings = [(t.shape[0], t.parameters // t.shape[0]) for t in tables]
    hidden = _hidden_size(tensors, embeddings, config.hidden_sizes) or None
    heads = config.heads
    head_size = config.head_dim or (hidden // heads if hidden and heads else None)
    positions = position_rows(tensors)
    return Dimensions(
        layers=_layers(tensors),
        hidden_size=hidden,
        heads=heads,
        key_value_heads=config.key_value_heads or heads,
        head_size=head_size,
        vocabulary=max((shape[0] for shape in embeddings if shape[1] == hidden), default=None),
        context=config.context or max(positions, default=None),
        experts=_first(config.experts) or _experts(tensors),
        experts_used=_first(config.experts_used),
    )


def position_rows(tensors: Iterable[Repeated]) -> list[int]:
    """How many rows the embeddings of positions have."""
    return [
        t.shape[0]
        for t in tensors
        if t.category == "embedding" and len(t.shape) == 2 and POSITION_EMBEDDING.has_piece_in(t.name)
    ]


def _hidden_size(tensors: list[Repeated], embeddings: Sequence[tuple[int, ...]], said: Sequence[int]) -> int | None:
    if embeddings:
        largest = max(embeddings)
        return next((n for n in said if n in largest), largest[1])
    widths = Counter({t.shape[0]: 0 for t in tensors if t.category == "norm" and len(t.shape) == 1})
    for t in tensors:
        if t.category == "norm" and len(t.shape) == 1:
            widths[t.shape[0]] += t.tensor_count
    common = widths.most_common(1)
    return next((n for n in said if n in widths), common[0][0] if common else None)


def _layers(tensors: list[Repeated]) -> int | None:
    """Layers of all stacks."""
    return len(frozenset().union(*(t.layers for t in tensors))) or None


def _experts(tensors: list[Repeated]) -> int | None:
    """Experts in a layer, by their numbers or by the first dimension of those that are stacked."""
    for t in tensors:
        if t.category == "mlp" and t.layers and is_routed_expert(t.template):
            if is_numbered_expert(t.template):
                return t.tensor_count // len(t.layers)
            if len(t.shape) == 3:
                return t.shape[0]
    return None


def _first(found: Sequence[int]) -> int | None:
    return found[0] if found else None

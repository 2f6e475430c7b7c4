"""How a model is built, as its config says it, and where it says nothing as its shapes do, if they leave no doubt.

`core.profile.dimensions` is for formulas: it believes the shapes first, and asks for every tensor. Here the tensors
that are alike are asked for as one, since every output tells these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod

from core.checkpoint.config import ModelConfig
from core.classify.groups import TensorGroup
from core.count.counter import Count
from core.naming.components import ATTENTION_OUTPUT, INPUT_EMBEDDING, KEY, POSITION_EMBEDDING, QUERY
from core.naming.experts import is_routed_expert, is_shared_expert
from core.naming.layers import Layers

_WITH_ROWS_AHEAD = "embed_positions"
"""Tables of positions with two rows or more before the first (fairseq's, of OPT and BART in transformers)."""


def stated_dimensions(count: Count) -> dict[str, int | None]:
    """The dimensions of a counted model, as INTERFACE names them; None where one is not known, or layers differ in it.

    `layers` are those of the language model, without those for speculative decoding; `hidden_size` is the width of what
    goes from layer to layer, in elements; `heads` are attention's of queries, `kv_heads` those of keys and values,
    `head_dim` the width of one, in elements, not known of latent attention, whose heads have several;
    `intermediate_size` is the inner width of a dense MLP; `vocabulary` the tokens that have an embedding; `context` the
    longest text that it is made for, in tokens; `experts` are the routed ones of a layer, not known of a dense model,
    `experts_used` those that work on a token.
    """
    config = count.source.config
    shapes = _Shapes(count.groups)
    hidden = config.hidden_size or shapes.hidden_size(count.layers)
    has_heads = "attention" in count.totals.categories or "mixer" not in count.totals.categories
    head_dim = config.head_dim or _head_dim(config, hidden, shapes)
    kv_heads = _kv_heads(config, head_dim, hidden, shapes)
    return {
        "layers": config.layers or shapes.layers(count.layers),
        "hidden_size": hidden,
        # What a model without attention calls heads are those of its state space.
        "heads": config.heads if has_heads else None,
        "kv_heads": kv_heads if has_heads else None,
        "head_dim": head_dim if has_heads else None,
        "intermediate_size": config.intermediate_size or shapes.intermediate_size(hidden),
        "vocabulary": config.vocabulary or shapes.vocabulary(),
        "context": config.context or shapes.context(),
        "experts": _same(config.experts) or (None if config.experts else shapes.experts(hidden)),
        "experts_used": _same(config.experts_used),
    }


def _head_dim(config: ModelConfig, hidden: int | None, shapes: _Shapes) -> int | None:
    """The width of a head that no config says: that of the queries, or of what all heads give, by their number."""
    if not config.heads or config.key_value_rank or config.query_key_head_dim:
        return None
    # The heads of T5 and Zamba2 are wider than the model by their number.
    width = shapes.projection(QUERY.gives_width, hidden) or shapes.projection(ATTENTION_OUTPUT.gives_width, hidden)
    return _quotient(width or hidden, config.heads)


def _kv_heads(config: ModelConfig, head_dim: int | None, hidden: int | None, shapes: _Shapes) -> int | None:
    """The heads of keys; where no config says them, those of the keys' width, or as many as there are of queries."""
    # Falcon-7B's config says in one key that they are many, and in another that they are one.
    said = [heads for width, queries, heads, _ in config.attentions if (width, queries) == (hidden, config.heads)]
    if said or config.key_value_heads:
        return said[0] if said else config.key_value_heads
    if not config.heads or config.key_value_rank:
        return None
    width = shapes.projection(KEY.gives_width, hidden)
    return _quotient(width, head_dim) if width else config.heads


def _quotient(whole: int | None, part: int | None) -> int | None:
    return whole // part if whole and part and not whole % part else None


def _same(numbers: Sequence[int]) -> int | None:
    """The number that all layers have."""
    return numbers[0] if len(set(numbers)) == 1 else None


class _Shapes:
    """The parameters of a model that are stored as they are, by category."""

    def __init__(self, groups: Iterable[TensorGroup]) -> None:
        self._by_category: dict[str, list[TensorGroup]] = {}
        self._parameters: list[TensorGroup] = []
        for group in groups:
            told = group.classification
            if told and told.role == "parameter":
                self._parameters.append(group)
                if prod(group.tensor.shape) == told.parameters:
                    self._by_category.setdefault(told.category, []).append(group)

    def _matrices(self, category: str) -> list[TensorGroup]:
        return [group for group in self._by_category.get(category, ()) if len(group.tensor.shape) == 2]

    def hidden_size(self, layers: Layers) -> int | None:
        """The width of all tables of embeddings, where the norms in layers have it too."""
        norms = {
            group.tensor.shape[0]
            for group in self._by_category.get("norm", ())
            if len(group.tensor.shape) == 1 and layers.depth_of(group.tensor.name)
        }
        widths = {group.tensor.shape[1] for group in self._matrices("embedding")} or norms
        found = _only(widths)
        return found if found in norms else None

    def vocabulary(self) -> int | None:
        """The rows of the table of tokens, where there is one."""
        return _only(
            group.tensor.shape[0]
            for group in self._matrices("embedding")
            if _module(group.template) in INPUT_EMBEDDING.words
        )

    def context(self) -> int | None:
        """The rows of the table of positions, where there is one."""
        tables = [group for group in self._matrices("embedding") if POSITION_EMBEDDING.has_piece_in(group.template)]
        if any(_WITH_ROWS_AHEAD in group.template for group in tables):
            return None
        return _only(group.tensor.shape[0] for group in tables)

    def intermediate_size(self, hidden: int | None) -> int | None:
        """What all matrices of dense MLPs have beside the model's width; gate and up may be one matrix of both."""
        widths = {
            next((n for n in group.tensor.shape if n != hidden), hidden)
            for group in self._matrices("mlp")
            if hidden in group.tensor.shape
            and not is_routed_expert(group.template)
            and not is_shared_expert(group.template)
        }
        widths.discard(None)
        least = min((n for n in widths if n), default=None)
        return least if least and widths <= {least, 2 * least} else None

    def experts(self, hidden: int | None) -> int | None:
        """What the routers' matrices have beside the model's width."""
        routers = [group.tensor.shape for group in self._matrices("router") if hidden in group.tensor.shape]
        return _only(shape[0] if shape[1] == hidden else shape[1] for shape in routers)

    def layers(self, layers: Layers) -> int | None:
        """How many layers the only list of them has, by tensors of which each has one; None where lists lie in them."""
        if len(layers.heads) != 1:
            return None
        counts: dict[str, int] = {}
        for group in self._parameters:
            name = group.tensor.name
            depth = layers.depth_of(name)
            if not depth:
                continue
            *path, number = name.split(".", depth)[:depth]
            rest = name.split(".", depth)[-1]
            if _has_layers(layers, name, depth):
                return None
            # Where digits stand elsewhere too, several tensors of a layer have one template.
            if number.isdigit() and not any(map(str.isdigit, ".".join([*path, rest]))):
                counts[group.template] = counts.get(group.template, 0) + group.count
        return max(counts.values(), default=None)

    def projection(self, is_named: Callable[[str], bool], hidden: int | None) -> int | None:
        """What all projections of a name have beside the model's width."""
        return _only(
            group.tensor.shape[0] if group.tensor.shape[1] == hidden else group.tensor.shape[1]
            for group in self._matrices("attention")
            if hidden in group.tensor.shape and is_named(group.tensor.name)
        )


def _module(template: str) -> str:
    """The module that a tensor lies in: `word_embeddings`."""
    return template.rpartition(".")[0].rpartition(".")[2]


def _only(numbers: Iterable[int]) -> int | None:
    """The one number that all are; None where they differ or there are none."""
    found = set(numbers)
    return found.pop() if len(found) == 1 else None


def _has_layers(layers: Layers, name: str, depth: int) -> bool:
    """Whether the layer that a tensor lies in has layers of its own, such as the blocks of a stage."""
    parts = name.split(".")
    deepest = min(len(parts), depth + 8)
    return any(layers.is_layer(".".join(parts[:end])) for end in range(depth + 1, deepest))

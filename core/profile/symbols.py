"""The sizes that stand in formulas: what a model's widths are, told by the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

from core.naming.components import (
    ATTENTION_OUTPUT,
    KEY,
    KEY_VALUE_DOWN,
    KEY_VALUE_UP,
    LATENT_NORM,
    QUERY,
    QUERY_DOWN,
    QUERY_KEY_VALUE,
    QUERY_UP,
)
from core.naming.experts import is_numbered_expert, is_routed_expert, is_shared_expert
from core.profile.dimensions import Dimensions, Repeated, position_rows

_MAX_WINDOW = 16
"""The longest window of a convolution, in points."""


def unpacked(tensors: Iterable[Repeated], dimensions: Dimensions) -> list[Repeated]:
    """The parameters with their shapes unpacked: those of the weights, as far as the model's width tells them."""
    d, experts = dimensions.hidden_size or 0, dimensions.experts

    def shape(tensor: Repeated) -> tuple[int, ...]:
        if prod(tensor.shape) == tensor.parameters:
            return tensor.shape
        lengths, rest = [], tensor.parameters
        for length in (experts if len(tensor.shape) > 2 else None, d):
            if length and rest and not rest % length:
                lengths.append(length)
                rest //= length
        return (*lengths, rest)

    return [tensor._replace(shape=shape(tensor)) for tensor in tensors]


def sizes_of(tensors: Iterable[Repeated], dimensions: Dimensions) -> dict[str, int]:
    """The symbols that a model has, each with its size; a width that another symbol stands for has none of its own."""
    tensors = unpacked(tensors, dimensions)
    d = dimensions.hidden_size or 0
    found: dict[str, int | None] = {
        "d": d,
        "L": dimensions.layers,
        "V": dimensions.vocabulary,
        "E": dimensions.experts,
        "n": max(position_rows(tensors), default=None),
    }
    latent = _latent_widths(tensors, d)
    queries, keys = (latent.pop("q"), d) if latent else _widths(tensors, dimensions, d)
    found.update(latent)
    if queries != d:
        found["q"] = queries
    if keys not in {d, queries}:
        found["k"] = keys
    found["H"] = dimensions.heads
    if not latent and dimensions.head_size and dimensions.head_size not in {d, queries, keys}:
        found["h"] = dimensions.head_size
    mlp = [t for t in tensors if t.category == "mlp"]
    shared = [t for t in mlp if is_shared_expert(t.template)]
    routed = [t for t in mlp if is_routed_expert(t.template)]
    dense = [t for t in mlp if not (is_shared_expert(t.template) or is_routed_expert(t.template))]
    found["f"] = _inner(dense, d, None)
    found["g"] = _inner(routed, d, dimensions.experts)
    found["s"] = _inner(shared, d, None)
    # Where all MLPs are experts, their width is that of the MLP.
    if not found["f"]:
        found["f"], found["g"] = found["g"], None
    return {symbol: size for symbol, size in found.items() if size}


def _widths(tensors: list[Repeated], dimensions: Dimensions, d: int) -> tuple[int, int]:
    """The widths of queries and of keys, by the projections' shapes, else by heads times their size."""
    attention = [t for t in tensors if t.category == "attention" and len(t.shape) == 2]
    heads, shared, size = dimensions.heads, dimensions.key_value_heads, dimensions.head_size
    if not attention:
        return d, d
    queries = _other_width(attention, QUERY.gives_width, d) or (heads * size if heads and size else d)
    keys = _other_width(attention, KEY.gives_width, d)
    if not keys:
        fused = _other_width(attention, QUERY_KEY_VALUE.has_piece_in, d)
        keys = (fused - queries) // 2 if fused > queries else (shared * size if shared and size else d)
    return queries, keys


def _latent_widths(tensors: list[Repeated], d: int) -> dict[str, int]:
    """The widths of multi-head latent attention; {} where the model has none."""
    attention = [t for t in tensors if t.category == "attention" and len(t.shape) == 2]
    norms = [t for t in tensors if len(t.shape) == 1]
    c = next((t.shape[0] for t in norms if LATENT_NORM.gives_width(t.name)), 0)
    down = _other_width(attention, KEY_VALUE_DOWN.gives_width, d)
    r = _other_width(attention, QUERY_DOWN.gives_width, d)
    if not d or not c or down < c:
        return {}
    q = _other_width(attention, QUERY_UP.gives_width, r) if r else _other_width(attention, QUERY.gives_width, d)
    z = _other_width(attention, KEY_VALUE_UP.gives_width, c)
    w = _other_width(attention, ATTENTION_OUTPUT.gives_width, d)
    # The latent has its letter even where it is as wide as something else, since the rotary part is counted beside it.
    found = {"q": q or d, "c": c, "t": down - c}
    # Any other width that is equal to one with a letter goes by that letter.
    taken = {d, q}
    for symbol, width in (("r", r), ("z", z), ("w", w)):
        if width not in taken:
            found[symbol] = width
        taken.add(width)
    return {symbol: found[symbol] for symbol in "qrzwct" if found.get(symbol)}


def _other_width(tensors: list[Repeated], is_named: Callable[[str], bool], d: int) -> int:
    """The width that the first projection with such a name has besides the model's; 0 where there is none."""
    for tensor in tensors:
        if is_named(tensor.name) and d in tensor.shape:
            return tensor.shape[0] if tensor.shape[1] == d else tensor.shape[1]
    return 0


def _inner(tensors: list[Repeated], d: int, experts: int | None) -> int | None:
    """The least width beside the model's that some MLP matrices have: a gate and an up projection may be in one."""
    widths = []
    for tensor in tensors:
        if len(tensor.shape) >= 2 and d in tensor.shape:
            # In the weight of a convolution the last dimensions are those of its window.
            is_window = len(tensor.shape) > 2 and tensor.shape[-1] <= _MAX_WINDOW
            matrix = tensor.shape[:2] if is_window else tensor.shape[-2:]
            width = min((n for n in matrix if n != d), default=d)
            # A matrix with a row for each expert may be the biases of all experts, and its rows are no width.
            sure = len(tensor.shape) > 2 or is_numbered_expert(tensor.template)
            widths += [width] if sure or width == d or width != experts else []
    return min(widths, default=None)

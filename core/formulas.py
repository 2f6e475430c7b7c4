"""How a category's size comes about: a formula in the model's own sizes that gives exactly what was counted.

A formula is made from the tensors' shapes. Where one of them is no product of sizes that are known here, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from core.expert_names import is_routed_expert, is_shared_expert
from core.polynomials import Polynomial, total
from core.shapes import Dimensions, Repeated, position_rows

MEANINGS = {
    "L": "layers",
    "E": "experts in a layer",
    "V": "vocabulary: rows of the token embedding",
    "n": "positions: rows of the position embedding",
    "d": "hidden size, the width of the model",
    "q": "width of the queries of all heads",
    "k": "width of the keys of all heads, and of the values",
    "f": "inner width of the MLP",
    "g": "inner width of one expert",
    "s": "inner width of the shared experts",
    "h": "width of one head",
}
# Not in words, nor in names: gpt2-s, bert_L-12.
_SYMBOLS = re.compile(rf"(?<![^\W\d])(?<!['’/.-])[{''.join(MEANINGS)}]+(?![^\W²³]|-|/\D)")
_FORMULAS_FOR = {"attention", "mlp", "router", "norm", "embedding", "head"}
_QUERY = (".q_proj.", ".query.", ".wq.", ".attn_q.", ".q.")
_KEY = (".k_proj.", ".key.", ".wk.", ".attn_k.", ".k.")
_FUSED = ("qkv", "query_key_value", "c_attn", "W_pack", "in_proj")
_SMALL = 16


class Part(NamedTuple):
    """What some layers alike hold, or what lies outside of layers.

    Attributes:
        times: how many layers; 1 outside.
        symbol: `L` where they are all layers of the model, else "".
        where: the stack's name as in the tensors' names; "" outside.
        each: what one of them holds.
    """

    times: int
    symbol: str
    where: str
    each: Polynomial


class Formula(NamedTuple):
    """A size as a sum of parts, and what the symbols in it stand for."""

    parts: list[Part]
    sizes: dict[str, int]

    @property
    def value(self) -> int:
        """What it comes to."""
        return sum(part.times * part.each.value(self.sizes) for part in self.parts)

    @property
    def layer(self) -> Polynomial:
        """What a layer of the most frequent kind holds."""
        inside = [part for part in self.parts if part.where]
        return max(inside, key=lambda part: part.times).each if inside else Polynomial({})

    def text(self) -> str:
        """`L × (4d² + 4d)`."""
        return " + ".join(_times(part.symbol or part.times, part.each.text(), part) for part in self.parts)

    def with_numbers(self) -> str:
        """`12 × (4 × 768² + 4 × 768)`."""
        return " + ".join(_times(part.times, part.each.with_numbers(self.sizes), part) for part in self.parts)

    def sums(self) -> str:
        """`12 × 2,362,368`."""
        values = [(part.times, part.each.value(self.sizes)) for part in self.parts]
        return " + ".join(f"{value:,}" if times == 1 else f"{times:,} × {value:,}" for times, value in values)

    def symbols(self) -> list[tuple[str, int, str]]:
        """Each symbol of `text()`, its size, what it is."""
        used = {symbol for part in self.parts for symbol in part.each.symbols | ({part.symbol} - {""})}
        return [(symbol, self.sizes[symbol], meaning) for symbol, meaning in MEANINGS.items() if symbol in used]


def legend(*texts: str) -> str:
    """What the symbols in some formulas stand for: `L: layers; d: hidden size, the width of the model`."""
    used = set("".join(symbols for text in texts for symbols in _SYMBOLS.findall(text)))
    return "; ".join(f"{symbol}: {meaning}" for symbol, meaning in MEANINGS.items() if symbol in used)


def _times(times: str | int, each: str, part: Part) -> str:
    if times == 1:
        return each
    shown = f"{times:,}" if isinstance(times, int) else times
    return f"{shown} × ({each})" if len(part.each.terms) > 1 else f"{shown} × {each}"


def formula_of(category: str, tensors: Iterable[Repeated], dimensions: Dimensions) -> Formula | None:
    """The formula of a category's size; None where the shapes do not fit one that is known.

    Args:
        category: a key of `core.categories.CATEGORIES`.
        tensors: all parameters of the model.
        dimensions: the model's.
    """
    tensors = list(tensors)
    if category not in _FORMULAS_FOR or not dimensions.hidden_size:
        return None
    sizes = sizes_of(tensors, dimensions)
    sums: dict[tuple[str, frozenset[str]], list[Polynomial]] = {}
    for tensor in tensors:
        if tensor.category != category:
            continue
        size = _size(tensor, category, sizes)
        if size is None:
            return None
        sums.setdefault((tensor.stack, tensor.layers), []).append(size)
    if not sums:
        return None
    parts = []
    for (stack, layers), polynomials in sums.items():
        times = len(layers) or 1
        parts.append(Part(times, "L" if layers and times == sizes.get("L") else "", stack, total(polynomials)))
    # What lies in the layers first, the most frequent kind of layer before the others.
    parts.sort(key=lambda part: (not part.where, -part.times))
    formula = Formula(parts, sizes)
    counted = sum(tensor.parameters * tensor.tensor_count for tensor in tensors if tensor.category == category)
    return formula if formula.value == counted else None


def _size(tensor: Repeated, category: str, sizes: dict[str, int]) -> Polynomial | None:
    """What tensors of one name hold in one layer."""
    if prod(tensor.shape) != tensor.parameters:
        return None  # packed
    times, rest = divmod(tensor.tensor_count, len(tensor.layers) or 1)
    if rest:
        return None
    numbered = times > 1 and is_routed_expert(tensor.skeleton) and times == sizes.get("E")
    result = Polynomial.of("E") if numbered else Polynomial.number(times)
    known = _known(tensor, category, sizes)
    shape = tensor.shape
    if category in {"embedding", "head"} and len(shape) == 2 and sizes["d"] in shape:
        # A table has one row a token or position, be their number that of the width by chance.
        result *= Polynomial.of("d")
        shape = shape[:1] if shape[1] == sizes["d"] else shape[1:]
    for length in shape:
        factor = known.get(length) or (Polynomial.number(length) if length <= _SMALL else None)
        if factor is None:
            return None
        result *= factor
    return result


def _known(tensor: Repeated, category: str, sizes: dict[str, int]) -> dict[int, Polynomial]:
    """The lengths that a dimension may have in such a tensor, as they are written."""
    wanted: list[Polynomial] = []

    def offer(*texts: str) -> None:
        for text in texts:
            number = text.rstrip("LEVndqkfgsh")
            symbols = tuple(text[len(number) :])
            if all(symbol in sizes for symbol in symbols):
                wanted.append(Polynomial({symbols: int(number or 1)}))

    if category == "attention":
        offer("d", "q", "k", "h")
        queries, keys = (symbol if symbol in sizes else "d" for symbol in "qk")
        wanted.append(Polynomial.of(queries) + Polynomial.of(keys, 2))
        wanted.append(Polynomial.of(keys, 2))
    elif category == "mlp":
        routed = is_routed_expert(tensor.skeleton)
        inner = "s" if is_shared_expert(tensor.skeleton) else "g" if routed else "f"
        inner = inner if inner in sizes else "f"
        offer("d", *(("E",) if routed else ()))
        if inner in sizes:
            # As wide as the model, or four times, as most are: a gate and an up projection in one are twice as wide.
            usual = {sizes["d"]: ("d", "2d", "Ed"), 4 * sizes["d"]: ("4d", "8d", "4Ed")}
            offer(*usual.get(sizes[inner], (inner, f"2{inner}", f"E{inner}")))
    elif category == "router":
        offer("E", "d")
    elif category == "norm":
        offer("d", "h", "q", "k")
    else:
        offer(*("nVd" if "pos" in tensor.name.replace("wpe", "pos") else "Vnd"))
    known: dict[int, Polynomial] = {}
    for polynomial in wanted:
        known.setdefault(polynomial.value(sizes), polynomial)
    return known


def sizes_of(tensors: Iterable[Repeated], dimensions: Dimensions) -> dict[str, int]:
    """The symbols that a model has, and how large they are; a width that is another one's is not there."""
    tensors = list(tensors)
    d = dimensions.hidden_size or 0
    found: dict[str, int | None] = {
        "d": d,
        "L": dimensions.layers,
        "V": dimensions.vocabulary,
        "E": dimensions.experts,
        "n": max(position_rows(tensors), default=None),
    }
    queries, keys = _widths(tensors, dimensions, d)
    if queries != d:
        found["q"] = queries
    if keys not in {d, queries}:
        found["k"] = keys
    if dimensions.head_size and dimensions.head_size not in {d, queries, keys}:
        found["h"] = dimensions.head_size
    mlp = [t for t in tensors if t.category == "mlp"]
    shared = [t for t in mlp if is_shared_expert(t.skeleton)]
    routed = [t for t in mlp if is_routed_expert(t.skeleton)]
    dense = [t for t in mlp if not (is_shared_expert(t.skeleton) or is_routed_expert(t.skeleton))]
    found["f"] = _inner(dense, d, None)
    found["g"] = _inner(routed, d, dimensions.experts)
    found["s"] = _inner(shared, d, None)
    if not found["f"]:  # experts alone: their width is the MLP's
        found["f"], found["g"] = found["g"], None
    return {symbol: size for symbol, size in found.items() if size}


def _widths(tensors: list[Repeated], dimensions: Dimensions, d: int) -> tuple[int, int]:
    """The widths of queries and of keys, by the projections' shapes, else by heads times their size."""
    attention = [t for t in tensors if t.category == "attention" and len(t.shape) == 2]
    heads, shared, size = dimensions.heads, dimensions.key_value_heads, dimensions.head_size
    queries = _other(attention, _QUERY, d) or (heads * size if heads and size else d)
    keys = _other(attention, _KEY, d)
    if not keys:
        fused = _other(attention, _FUSED, d)
        keys = (fused - queries) // 2 if fused > queries else (shared * size if shared and size else d)
    return queries, keys


def _other(tensors: list[Repeated], names: tuple[str, ...], d: int) -> int:
    """The width that a projection of one of these names goes to; 0 where there is none."""
    for tensor in tensors:
        if any(name in tensor.name for name in names) and d in tensor.shape:
            return tensor.shape[0] if tensor.shape[1] == d else tensor.shape[1]
    return 0


def _inner(tensors: list[Repeated], d: int, experts: int | None) -> int | None:
    """The least width beside the model's that some MLP matrices have: a gate and an up projection may be in one."""
    widths = [
        min((n for n in tensor.shape[-2:] if n != d), default=d)
        for tensor in tensors
        if len(tensor.shape) >= 2 and d in tensor.shape
    ]
    return min((n for n in widths if n != experts or n == d), default=None)

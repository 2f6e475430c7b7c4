"""How a category's size comes about: a formula in the model's own sizes that gives exactly what was counted.

A formula is made from the tensors' shapes. Lengths that have no name here stand in it as numbers, if that is wished and
it stays readable; else there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from core.naming.experts import is_numbered_expert, is_routed_expert, is_shared_expert
from core.profile.dimensions import Dimensions, Repeated
from core.profile.polynomial import Polynomial, total
from core.profile.symbols import sizes_of, unpacked

MEANINGS = {
    "L": "layers",
    "E": "experts in a layer",
    "V": "vocabulary: rows of the token embedding",
    "n": "positions: rows of the position embedding",
    "H": "heads of attention",
    "d": "hidden size, the width of the model",
    "q": "width of the queries of all heads",
    "k": "width of the keys of all heads, and of the values",
    "r": "width of the latent that queries come from",
    "c": "width of the latent that keys and values come from",
    "t": "width of the rotary part of a key, which all heads share",
    "z": "width of the other part of the keys, and of the values, of all heads",
    "w": "width of the values of all heads",
    "f": "inner width of the MLP",
    "g": "inner width of one expert",
    "s": "inner width of the shared experts",
    "h": "width of one head",
}
# Not in words, nor in names: gpt2-s, bert_L-12.
_SYMBOLS = re.compile(rf"(?<![^\W\d])(?<!['’/.-])[{''.join(MEANINGS)}]+(?![^\W²³]|-|/\D)")
_FORMULAS_FOR = {"attention", "mlp", "mixer", "router", "norm", "embedding", "head", "adapter"}
_MAX_FACTOR = 16
# Of a formula with nameless lengths: more is no help to a reader.
_MAX_TERMS, _MAX_TIMES = 12, 8


class Part(NamedTuple):
    """What some layers alike hold, or what lies outside of layers.

    Attributes:
        times: how many layers; 1 outside.
        symbol: `L` where they are all layers of the model, else "".
        where: the stack's name as in the tensors' names; "" outside.
        each: what one of them holds.
        layers: which they are, by their paths; none outside.
    """

    times: int
    symbol: str
    where: str
    each: Polynomial
    layers: frozenset[str]


class Formula(NamedTuple):
    """A size as a sum of parts, and what the symbols in it stand for."""

    parts: list[Part]
    sizes: dict[str, int]

    @property
    def value(self) -> int:
        """What it comes to."""
        return sum(part.times * part.each.value(self.sizes) for part in self.parts)

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
        return [
            (symbol, self.sizes[symbol], classification)
            for symbol, classification in MEANINGS.items()
            if symbol in used
        ]


def legend(*texts: str) -> str:
    """What the symbols in some formulas stand for: `L: layers; d: hidden size, the width of the model`."""
    used = set("".join(symbols for text in texts for symbols in _SYMBOLS.findall(text)))
    return "; ".join(f"{symbol}: {classification}" for symbol, classification in MEANINGS.items() if symbol in used)


def _times(times: str | int, each: str, part: Part) -> str:
    if times == 1:
        return each
    shown = f"{times:,}" if isinstance(times, int) else times
    return f"{shown} × ({each})" if len(part.each.terms) > 1 else f"{shown} × {each}"


def formula_of(
    category: str, tensors: Iterable[Repeated], dimensions: Dimensions, nameless: bool = False
) -> Formula | None:
    """The formula of a category's size; None where the shapes do not fit one that is known.

    Args:
        category: a key of `core.classify.category.CATEGORIES`.
        tensors: all parameters of the model.
        dimensions: the model's.
        nameless: whether lengths that no symbol stands for may be in it as numbers.
    """
    if category not in _FORMULAS_FOR or not dimensions.hidden_size:
        return None
    tensors = unpacked(tensors, dimensions)
    sizes = sizes_of(tensors, dimensions)
    sums: dict[tuple[str, frozenset[str]], list[Polynomial]] = {}
    for tensor in tensors:
        if tensor.category != category:
            continue
        size = _size(tensor, category, sizes, nameless)
        if size is None:
            return None
        sums.setdefault((tensor.stack, tensor.layers), []).append(size)
    if not sums:
        return None
    parts = []
    for (stack, layers), polynomials in sums.items():
        times = len(layers) or 1
        symbol = "L" if layers and times == sizes.get("L") else ""
        parts.append(Part(times, symbol, stack, total(polynomials), layers))
    # What lies in the layers first, the most frequent kind of layer before the others.
    parts.sort(key=lambda part: (not part.where, -part.times))
    formula = Formula(parts, sizes)
    if nameless and sum(len(part.each.terms) for part in parts) > _MAX_TERMS:
        return None
    counted = sum(tensor.parameters * tensor.tensor_count for tensor in tensors if tensor.category == category)
    return formula if formula.value == counted else None


def _size(tensor: Repeated, category: str, sizes: dict[str, int], nameless: bool) -> Polynomial | None:
    """What tensors of one name hold in one layer."""
    times, rest = divmod(tensor.tensor_count, len(tensor.layers) or 1)
    if rest:
        return None
    numbered = times > 1 and is_routed_expert(tensor.template) and times == sizes.get("E")
    result = Polynomial.of("E") if numbered else Polynomial.number(times)
    lengths = _lengths(tensor, category, sizes)
    shape = tensor.shape
    if category in {"embedding", "head"} and len(shape) == 2 and sizes["d"] in shape:
        # A table has one row a token or position, be their number that of the width by chance.
        result *= Polynomial.of("d")
        shape = shape[:1] if shape[1] == sizes["d"] else shape[1:]
    if _is_stack(tensor, sizes):
        result *= Polynomial.of("E")
        shape = shape[1:]
    for length in shape:
        factor = lengths.get(length) or (Polynomial.number(length) if length <= _MAX_FACTOR else None)
        if factor is None:
            if not nameless:
                return None
            times, rest = divmod(length, sizes["d"])
            whole = not rest and times <= _MAX_TIMES and category not in {"embedding", "head"}
            factor = Polynomial.of("d", times) if whole else Polynomial.of(str(length))
        result *= factor
    return result


def _is_stack(tensor: Repeated, sizes: dict[str, int]) -> bool:
    """Whether a tensor's first dimension is that of its experts, who may be as many as they are wide."""
    return is_routed_expert(tensor.template) and len(tensor.shape) > 2 and tensor.shape[0] == sizes.get("E")


def _lengths(tensor: Repeated, category: str, sizes: dict[str, int]) -> dict[int, Polynomial]:
    """The lengths that a dimension may have in such a tensor, as they are written; of equal ones the first counts."""
    if category == "attention":
        candidates = _attention_lengths(tensor, sizes)
    elif category == "mlp":
        candidates = _mlp_lengths(tensor, sizes)
    elif category == "router":
        candidates = _written(("E", "d"), sizes)
    elif category == "norm":
        candidates = _written("dhqkrc", sizes)
    elif category in {"mixer", "adapter"}:
        candidates = _written("d", sizes)
    else:
        is_of_positions = "pos" in tensor.name or "wpe" in tensor.name
        candidates = _written("nVd" if is_of_positions else "Vnd", sizes)
    lengths: dict[int, Polynomial] = {}
    for polynomial in candidates:
        lengths.setdefault(polynomial.value(sizes), polynomial)
    return lengths


def _written(texts: Iterable[str], sizes: dict[str, int]) -> list[Polynomial]:
    """Products such as `d` and `4Ed` as polynomials, but those with symbols that the model has not."""
    polynomials = []
    for text in texts:
        number = text.rstrip("".join(MEANINGS))
        symbols = tuple(text[len(number) :])
        if all(symbol in sizes for symbol in symbols):
            polynomials.append(Polynomial({symbols: int(number or 1)}))
    return polynomials


def _attention_lengths(tensor: Repeated, sizes: dict[str, int]) -> list[Polynomial]:
    # An attention sink has a value for each head, which may be as many as a head is wide.
    candidates = _written((*"dqkrczw", *("Hh" if "sink" in tensor.name else "hH")), sizes)
    queries, keys = (symbol if symbol in sizes else "d" for symbol in "qk")
    if "t" in sizes:
        candidates.append(Polynomial.of("c") + Polynomial.of("t"))
    return [*candidates, Polynomial.of(queries) + Polynomial.of(keys, 2), Polynomial.of(keys, 2)]


def _mlp_lengths(tensor: Repeated, sizes: dict[str, int]) -> list[Polynomial]:
    is_routed = is_routed_expert(tensor.template)
    inner = "s" if is_shared_expert(tensor.template) else "g" if is_routed else "f"
    inner = inner if inner in sizes else "f"
    # Where neither numbers nor a dimension in front tell the experts apart, any dimension may be their number.
    is_told_apart = is_numbered_expert(tensor.template) or _is_stack(tensor, sizes)
    candidates = _written(("d", "E") if is_routed and not is_told_apart else "d", sizes)
    if inner in sizes:
        # Most MLPs are as wide as the model or four times as wide; a gate and an up projection in one are twice that.
        usual = {sizes["d"]: ("d", "2d", "Ed"), 4 * sizes["d"]: ("4d", "8d", "4Ed")}
        candidates += _written(usual.get(sizes[inner], (inner, f"2{inner}", f"E{inner}")), sizes)
    return candidates

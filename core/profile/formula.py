"""How a category's size comes about: a formula in the model's own sizes that gives exactly what was counted.

GPT-2's attention, for one, is `L × (4d² + 4d)`. A formula is made from the shapes of the tensors, each dimension being
replaced by the symbol that has its length. Lengths without a symbol stand in the formula as numbers where the caller
allows it and the formula stays short; otherwise there is no formula.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from math import prod
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
# Finds the symbols in a formula's text. Letters within words and names, such as gpt2-s and bert_L-12, are none.
_SYMBOLS = re.compile(rf"(?<![^\W\d])(?<!['’/.-])[{''.join(MEANINGS)}]+(?![^\W²³]|-|/\D)")
_FORMULAS_FOR = {"attention", "mlp", "mixer", "router", "norm", "embedding", "head", "adapter"}
_MAX_FACTOR = 16
# A formula with numbers in it is given up if it has more terms, or larger multiples of the width, than these.
_MAX_TERMS, _MAX_TIMES = 12, 8


class Summand(NamedTuple):
    """What layers of one kind hold together, or what lies outside of the layers.

    Attributes:
        times: the number of those layers; 1 outside of the layers.
        symbol: `L` where they are all the layers of the model, else "".
        where: what stands before a layer's number in the tensors' names, `transformer.h.`; "" outside of the layers.
        each: what one layer holds.
        layers: the paths of those layers; none outside.
    """

    times: int
    symbol: str
    where: str
    each: Polynomial
    layers: frozenset[str]


class Formula(NamedTuple):
    """A category's size as a sum.

    Attributes:
        summands: what is added up.
        sizes: what each symbol in them stands for.
    """

    summands: list[Summand]
    sizes: dict[str, int]

    @property
    def value(self) -> int:
        """The number of parameters that the formula gives."""
        return sum(summand.times * summand.each.value(self.sizes) for summand in self.summands)

    def text(self) -> str:
        """`L × (4d² + 4d)`."""
        return " + ".join(
            _times(summand.symbol or summand.times, summand.each.text(), summand) for summand in self.summands
        )

    def with_numbers(self) -> str:
        """`12 × (4 × 768² + 4 × 768)`."""
        return " + ".join(
            _times(summand.times, summand.each.with_numbers(self.sizes), summand) for summand in self.summands
        )

    def sums(self) -> str:
        """`12 × 2,362,368`."""
        values = [(summand.times, summand.each.value(self.sizes)) for summand in self.summands]
        return " + ".join(f"{value:,}" if times == 1 else f"{times:,} × {value:,}" for times, value in values)

    def symbols(self) -> list[tuple[str, int, str]]:
        """Each symbol of `text()`, its size, what it is."""
        used = {symbol for summand in self.summands for symbol in summand.each.symbols | ({summand.symbol} - {""})}
        return [(symbol, self.sizes[symbol], meaning) for symbol, meaning in MEANINGS.items() if symbol in used]


def legend(*texts: str) -> str:
    """What the symbols in some formulas stand for: `L: layers; d: hidden size, the width of the model`."""
    used = set("".join(symbols for text in texts for symbols in _SYMBOLS.findall(text)))
    return "; ".join(f"{symbol}: {meaning}" for symbol, meaning in MEANINGS.items() if symbol in used)


def _times(times: str | int, each: str, summand: Summand) -> str:
    if times == 1:
        return each
    shown = f"{times:,}" if isinstance(times, int) else times
    return f"{shown} × ({each})" if len(summand.each.terms) > 1 else f"{shown} × {each}"


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
    if category == "convolution":
        return _kernel_formula([tensor for tensor in tensors if tensor.category == category])
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
    summands = []
    for (stack, layers), polynomials in sums.items():
        times = len(layers) or 1
        symbol = "L" if layers and times == sizes.get("L") else ""
        summands.append(Summand(times, symbol, stack, total(polynomials), layers))
    # The layers come first, the most frequent kind of them before the others.
    summands.sort(key=lambda summand: (not summand.where, -summand.times))
    formula = Formula(summands, sizes)
    if nameless and sum(len(summand.each.terms) for summand in summands) > _MAX_TERMS:
        return None
    counted = sum(tensor.parameters * tensor.tensor_count for tensor in tensors if tensor.category == category)
    return formula if formula.value == counted else None


def _kernel_formula(tensors: Iterable[Repeated]) -> Formula | None:
    """Kernels as `9 × 2,654,208 + 400`: the points of a kernel times its pairs of channels, in and out.

    A network of convolutions has no width of its own, so that lengths stand in it as numbers. Biases, and kernels of
    one point, are the last summand.
    """
    pairs: Counter[int] = Counter()
    for tensor in tensors:
        points = prod(tensor.shape[2:]) or 1
        pairs[points] += tensor.parameters * tensor.tensor_count // points
    if not pairs or len(pairs) > _MAX_TERMS:
        return None
    each = sorted(pairs.items(), reverse=True)
    return Formula([Summand(points, "", "", Polynomial.number(count), frozenset()) for points, count in each], {})


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
        # A table has a row for each token or position, even where there happen to be as many as the model is wide.
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
    """How each length is written that a dimension of such a tensor may have; of equal ones the first candidate wins."""
    if category == "attention":
        candidates = _attention_lengths(tensor, sizes)
    elif category == "mlp":
        candidates = _mlp_lengths(tensor, sizes)
    elif category == "router":
        candidates = _products(("E", "d"), sizes)
    elif category == "norm":
        candidates = _products("dhqkrc", sizes)
    elif category in {"mixer", "adapter"}:
        candidates = _products("d", sizes)
    else:
        is_of_positions = "pos" in tensor.name or "wpe" in tensor.name
        candidates = _products("nVd" if is_of_positions else "Vnd", sizes)
    lengths: dict[int, Polynomial] = {}
    for polynomial in candidates:
        lengths.setdefault(polynomial.value(sizes), polynomial)
    return lengths


def _products(texts: Iterable[str], sizes: dict[str, int]) -> list[Polynomial]:
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
    candidates = _products((*"dqkrczw", *("Hh" if "sink" in tensor.name else "hH")), sizes)
    queries, keys = (symbol if symbol in sizes else "d" for symbol in "qk")
    if "t" in sizes:
        candidates.append(Polynomial.of("c") + Polynomial.of("t"))
    return [*candidates, Polynomial.of(queries) + Polynomial.of(keys, 2), Polynomial.of(keys, 2)]


def _mlp_lengths(tensor: Repeated, sizes: dict[str, int]) -> list[Polynomial]:
    is_routed = is_routed_expert(tensor.template)
    inner = "s" if is_shared_expert(tensor.template) else "g" if is_routed else "f"
    inner = inner if inner in sizes else "f"
    # Where neither numbers nor a dimension in front tell the experts apart, any dimension may be their number.
    has_own_dimension = is_numbered_expert(tensor.template) or _is_stack(tensor, sizes)
    candidates = _products(("d", "E") if is_routed and not has_own_dimension else "d", sizes)
    if inner in sizes:
        # Most MLPs are as wide as the model or four times as wide; a gate and an up projection in one are twice that.
        usual = {sizes["d"]: ("d", "2d", "Ed"), 4 * sizes["d"]: ("4d", "8d", "4Ed")}
        candidates += _products(usual.get(sizes[inner], (inner, f"2{inner}", f"E{inner}")), sizes)
    return candidates

"""Sums of products of sizes, such as 4d² + 4d: how a category's size is written and worked out.

A size that has no name stands as its number: `d × 10,576`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

_EXPONENTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Numbers of things stand before widths: `Edf`, `Vd`.
_ORDER = "LEVnHdqkrctzwfgsh"


def _place(symbol: str) -> tuple[int, int]:
    return (len(_ORDER), -int(symbol)) if symbol.isdecimal() else (_ORDER.index(symbol), 0)


class Polynomial:
    """Whole coefficients by products of symbols, each product sorted: `{("d", "d"): 4, ("d", "10576"): 1}`."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[tuple[str, ...], int]) -> None:
        self.terms = {symbols: n for symbols, n in terms.items() if n}

    @classmethod
    def of(cls, symbol: str, times: int = 1) -> Polynomial:
        """A symbol, some times; a size without a name is its digits."""
        return cls({(symbol,): times})

    @classmethod
    def number(cls, value: int) -> Polynomial:
        """A number without a symbol."""
        return cls({(): value})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for symbols, n in other.terms.items():
            terms[symbols] = terms.get(symbols, 0) + n
        return Polynomial(terms)

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[tuple[str, ...], int] = {}
        for left, n in self.terms.items():
            for right, m in other.terms.items():
                symbols = tuple(sorted(left + right, key=_place))
                terms[symbols] = terms.get(symbols, 0) + n * m
        return Polynomial(terms)

    @property
    def symbols(self) -> set[str]:
        """All names that stand in it."""
        return {symbol for symbols in self.terms for symbol in symbols if not symbol.isdecimal()}

    def value(self, sizes: Mapping[str, int]) -> int:
        """What it comes to."""
        return sum(n * prod(_size(symbol, sizes) for symbol in symbols) for symbols, n in self.terms.items())

    def text(self) -> str:
        """`4d² + 4d`."""
        return self._written(lambda symbol: f"{int(symbol):,}" if symbol.isdecimal() else symbol, "")

    def with_numbers(self, sizes: Mapping[str, int]) -> str:
        """`4 × 768² + 4 × 768`."""
        return self._written(lambda symbol: f"{_size(symbol, sizes):,}", " × ")

    def _written(self, show: Callable[[str], str], times: str) -> str:
        shown = []
        for symbols in sorted(self.terms, key=lambda symbols: (-len(symbols), [_place(s) for s in symbols])):
            n = self.terms[symbols]
            factors = [f"{n:,}"] if n != 1 or not symbols else []
            for symbol in dict.fromkeys(symbols):
                power = symbols.count(symbol)
                factors.append(show(symbol) + (str(power).translate(_EXPONENTS) if power > 1 else ""))
            # Digits beside digits would be another number.
            shown.append((" × " if any(map(str.isdecimal, symbols)) else times).join(factors))
        return " + ".join(shown) or "0"


def _size(symbol: str, sizes: Mapping[str, int]) -> int:
    return int(symbol) if symbol.isdecimal() else sizes[symbol]


def total(polynomials: Iterable[Polynomial]) -> Polynomial:
    """The sum of many."""
    result = Polynomial({})
    for polynomial in polynomials:
        result += polynomial
    return result

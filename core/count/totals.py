"""Sums of counted tensors. They conserve: what is added to one category is added to the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.checkpoint.tensors import Uncounted
from core.classify.groups import Meaning, TensorGroup

if TYPE_CHECKING:
    pass


NOT_COUNTED = ("buffer", "tied", "quantization", "optimizer")


# Plain classes here and in the other modules that every count needs: importing dataclasses takes 10 ms.


class Tally:
    """What some tensors hold: parameters, of which weights and biases; tensors; bytes in the file."""

    __slots__ = ("biases", "bytes", "parameters", "tensor_count", "weights")

    def __init__(
        self, parameters: int = 0, weights: int = 0, biases: int = 0, tensor_count: int = 0, bytes: int = 0
    ) -> None:
        self.parameters = parameters
        self.weights = weights
        self.biases = biases
        self.tensor_count = tensor_count
        self.bytes = bytes

    def _figures(self) -> tuple[int, ...]:
        return self.parameters, self.weights, self.biases, self.tensor_count, self.bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self._figures() == other._figures()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Tally{self._figures()}"

    def add(self, other: Tally) -> None:
        """Adds another tally to this one."""
        self.parameters += other.parameters
        self.weights += other.weights
        self.biases += other.biases
        self.tensor_count += other.tensor_count
        self.bytes += other.bytes


class Totals:
    """Tallies by category, and beside them by role what is not counted.

    `of_which` has for some categories what of their parameters is told apart: queries and keys, experts, kinds of
    norms; see `core.of_which`. The bytes of quantisation data are in both: in the category whose weights they belong
    to, since it takes them, and in `not_counted`; a category may have nothing else, and no parameters.
    """

    __slots__ = ("categories", "not_counted", "of_which")

    def __init__(self) -> None:
        self.categories: dict[str, Tally] = {}
        self.not_counted: dict[str, Uncounted] = {}
        self.of_which: dict[str, dict[str, int]] = {}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Totals)
            and self.categories == other.categories
            and self.not_counted == other.not_counted
            and self.of_which == other.of_which
        )

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def whole(self) -> Tally:
        """All categories together."""
        return summed(self.categories.values())

    @property
    def parameters(self) -> int:
        """Parameters of all categories."""
        return sum(tally.parameters for tally in self.categories.values())

    @property
    def stored_count(self) -> int:
        """All tensors, counted or not."""
        return self.whole.tensor_count + sum(left.tensor_count for left in self.not_counted.values())

    def add(self, other: Totals) -> None:
        """Adds another model part's totals to these."""
        for category, tally in other.categories.items():
            self.categories.setdefault(category, Tally()).add(tally)
        for role, left in other.not_counted.items():
            self.not_counted.setdefault(role, Uncounted()).add(left)
        for category, parts in other.of_which.items():
            if category in self.of_which:
                self.tell_apart(category, parts.items(), 1)
            else:
                self.of_which[category] = parts.copy()

    def tell_apart(self, category: str, parts: Iterable[tuple[str, int]], times: int) -> None:
        """Adds to what is told apart in a category: names, each with its parameters, so many times."""
        known = self.of_which.setdefault(category, {})
        for name, parameters in parts:
            known[name] = known.get(name, 0) + parameters * times


def summed(tallies: Iterable[Tally]) -> Tally:
    """One tally of many."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def add_tensor(totals: Totals, meaning: Meaning, nbytes: int) -> None:
    """Adds one tensor to totals."""
    _add(totals, meaning, nbytes, 1)


def _add(totals: Totals, meaning: Meaning, nbytes: int, count: int) -> None:
    taken = nbytes * count
    if meaning.role == "parameter":
        parameters = meaning.parameters * count
        weights = 0 if meaning.kind == "bias" else parameters
        tally = Tally(parameters, weights, parameters - weights, count, taken)
        totals.categories.setdefault(meaning.category, Tally()).add(tally)
        if meaning.of_which:
            totals.tell_apart(meaning.category, meaning.of_which, count)
        return
    left = Uncounted(meaning.elements * count, count, taken)
    totals.not_counted.setdefault(meaning.role, Uncounted()).add(left)
    if meaning.role == "quantization":
        totals.categories.setdefault(meaning.category, Tally()).bytes += taken


def add_group(totals: Totals, group: TensorGroup) -> None:
    """Adds all tensors of a group to totals."""
    if group.meaning:
        _add(totals, group.meaning, group.tensor.nbytes, group.count)

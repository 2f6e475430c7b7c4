"""Sums of counted tensors. They conserve: what is added to one category is added to the model."""

from __future__ import annotations

from collections.abc import Iterable

from core.checkpoint.record import Record
from core.checkpoint.uncounted import Uncounted
from core.classify.groups import Classification, TensorGroup
from core.classify.roles import Role

NOT_COUNTED: tuple[Role, ...] = ("buffer", "tied", "quantization", "beside_model")


# Plain classes here and in the other modules that every count needs: importing dataclasses takes 10 ms.


class Tally(Record):
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

    def add(self, other: Tally) -> None:
        """Adds another tally to this one."""
        self.parameters += other.parameters
        self.weights += other.weights
        self.biases += other.biases
        self.tensor_count += other.tensor_count
        self.bytes += other.bytes


class Totals:
    """Tallies by category, and by role what is not counted.

    `breakdown` has for some categories what of their parameters is told apart: queries and keys, experts, kinds of
    norms; see `core.classify.breakdown`. The bytes of quantisation data are in both: in the category whose weights they
    belong to, since it takes them, and in `not_counted`; a category may have nothing else, and no parameters.
    """

    __slots__ = ("breakdown", "categories", "not_counted")

    def __init__(self) -> None:
        self.categories: dict[str, Tally] = {}
        self.not_counted: dict[Role, Uncounted] = {}
        self.breakdown: dict[str, dict[str, int]] = {}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Totals)
            and self.categories == other.categories
            and self.not_counted == other.not_counted
            and self.breakdown == other.breakdown
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
        for category, items in other.breakdown.items():
            if category in self.breakdown:
                self.tell_apart(category, items.items(), 1)
            else:
                self.breakdown[category] = items.copy()

    def tell_apart(self, category: str, items: Iterable[tuple[str, int]], times: int) -> None:
        """Adds to what is told apart in a category: names, each with its parameters, so many times."""
        named = self.breakdown.setdefault(category, {})
        for name, parameters in items:
            named[name] = named.get(name, 0) + parameters * times


def summed(tallies: Iterable[Tally]) -> Tally:
    """One tally of many."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def add_tensor(totals: Totals, classification: Classification, nbytes: int) -> None:
    """Adds one tensor to totals."""
    _add(totals, classification, nbytes, 1)


def _add(totals: Totals, classification: Classification, nbytes: int, count: int) -> None:
    taken = nbytes * count
    if classification.role == "parameter":
        parameters = classification.parameters * count
        weights = 0 if classification.kind == "bias" else parameters
        tally = Tally(parameters, weights, parameters - weights, count, taken)
        totals.categories.setdefault(classification.category, Tally()).add(tally)
        if classification.breakdown:
            totals.tell_apart(classification.category, classification.breakdown, count)
        return
    left = Uncounted(classification.elements * count, count, taken)
    totals.not_counted.setdefault(classification.role, Uncounted()).add(left)
    if classification.role == "quantization":
        totals.categories.setdefault(classification.category, Tally()).bytes += taken


def add_group(totals: Totals, group: TensorGroup) -> None:
    """Adds all tensors of a group to totals."""
    if group.classification:
        _add(totals, group.classification, group.tensor.nbytes, group.count)

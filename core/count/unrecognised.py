"""Names that no rule recognises."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.checkpoint.record import Record
from core.classify.groups import TensorGroup
from core.count.totals import Totals

_MIN_SHARE = 0.01


class UnrecognisedName(Record):
    """Tensors of the category other whose names differ in digits only: `layers.N.gamma`, where there are several."""

    __slots__ = ("name", "parameters", "tensor_count")

    def __init__(self, name: str, tensor_count: int = 0, parameters: int = 0) -> None:
        self.name = name
        self.tensor_count = tensor_count
        self.parameters = parameters


def unrecognised_in(groups: Iterable[TensorGroup], totals: Totals) -> list[UnrecognisedName]:
    """What the category other holds, the largest first; nothing where it is 1 % of the parameters or less.

    Args:
        groups: all tensors of a model.
        totals: of the model.
    """
    other = totals.categories.get("other")
    if not other or other.parameters <= _MIN_SHARE * totals.parameters:
        return []
    found: dict[str, UnrecognisedName] = {}
    for group in groups:
        classification = group.classification
        if classification and classification.category == "other" and classification.parameters:
            each = found.setdefault(group.template, UnrecognisedName(group.tensor.name))
            each.tensor_count += group.count
            each.parameters += classification.parameters * group.count
    ordered = sorted(found.values(), key=lambda other: -other.parameters)
    return [each if each.tensor_count == 1 else each.replaced(name=_pattern(each.name)) for each in ordered]


def _pattern(name: str) -> str:
    """A name for all that differ from it in digits; a model's own name (`wav2vec2`) keeps its digits.

    Where no other digits follow, its own are what differs: `convN.weight`.
    """
    first, dot, rest = name.partition(".")
    pattern = re.sub(r"\d+", "N", rest)
    return re.sub(r"\d+", "N", name) if first.isdigit() or pattern == rest else first + dot + pattern

"""Names that no rule recognises."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from core.classify.groups import TensorGroup
from core.count.totals import Totals

_MIN_SHARE = 0.01


class UnrecognisedName(NamedTuple):
    """Tensors of the category other whose names differ in digits only: `layers.N.gamma`, where there are several."""

    name: str
    tensor_count: int
    parameters: int


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
            name, count, parameters = found.get(group.template, UnrecognisedName(group.tensor.name, 0, 0))
            more = classification.parameters * group.count
            found[group.template] = UnrecognisedName(name, count + group.count, parameters + more)
    ordered = sorted(found.values(), key=lambda other: -other.parameters)
    return [each if each.tensor_count == 1 else each._replace(name=_pattern(each.name)) for each in ordered]


def _pattern(name: str) -> str:
    """A name for all that differ from it in digits; a model's own name (`wav2vec2`) keeps its digits.

    Where no other digits follow, its own are what differs: `convN.weight`.
    """
    first, dot, rest = name.partition(".")
    pattern = re.sub(r"\d+", "N", rest)
    return re.sub(r"\d+", "N", name) if first.isdigit() or pattern == rest else first + dot + pattern

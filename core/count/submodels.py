"""The parts of a model that has several: vision tower and text model, encoder and decoder, a detector's backbone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.classify.groups import TensorGroup
from core.count.totals import Totals, add_group
from core.naming.layers import BESIDE_TEXT_LAYERS, Layers
from core.naming.template import template_of

Path = tuple[str, ...]

# Of a part with so much of the model the parts are asked for in turn.
_NEARLY_ALL_SHARE = 0.9
_MAX_SUBMODELS = 1000
"""No model has more; names in a hostile file may all begin unlike."""


Submodel = tuple[str, Totals]
"""One part: the name that its module has in the file, and the totals of all in it."""


def submodels_of(groups: Collection[TensorGroup], layers: Layers, parameters: int) -> list[Submodel]:
    """The parts of a model, in its order; none where it is one stack of layers.

    A model has parts where its layers lie in several modules, or in a backbone. A part is what these modules' paths
    first differ in; what lies beside them (a projector, a head) is a part of its own.

    Args:
        groups: all tensors of the model.
        layers: its layers.
        parameters: how many it has.
    """
    above = _common(layers.heads)
    if len(layers.heads) == 1:
        above = _before_backbone(above)
    while True:
        inner = [head for head in layers.heads if head[: len(above)] == above and head != above]
        if len(layers.heads) < 2 and not inner:
            return []
        found = _split(groups, above, set(layers.heads))
        parts = [(name, totals) for name, totals in found.items() if totals.parameters]
        largest = max(parts, key=lambda part: part[1].parameters, default=None)
        if not largest or largest[1].parameters < _NEARLY_ALL_SHARE * parameters:
            break
        below = {head for head in inner if head[len(above)] == largest[0]}
        if len(below) < 2:
            break
        above = _common(below)
    return parts if len(parts) > 1 else []


def stored_submodels(groups: Collection[TensorGroup], names: Sequence[str]) -> list[Submodel]:
    """The parts that the file or folder itself stores one by one, in its order; what is in none as `(the rest)`.

    Args:
        groups: all tensors of the model.
        names: of the parts, with which the names of their tensors begin.
    """
    # Groups are of names without digits, so that parts which differ in digits alone are shown as one.
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(template_of(f"{name}."), []).append(name)
    found = {beginning: Totals() for beginning in alike}
    rest = Totals()
    for group in groups:
        add_group(next((found[start] for start in found if group.template.startswith(start)), rest), group)
    parts = [(", ".join(alike[start]), totals) for start, totals in found.items()]
    return [(name, totals) for name, totals in [*parts, ("(the rest)", rest)] if totals.parameters]


def _split(groups: Collection[TensorGroup], above: Path, heads: set[Path]) -> dict[str, Totals]:
    """All tensors by the module in which their names first leave a path."""
    depth = len(above)
    inside = {head[depth] for head in heads if head[:depth] == above and head != above}
    # Layers that lie in the path itself: all beside them is theirs, but for other parts.
    shared = above in heads
    found: dict[str, Totals] = {}
    for group in groups:
        names = group.tensor.name.split(".", depth + 1)
        at = 0
        while at < depth and at < len(names) - 1 and names[at] == above[at]:
            at += 1
        name = names[at] if at < len(names) else ""
        if (
            shared
            and at == depth
            and name not in inside
            and not any(word in name.lower() for word in BESIDE_TEXT_LAYERS)
        ):
            name = above[-1] if above else "(the rest)"
        add_group(found.setdefault(name, Totals()), group)
        if len(found) > _MAX_SUBMODELS:
            return {}
    return found


def _common(heads: set[Path]) -> Path:
    """The path that all of some paths begin with."""
    if not heads:
        return ()
    first, last = min(heads), max(heads)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]


def _before_backbone(head: Path) -> Path:
    """The path above a backbone that is a model of its own; Mamba calls what directly holds its layers so."""
    return head[: head.index("backbone")] if "backbone" in head[:-1] else head

"""A count in a line, and what is to be said beside it."""

from __future__ import annotations

from collections.abc import Iterator

from core.counter import Count
from core.escape import escaped
from core.formats import exact, plural, size
from core.totals import NOT_COUNTED, Uncounted

_ROLES = {
    "buffer": "buffers (not trained)",
    "tied": "tied copies",
    "quantization": "quantisation data",
    "optimizer": "optimizer state",
}


def summary(count: Count, dot: str) -> str:
    """Architecture, parameters, active parameters where fewer, tensors and size, with a dot between."""
    whole = count.totals.whole
    parts = [escaped(count.architecture or ""), f"{exact(whole.parameters)} parameters"]
    active = count.active_parameters
    if active is not None and active != whole.parameters:
        parts.append(f"{exact(active)} active")
    parts += [plural(whole.tensor_count, "tensor"), size(whole.bytes)]
    return f" {dot} ".join(part for part in parts if part)


def remarks(count: Count) -> Iterator[str]:
    """What is stored and not counted, a sentence a role, then the notes."""
    for role in NOT_COUNTED:
        if left := count.totals.not_counted.get(role):
            yield f"not counted, {left_text(role, left)}"
    for note in count.notes:
        yield f"note: {note}"


def left_text(role: str, left: Uncounted) -> str:
    """`buffers (not trained): 12,582,912 elements in 12 tensors, 50.3 MB`."""
    elements, tensors = plural(left.elements, "element"), plural(left.tensor_count, "tensor")
    return f"{_ROLES[role]}: {elements} in {tensors}, {size(left.bytes)}"

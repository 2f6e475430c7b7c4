"""A count in a line, and what is to be said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.checkpoint.uncounted import Uncounted
from core.classify.category import ROLES
from core.classify.roles import Role
from core.count.counter import Count
from core.count.totals import NOT_COUNTED, Totals
from core.text.escape import escaped
from core.text.numbers import amount, exact, plural, short, size
from core.text.width import cells

if TYPE_CHECKING:
    from core.count.module_count import ModuleCount


def summary(count: Count | ModuleCount, dot: str, room: int = 0) -> str:
    """Architecture, parameters, active parameters where fewer, tensors and size, with a dot between.

    Args:
        count: the model, or one of its modules.
        dot: the dot.
        room: how long it may be; what matters least is shortened and left out first. 0 for as long as it likes.
    """
    whole, active = count.totals.whole, count.active_parameters
    architecture = escaped(count.architecture or "")
    parameters, tensors = f"{exact(whole.parameters)} parameters", tensors_text(count.totals)
    fewer = active is not None and active != whole.parameters
    active_exact, active_short = (f"{number(active or 0)} active" if fewer else "" for number in (exact, short))
    wordings = (
        (architecture, parameters, active_exact, tensors, size(whole.bytes)),
        (architecture, parameters, active_short, tensors, size(whole.bytes)),
        (architecture, parameters, active_short, size(whole.bytes)),
        (parameters, active_short, size(whole.bytes)),
        (parameters,),
        (f"{short(whole.parameters)} parameters",),
    )
    texts = [f" {dot} ".join(part for part in wording if part) for wording in wordings]
    return next((text for text in texts if not room or cells(text) <= room), texts[-1])


def tensors_text(totals: Totals) -> str:
    """How many tensors hold parameters, and of how many where not all do: `45,337 of 90,427 tensors`."""
    counted, stored = totals.whole.tensor_count, totals.stored_count
    return plural(stored, "tensor") if counted == stored else f"{exact(counted)} of {plural(stored, 'tensor')}"


def remarks(count: Count | ModuleCount) -> Iterator[str]:
    """What is stored and not counted, a sentence a role, then the notes."""
    for role in NOT_COUNTED:
        if left := count.totals.not_counted.get(role):
            yield f"not counted, {left_text(role, left)}"
    for note in count.notes:
        yield f"note: {note}"


def left_text(role: Role, left: Uncounted) -> str:
    """`buffers (not trained): 12,582,912 elements in 12 tensors, 50.3 MB`."""
    return f"{ROLES[role].explained}: {amount(left.elements, left.tensor_count, left.bytes)}"

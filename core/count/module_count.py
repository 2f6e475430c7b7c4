"""What one module of a counted checkpoint holds, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.count.counter import Count
from core.count.totals import Totals


class ModuleCount(NamedTuple):
    """One module of a counted checkpoint: what it holds, and what its checkpoint is.

    Attributes:
        model: the checkpoint, as the user typed it, and the module's path.
        source: where the checkpoint is.
        format: the checkpoint's.
        architecture: the class that the checkpoint's config names first.
        totals: the tensors of the module.
        notes: what a reader of the checkpoint's figures should know, a sentence each.
        complete: whether the checkpoint is a whole model.
        active_parameters: None, as a config tells it of whole models only.
    """

    model: str
    source: str
    format: str
    architecture: str | None
    totals: Totals
    notes: Sequence[str]
    complete: bool
    active_parameters: None = None


def module_count(count: Count, path: str, totals: Totals) -> ModuleCount:
    """The figures of a module.

    Args:
        count: the checkpoint's.
        path: the module's.
        totals: what the module holds.
    """
    source = count.source
    model = f"{source.model}: {path}"
    return ModuleCount(model, source.source, source.format, count.architecture, totals, count.notes, count.complete)

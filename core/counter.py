"""Counting a checkpoint: stored tensors in, categorised totals out, at any time in between too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import NamedTuple

from core.experts import active_parameters
from core.meaning import TensorGroup, interpret, skeleton_of
from core.roles import Siblings, tied_to
from core.stored import Progress, Reader, Source, StoredTensor
from core.totals import Totals

SNAPSHOT_SECONDS = 0.05


class Count(NamedTuple):
    """A whole checkpoint, counted.

    Attributes:
        source: what was read.
        totals: all its tensors.
        active_parameters: those used for one token; None where the config does not say.
        tensors: its tensors in the order they were read.
        groups: the group of each of them.
        notes: what a reader of the figures should know, a sentence each.
    """

    source: Source
    totals: Totals
    active_parameters: int | None
    tensors: list[StoredTensor]
    groups: list[TensorGroup]
    notes: list[str]

    @property
    def architecture(self) -> str | None:
        """The class that the config names first, such as `GPT2LMHeadModel`."""
        names = self.source.config.get("architectures")
        return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else None


class Snapshot(NamedTuple):
    """A count under way: whole totals of what was read so far."""

    totals: Totals
    progress: Progress
    tensor_count: int


class ParameterCounter:
    """Sorts stored tensors into groups and sums them.

    Attributes:
        source: what is read.
        tensors: the tensors so far.
        groups: the group of each of them.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tensors: list[StoredTensor] = []
        self.groups: list[TensorGroup] = []
        self._known: dict[tuple[str, tuple[int, ...], str, bool], TensorGroup] = {}
        self._storages: set[object] = set()

    def add(self, tensors: list[StoredTensor]) -> None:
        """Takes some more tensors."""
        known, groups = self._known, self.groups
        for tensor in tensors:
            name, shape, dtype, _, _, storage = tensor
            copy = False
            if storage is not None:
                copy = (storage, shape) in self._storages
                self._storages.add((storage, shape))
            skeleton = skeleton_of(name)
            group = known.get((skeleton, shape, dtype, copy))
            if group is None:
                group = known[skeleton, shape, dtype, copy] = TensorGroup(skeleton, tensor, copy)
            group.count += 1
            groups.append(group)
        self.tensors += tensors

    def totals(self) -> Totals:
        """The totals of all tensors so far, by what the names so far tell."""
        if any(group.meaning is None for group in self._known.values()):
            interpret(self._known.values(), self.source.config)
        totals = Totals()
        for group in self._known.values():
            group.add_to(totals)
        return totals

    def count(self) -> Count:
        """The result, once all tensors are in."""
        known = list(self._known.values())
        interpret(known, self.source.config)
        totals = self.totals()
        notes = [*self.source.notes, *self._tie_notes(known)]
        if not self.tensors:
            notes.append("there is not one tensor in it")
        active = active_parameters(known, self.source.config, totals.parameters)
        return Count(self.source, totals, active, self.tensors, self.groups, notes)

    def _tie_notes(self, known: list[TensorGroup]) -> Iterator[str]:
        siblings = Siblings.of([(group.skeleton, group.tensor) for group in known], self.source.config)
        for group in known:
            if group.meaning and group.meaning.role == "tied":
                other = tied_to(group.skeleton, group.tensor, siblings)
                yield f"{group.tensor.name} is tied to {other or 'an earlier tensor'}: counted once"


def count(reader: Reader) -> Count:
    """Counts a checkpoint without stopping on the way.

    Raises:
        CheckpointError: where it cannot be read.
    """
    counter = ParameterCounter(reader.source)
    for tensors, _ in reader.batches():
        counter.add(tensors)
    return counter.count()


def count_stepwise(reader: Reader, cancelled: Callable[[], bool]) -> Iterator[Snapshot | Count]:
    """Counts a checkpoint, with snapshots on the way, at most 20 a second, and the count as the last.

    Args:
        reader: the checkpoint.
        cancelled: asked at every batch; the work ends without a count once it is true.

    Raises:
        CheckpointError: where it cannot be read.
    """
    counter = ParameterCounter(reader.source)
    next_time = monotonic()
    for tensors, progress in reader.batches():
        if cancelled():
            return
        counter.add(tensors)
        if monotonic() >= next_time:
            yield Snapshot(counter.totals(), progress, len(counter.tensors))
            next_time = monotonic() + SNAPSHOT_SECONDS
    if not cancelled():
        yield counter.count()

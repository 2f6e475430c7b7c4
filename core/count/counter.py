"""Counting a checkpoint: stored tensors in, categorised totals out, at any time in between too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from time import monotonic

from core.checkpoint.source import Progress, Reader, Source
from core.checkpoint.tensors import StoredTensor, TensorBatch, may_collide
from core.checkpoint.uncounted import Uncounted
from core.classify.classification import classify
from core.classify.groups import Classification, TensorGroup
from core.classify.sequential_biases import dimensions_of_weights
from core.count.active_parameters import active_parameters
from core.count.notes import notes_of, ungathered
from core.count.totals import Totals, add_group
from core.naming.speculative import marked, prefixes
from core.naming.template import templates_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from core.classify.user_rules import Rules
    from core.count.submodels import Submodel
    from core.count.unrecognised import UnrecognisedName
    from core.naming.layers import Layers

SNAPSHOT_SECONDS = 0.05


GroupKey: TypeAlias = "tuple[Any, ...]"
"""By what tensors are one group: a name without digits, the shape and the dtype or a layout that stands for both, and
what else tells tensors of a batch apart, where there is anything.

That is of a copy the tensor that it repeats, whether the format says that it is a parameter, the category by rules
given, and of a bias how many dimensions its weight has.
"""
GroupedBatch = tuple[TensorBatch, Sequence[TensorGroup]]
"""Some tensors, and the group of each."""


class Count:
    """A whole checkpoint, counted.

    Attributes:
        source: what was read.
        totals: all its tensors.
        active_parameters: those used for one token; None where the config does not say.
        notes: what a reader of the figures should know, a sentence each.
        groups: its tensors by what they mean.
        complete: whether it is a whole model, not one shard, one slice of several, or what an ungathered save left.
    """

    def __init__(  # noqa: PLR0917  # each is a result of its own
        self,
        source: Source,
        totals: Totals,
        active_parameters: int | None,
        notes: list[str],
        groups: Sequence[TensorGroup],
        batches: Sequence[GroupedBatch],
        complete: bool,
    ) -> None:
        self.source = source
        self.totals = totals
        self.active_parameters = active_parameters
        self.notes = notes
        self.groups = groups
        self.complete = complete
        self._batches = batches

    @property
    def stored_count(self) -> int:
        """How many tensors are stored, of whatever role."""
        return sum(group.count for group in self.groups)

    def tensors(self) -> Iterator[tuple[StoredTensor, Classification]]:
        """Every tensor in the order it was read, with what it means; none where they were not kept."""
        for batch, groups in self._batches:
            for tensor, group in zip(batch, groups):
                if classification := group.classification:
                    yield tensor, classification

    def files(self) -> dict[str, tuple[int, int]]:
        """How many tensors each file holds and the bytes they take, in their order; none where they were not kept."""
        held: dict[str, tuple[int, int]] = {}
        for batch, _ in self._batches:
            if name := batch.shard or batch.file:
                tensors, nbytes = held.get(name, (0, 0))
                held[name] = tensors + len(batch.names), nbytes + sum(batch.sizes)
        return held

    @cached_property
    def layers(self) -> Layers:
        """Which of its modules are layers."""
        from core.naming.layers import Layers

        return Layers(
            group.tensor.name
            for group in self.groups
            if not group.classification or group.classification.role != "beside_model"
        )

    @cached_property
    def submodels(self) -> list[Submodel]:
        """The towers and models that it consists of, with their totals; none where it is one model."""
        from core.count.submodels import stored_submodels, submodels_of

        if self.source.submodels:
            return stored_submodels(self.groups, self.source.submodels)
        return submodels_of(self.groups, self.layers, self.totals.parameters)

    @cached_property
    def unrecognised(self) -> list[UnrecognisedName]:
        """The names of the category other, the largest first, where it has more than 1 % of the parameters."""
        if "other" not in self.totals.categories:
            return []
        from core.count.unrecognised import unrecognised_in

        return unrecognised_in(self.groups, self.totals)

    @cached_property
    def dtypes(self) -> dict[str, Totals]:
        """The totals by dtype, see `core.count.dtype_totals`."""
        from core.count.dtype_totals import dtype_totals

        return dtype_totals(self.groups)

    @property
    def architecture(self) -> str | None:
        """The class that the config names first, such as `GPT2LMHeadModel`."""
        return self.source.config.architecture


class Snapshot:
    """A count under way: whole totals of what was read so far."""

    __slots__ = ("progress", "tensor_count", "totals")

    def __init__(self, totals: Totals, progress: Progress, tensor_count: int) -> None:
        self.totals = totals
        self.progress = progress
        self.tensor_count = tensor_count


class ParameterCounter:
    """Sorts stored tensors into groups and sums them.

    Attributes:
        source: what is known of the checkpoint so far.
        stored_count: how many tensors there are so far.
        rules: what is asked before the built-in rules.
    """

    def __init__(self, source: Source, keep_tensors: bool = True, rules: Rules | None = None) -> None:
        """
        Args:
            source: what is read.
            keep_tensors: whether the tensors themselves are wanted in the end, or their sums alone.
            rules: what is asked before the built-in rules.
        """
        self.source = source
        self.stored_count = 0
        self.rules = rules
        self._keep_tensors = keep_tensors
        self._batches: list[GroupedBatch] = []
        self._known: dict[GroupKey, TensorGroup] = {}
        self._storages: dict[tuple[Hashable, str], str] = {}

    def add(self, batch: TensorBatch) -> None:
        """Takes some more tensors, and what their reader learned with them."""
        self.source = self.source.with_learned(batch.learned)
        if not batch.names:
            return
        copies = None
        if batch.storages is not None:
            copies = list(map(self._original, batch.names, batch.storages, batch.shapes))
        known = self._known
        templates = self._templates(batch)
        told_apart = self._told_apart(batch, copies)
        counts = Counter(_keys(templates, batch, told_apart))
        weight_dimensions = dimensions_of_weights(templates, list(map(_template_and_shape, counts)), batch)
        if weight_dimensions:
            told_apart.append(weight_dimensions)
            counts = Counter(_keys(templates, batch, told_apart))
        new = counts.keys() - known.keys()
        for place, key in enumerate(_keys(templates, batch, told_apart) if new else ()):
            if key in new:
                group = known[key] = TensorGroup(key[0], batch.tensor(place), copies[place] if copies else None)
                group.weight_dimensions = weight_dimensions[place] if weight_dimensions else 0
                new.remove(key)
                if not new:
                    break
        for key, times in counts.items():
            known[key].count += times
        if self._keep_tensors:
            self._batches.append((batch, list(map(known.__getitem__, _keys(templates, batch, told_apart)))))
        self.stored_count += len(batch.names)

    def _original(self, name: str, storage: Hashable | None, shape: tuple[int, ...]) -> str | None:
        """The earlier tensor that has the same values; None where there is none, and this one is remembered."""
        if storage is None:
            return None
        before = len(self._storages)
        # The hash of a text cannot be foreseen, that of a shape can.
        first = self._storages.setdefault((storage, str(shape)), name)
        return None if len(self._storages) > before else first

    def _templates(self, batch: TensorBatch) -> list[str]:
        templates = templates_of(batch.names)
        if beginnings := prefixes(self.source.config):
            return marked(templates, batch.names, beginnings)
        return templates

    def _told_apart(self, batch: TensorBatch, copies: list[str | None] | None) -> list[Sequence[Hashable]]:
        """What tells tensors apart beside template, shape and dtype, in columns; none for most formats."""
        columns: list[Sequence[Hashable]] = [] if copies is None else [copies]
        if batch.are_parameters is not None:
            columns.append(batch.are_parameters)
        if batch.layouts is None and may_collide(batch.sizes, batch.shapes):
            # The hash of a text cannot be foreseen.
            columns.append(list(map(str, batch.shapes)))
        if self.rules:
            # A rule given may tell apart what differs in digits only.
            columns.append(list(map(self.rules.category_of, batch.names)))
        return columns

    def totals(self) -> Totals:
        """The totals of all tensors so far, by what the names so far tell."""
        if any(group.classification is None for group in self._known.values()):
            classify(self._known.values(), self.source.config, self.rules)
        totals = Totals()
        for group in self._known.values():
            add_group(totals, group)
        if self.source.beside.tensor_count:
            totals.not_counted.setdefault("beside_model", Uncounted()).add(self.source.beside)
        return totals

    def count(self) -> Count:
        """The result, once all tensors are in."""
        known = list(self._known.values())
        classify(known, self.source.config, self.rules)
        totals = self.totals()
        active = active_parameters(known, self.source.config, totals.parameters)
        piece = self.source.piece or ungathered(known)
        notes = [*([piece] if piece else []), *([self.rules.note] if self.rules else []), *self.source.notes]
        notes += notes_of(self.source, known, totals, active)
        return Count(self.source, totals, active, notes, known, self._batches, not piece)


def _keys(templates: Sequence[str], batch: TensorBatch, told_apart: Sequence[Sequence[Hashable]]) -> Iterator[GroupKey]:
    """By which group each tensor of a batch is found."""
    return zip(templates, batch.layouts or zip(batch.shapes, batch.dtypes), *told_apart)


def _template_and_shape(key: GroupKey) -> tuple[str, tuple[int, ...]]:
    layout = key[1]
    return key[0], layout[0] if isinstance(layout, tuple) else layout.shape


def count(reader: Reader, keep_tensors: bool = True, rules: Rules | None = None) -> Count:
    """Counts a checkpoint without stopping on the way.

    Args:
        reader: the checkpoint.
        keep_tensors: whether the tensors themselves are wanted in the end, or their sums alone.
        rules: what is asked before the built-in rules.

    Raises:
        CheckpointError: where it cannot be read.
    """
    counter = ParameterCounter(reader.source, keep_tensors, rules)
    for batch, _ in reader.batches():
        counter.add(batch)
    return counter.count()


def count_stepwise(
    reader: Reader, cancelled: Callable[[], bool], keep_tensors: bool = True, rules: Rules | None = None
) -> Iterator[Snapshot | Count]:
    """Counts a checkpoint, with snapshots on the way, at most 20 a second, and the count as the last.

    Args:
        reader: the checkpoint.
        cancelled: asked at every batch; the work ends without a count once it is true.
        keep_tensors: whether the tensors themselves are wanted in the end, or their sums alone.
        rules: what is asked before the built-in rules.

    Raises:
        CheckpointError: where it cannot be read.
    """
    counter = ParameterCounter(reader.source, keep_tensors, rules)
    next_time = monotonic()
    for batch, progress in reader.batches():
        if cancelled():
            return
        counter.add(batch)
        if not counter.stored_count and not progress.doing:
            continue  # what an index says before the first shard adds nothing to see
        if monotonic() >= next_time:
            began = monotonic()
            yield Snapshot(counter.totals(), progress, counter.stored_count)
            now = monotonic()
            # Where names are many and all unlike, totals take their time: a tenth of the whole at most.
            slow = now - began > SNAPSHOT_SECONDS / 10
            next_time = now + (10 * (now - began) if slow and SNAPSHOT_SECONDS else SNAPSHOT_SECONDS)
    if not cancelled():
        yield counter.count()

"""Numbered shards without an index or named alone: the whole where all are there, else what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable

from core.checkpoint.errors import AGAIN, CheckpointError
from core.checkpoint.source import Reader
from core.files.folder import Folder
from core.files.json_file import MAX_INDEX_BYTES, MAX_SHARDS, read_json_object
from core.files.shard_sets import ShardSet, set_of, shard_sets
from core.text.escape import escaped
from core.text.numbers import plural
from core.text.width import shortened

_MAX_INDEXES = 4
_MAX_NAMED_FILES = 4

OpenFiles = Callable[[list[str], str], Reader]
"""Gives the reader of some files, or of those that an index names, by their names and the index's."""


def one_set(source: str, folder: Folder, names: list[str], what: str, open_files: OpenFiles) -> list[str]:
    """The files of the one checkpoint that some files without an index are, in their order.

    Args:
        source: the folder, as an error names it.
        folder: where they lie.
        names: the files, all of one format.
        what: what they are: `safetensors files`.
        open_files: gives the reader of some of them.

    Raises:
        CheckpointError: where they are several checkpoints, or shards of one are missing.
    """
    sets = shard_sets(name for name in names if not _leads_nowhere(folder, name)) or [ShardSet(tuple(names))]
    chosen = sets[0] if len(sets) == 1 else _without_variants(sets)
    if chosen is None or (not chosen.told and _repeat(chosen, open_files)):
        raise several(source, names, what)
    if chosen.missing:
        raise _missing(folder, chosen)
    return list(chosen.files)


def several(source: str, names: list[str], what: str) -> CheckpointError:
    """What to say of a folder with several checkpoints: their names, of the shards of one the first."""
    firsts = [one.files[0] for one in shard_sets(names)]
    shown = firsts if len(firsts) > 1 else names
    listed = ", ".join(shortened(escaped(name), 80) for name in shown[:_MAX_NAMED_FILES])
    return CheckpointError(
        source,
        f"there are several {what}: {listed}" + (", …" if len(shown) > _MAX_NAMED_FILES else ""),
        advice="name one of them",
    )


def shard_alone(folder: Folder, name: str, ending: str, open_files: OpenFiles) -> Reader | None:
    """The reader of all shards of which one was named, or of that one as a piece; None where it is a whole file.

    Args:
        folder: where it lies.
        name: its name.
        ending: how the names of its format end.
        open_files: gives the reader of some files.
    """
    try:
        names = folder.names()
    except CheckpointError:
        return None
    if found := _of_index(folder, name, names, ending, open_files):
        return found
    one = set_of(name, [other for other in names if other.endswith(ending) and not _leads_nowhere(folder, other)])
    if one.total == 1 or not (one.told or (_is_padded(one) and not _repeat(one, open_files))):
        return None
    if one.missing:
        return _piece(folder, name, one.place(name), one.total, one.missing_text, open_files)
    reader = open_files(list(one.files), "")
    reader.source = reader.source.with_notes(_whole(name, len(one.files)))
    return reader


def _of_index(folder: Folder, name: str, names: list[str], ending: str, open_files: OpenFiles) -> Reader | None:
    """The same, where an index beside the file names it."""
    for index in [other for other in names if other.endswith(f"{ending}.index.json")][:_MAX_INDEXES]:
        shards = _promised(folder, index)
        if name not in shards or len(shards) < 2:
            continue
        missing = [shard for shard in shards if not folder.has(shard) or _leads_nowhere(folder, shard)]
        if missing:
            more = f" and {len(missing) - _MAX_NAMED_FILES:,} more" if len(missing) > _MAX_NAMED_FILES else ""
            text = ", ".join(missing[:_MAX_NAMED_FILES]) + more
            return _piece(folder, name, shards.index(name) + 1, len(shards), text, open_files)
        reader = open_files([], index)
        reader.source = reader.source.with_notes(_whole(name, len(shards)))
        return reader
    return None


def _promised(folder: Folder, index: str) -> list[str]:
    """The shards that an index names, sorted; none where it is no index or names too many, as its reader will say."""
    try:
        weight_map = read_json_object(folder, index, max_bytes=MAX_INDEX_BYTES).get("weight_map")
    except CheckpointError:
        return []
    values = weight_map.values() if isinstance(weight_map, dict) else ()
    shards = {shard for shard in values if isinstance(shard, str)}
    return sorted(shards) if len(shards) <= MAX_SHARDS else []


def _piece(folder: Folder, name: str, place: int, total: int, missing: str, open_files: OpenFiles) -> Reader:  # noqa: PLR0917
    reader = open_files([name], "")
    text = f"piece {place:,} of {total:,}: {name} alone is counted, the others are not all beside it"
    reader.source = reader.source.replaced(piece=f"{text} (missing: {missing})")
    return reader


def _whole(name: str, total: int) -> str:
    return f"{name} is one of {total:,} shards: all of them were read"


def _missing(folder: Folder, one: ShardSet) -> CheckpointError:
    count = one.total - len(one.files)
    others = f"as are {plural(count - 1, 'other')} of " if count > 1 else "one of "
    named = f" (missing: {one.missing_text})" if count > 1 else ""
    advice = f"{AGAIN}, or name one of its files to count that alone"
    return CheckpointError(
        folder.shown(one.missing[0]), f"missing, {others}{plural(one.total, 'shard')}{named}", advice=advice
    )


def _is_padded(one: ShardSet) -> bool:
    """Whether its numbers have zeros before them, which versions and sizes in names have not."""
    return all(any(f"{before}0" in name for before in "-_.") for name in one.files[:2])


def _repeat(one: ShardSet, open_files: OpenFiles) -> bool:
    """Whether the first two have tensors of the same names: then they are two models, or one at two times."""
    if len(one.files) < 2:
        return False
    try:
        first, second = (_names(open_files([name], "")) for name in one.files[:2])
    except CheckpointError:
        # What is wrong with one is said where that is named.
        return True
    return not first.isdisjoint(second)


def _names(reader: Reader) -> set[str]:
    return {name for batch, _ in reader.batches() for name in batch.names}


def _without_variants(sets: list[ShardSet]) -> ShardSet | None:
    """The set of which all others are variants, as that of `x.fp16-00001-of-00002` is of that of `x-00001-of-00002`."""
    for one in sets:
        stem, dot, ending = one.stem.rpartition(".")
        start = f"{stem}."
        # A number is no variant's name: model.2.safetensors goes on where model.safetensors ends.
        others = [other.stem.removesuffix(dot + ending) for other in sets if other is not one]
        if all(other.startswith(start) and not other[len(start)].isdigit() for other in others):
            return one
    return None


def _leads_nowhere(folder: Folder, name: str) -> bool:
    path = folder.shown(name)
    return os.path.islink(path) and not os.path.exists(path)

"""Safetensors checkpoints: one file, the shards of an index, or all files of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

from core.errors import CheckpointError, from_os_error
from core.escape import escaped, shortened
from core.formats import plural
from core.readers.files import open_regular
from core.readers.json_file import read_config, read_json_object
from core.readers.safetensors_entries import DAMAGED
from core.readers.safetensors_header import HeaderReader
from core.stored import Progress, Source, StoredTensor

SUFFIX = ".safetensors"
INDEX_SUFFIX = ".safetensors.index.json"


class SafetensorsReader:
    """Reads the headers of some safetensors files in one folder."""

    def __init__(self, model: str, path: str, folder: str, shards: list[str], index: str = "") -> None:
        """
        Args:
            model: as the user typed it.
            path: the file or folder meant.
            folder: where the shards lie.
            shards: their names; with an index, the files beside it, of which it may want some.
            index: the index's name, or "".
        """
        notes: list[str] = []
        self.source = Source(model, path, "safetensors", read_config(folder, notes), notes)
        self._folder = folder
        self._shards = shards
        self._index = index

    def batches(self) -> Iterator[tuple[list[StoredTensor], Progress]]:
        """The tensors, shard by shard.

        Raises:
            CheckpointError: where a shard or the index is faulty, or the two do not agree.
        """
        promised = self._promised() if self._index else dict.fromkeys(self._shards)
        seen: set[str] = set()
        for number, (shard, names) in enumerate(promised.items()):
            found: set[str] = set()
            for tensors in self._shard(shard):
                if len(promised) > 1 or names is not None:
                    found.update([tensor.name for tensor in tensors])
                yield tensors, Progress(number, len(promised))
            if not seen.isdisjoint(found):
                raise self._stored_twice(shard, min(seen & found))
            if names is not None:
                self._compare(shard, names, found)
            seen |= found
            yield [], Progress(number + 1, len(promised))

    def _stored_twice(self, shard: str, tensor: str) -> CheckpointError:
        return CheckpointError(
            self._file(shard),
            "an earlier file of the checkpoint has this tensor too",
            place=f"tensor {shortened(tensor, 120) or '(no name)'}",
            advice=DAMAGED if self._index else "if each file is a model of its own, name one of them",
        )

    def _file(self, name: str) -> str:
        """A file as an error names it: by its path from where the user stands."""
        return os.path.join(self._folder, name)

    def _shard(self, shard: str) -> Iterator[list[StoredTensor]]:
        path = os.path.join(self._folder, shard)
        with open_regular(path, self._file(shard)) as opened:
            try:
                size = os.fstat(opened.fileno()).st_size
            except OSError as error:
                raise from_os_error(error, self._file(shard)) from error
            yield from HeaderReader(opened, size, self._file(shard)).batches()

    def _promised(self) -> dict[str, set[str] | None]:
        """The index's shards in their natural order, each with the names of its tensors."""
        file = self._file(self._index)
        weight_map = read_json_object(os.path.join(self._folder, self._index), file).get("weight_map")
        if not isinstance(weight_map, dict) or not weight_map:
            raise CheckpointError(file, "it has no weight_map of tensors to files", advice="download it again")
        names_of: dict[str, set[str]] = {}
        for name, shard in weight_map.items():
            if shard.__class__ is not str:
                raise CheckpointError(
                    file, "its file is not a name", place=f"weight_map, tensor {shortened(name, 120)}"
                )
            names = names_of.get(shard)
            if names is None:
                names = names_of[shard] = set()
            names.add(name)
        missing = []
        for shard in names_of:
            if not shard.endswith(SUFFIX) or os.path.isabs(shard) or ".." in shard.split("/") or "\0" in shard:
                raise CheckpointError(
                    file, "it names a file that is no safetensors file in its folder", place=shortened(shard, 120)
                )
            if not os.path.exists(os.path.join(self._folder, shard)):
                missing.append(shard)
        if missing:
            first = self._file(sorted(missing)[0])
            raise CheckpointError(
                first,
                f"missing, as are {len(missing) - 1} more of {plural(len(names_of), 'shard')} that {self._index} names"
                if len(missing) > 1
                else f"missing, one of {plural(len(names_of), 'shard')} that {self._index} names",
                advice="a link without its file: download again" if os.path.islink(first) else "download it again",
            )
        stray = sorted(shard for shard in self._shards if shard not in names_of)
        if stray:
            shown = ", ".join(escaped(shard) for shard in stray[:3]) + (", …" if len(stray) > 3 else "")
            self.source.notes.append(f"not counted, not in {self._index}: {shown}")
        return {shard: names_of[shard] for shard in sorted(names_of)}

    def _compare(self, shard: str, promised: set[str], found: set[str]) -> None:
        if lacking := promised - found:
            raise CheckpointError(
                self._file(shard),
                f"{plural(len(lacking), 'tensor')} that {self._index} promises in this file "
                + ("is not in it" if len(lacking) == 1 else "are not in it"),
                place=f"tensor {shortened(min(lacking), 120)}",
                advice="download both again",
            )
        if extra := found - promised:
            self.source.notes.append(
                f"{plural(len(extra), 'tensor')} of {escaped(shard)} not in {self._index}, counted all the same"
            )

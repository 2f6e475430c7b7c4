"""Safetensors checkpoints: one file, the shards of an index, or all files of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from core.checkpoint.learned import Learned
from core.checkpoint.metadata import NO_METADATA, MetadataPlace, metadata_of
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.files.folder import Folder, take_names
from core.files.json_file import read_config
from core.readers.safetensors.column_decoder import ColumnDecoder
from core.readers.safetensors.header import HeaderReader
from core.readers.safetensors.layouts import Layouts
from core.text.escape import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.readers.shard_index import ShardIndex

_ONE_OF_THEM = "if each file is a model of its own, name one of them"


class SafetensorsReader:
    """Reads the headers of some safetensors files in one folder.

    Attributes:
        source: what is known before they are read.
        folder: where the shards lie.
    """

    def __init__(self, model: str, path: str, folder: Folder, shards: list[str], index: str = "") -> None:
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
        self.folder = folder
        self._shards = shards
        self._index = index
        self._decoder = ColumnDecoder(len(shards) or 1)
        self._layouts = Layouts()
        self._metadata = NO_METADATA
        self._pairs: tuple[tuple[str, str], ...] = ()

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The tensors, shard by shard.

        Raises:
            CheckpointError: where a shard or the index is faulty, or the two do not agree.
        """
        index = self._read_index()
        shards = index.shards if index else self._shards
        if index:
            yield nothing(learned=self._of_index(index)), Progress(0, len(shards))
        self.folder.expect(shards)
        several = len(shards) > 1
        seen: set[str] = set()
        for number, shard in enumerate(shards):
            names: list[str] = []
            for batch in self._shard(shard):
                if several or index:
                    names += batch.names
                yield batch, Progress(number, len(shards))
            learned = None
            is_last = number + 1 == len(shards)
            if index or (is_last and self._metadata.count):
                notes = index.compare(shard, names) if index else ()
                learned = Learned(notes=notes, metadata=self._metadata if is_last else None)
            if several and not index:
                take_names(self.folder.shown(shard), names, seen, "file of the checkpoint", _ONE_OF_THEM)
            yield nothing(shard, learned), Progress(number + 1, len(shards))

    def _read_index(self) -> ShardIndex | None:
        if not self._index:
            return None
        from core.readers.shard_index import ShardIndex

        return ShardIndex(self.folder, self._index)

    def _of_index(self, index: ShardIndex) -> Learned:
        """What an index says before the shards are read: of the whole, and of files beside that it does not name."""
        notes: list[str] = []
        strays = sorted(set(self._shards).difference(index.shards))
        if strays:
            shown = ", ".join(map(escaped, strays[:3])) + (f" and {len(strays) - 3} more" if len(strays) > 3 else "")
            notes.append(f"not counted, not in {self._index}: {shown}")
        return Learned(notes=notes, claims=[index.claims])

    def _shard(self, shard: str) -> Iterator[TensorBatch]:
        opened, size = self.folder.open(shard)
        with opened:
            shown = self.folder.shown(shard)
            header = HeaderReader(opened, size, shown, self._decoder, self._layouts)
            for batch in header.batches():
                batch.shard = shard
                yield batch
            self._take_metadata(shard, header)

    def _take_metadata(self, shard: str, header: HeaderReader) -> None:
        """Keeps a shard's metadata; most shards repeat what the one before them says."""
        pairs, at = header.metadata, header.metadata_at
        if not at or not pairs or pairs == self._pairs:
            return
        self._pairs = pairs
        place = MetadataPlace(self.folder.shown(shard), "safetensors", partial(self.folder.open, shard), *at)
        self._metadata = self._metadata.joined(metadata_of(pairs, len(pairs), place))

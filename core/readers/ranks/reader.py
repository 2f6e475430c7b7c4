"""Readers of what several GPUs saved of one model, each in files of its own.

The slices are put together here and not where tensors get their meaning: how they were cut is proven by dimensions
that stand in the files and their arguments alone, and whoever counts, draws or compares wants the whole shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.checkpoint.learned import Learned
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch
from core.checkpoint.uncounted import total_of
from core.files.folder import Folder
from core.files.json_file import read_config
from core.readers.ranks.loaded import RankFolder
from core.readers.ranks.slices import Slice
from core.readers.torch.reader import beside_text


class Whole(NamedTuple):
    """What was made of the files.

    Attributes:
        tensors: those of the model, by name.
        notes: how they were put together.
        piece: where they are a piece of the model only, which; else "".
    """

    tensors: Slice
    notes: tuple[str, ...] = ()
    piece: str = ""


class RankReader:
    """Reads the files of several GPUs as one model."""

    def __init__(self, model: str, path: str, folder: Folder, read: Callable[[RankFolder], Whole]) -> None:
        """
        Args:
            model: as the user typed it.
            path: the file or folder meant.
            folder: where the files lie.
            read: reads them; raises `CheckpointError` where they are faulty or not all there.
        """
        notes: list[str] = []
        self.source = Source(model, path, "pytorch", read_config(folder, notes), notes)
        self._folder = folder
        self._read = read

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """All tensors at once.

        Raises:
            CheckpointError: where a file is faulty, or not all are there.
        """
        ranks = RankFolder(self._folder)
        whole = self._read(ranks)
        if not whole.tensors:
            raise CheckpointError(self.source.source, "there is not one tensor of a model in its files")
        left = [f"not counted: {beside_text(ranks.beside)}"] if ranks.beside else []
        tensors = whole.tensors.values()
        learned = Learned(notes=[*whole.notes, *left], beside=total_of(ranks.beside.values()), piece=whole.piece)
        places = ranks.places(tensors)
        yield (
            TensorBatch.of(
                list(whole.tensors),
                tensors,
                self.source.source,
                storages=[tensor.storage for tensor in tensors],
                shard=places.shard,
                starts=places.starts,
                placement=places.placement,
                learned=learned,
            ),
            Progress(1, 1),
        )

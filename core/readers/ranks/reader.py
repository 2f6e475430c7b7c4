"""Readers of what several GPUs saved of one model, each in files of its own.

The slices are put together here and not where tensors get their meaning: how they were cut is proven by dimensions
that stand in the files and their arguments alone, and whoever counts, draws or compares wants the whole shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch
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
        self.source.notes += whole.notes
        if ranks.beside:
            self.source.notes.append(f"not counted: {beside_text(ranks.beside)}")
            for left in ranks.beside.values():
                self.source.beside.add(left)
        self.source.piece = whole.piece
        tensors = whole.tensors.values()
        yield (
            TensorBatch(
                names=list(whole.tensors),
                shapes=[tensor.shape for tensor in tensors],
                dtypes=[tensor.dtype for tensor in tensors],
                sizes=[tensor.nbytes for tensor in tensors],
                file=self.source.source,
                storages=[tensor.storage for tensor in tensors],
            ),
            Progress(1, 1),
        )

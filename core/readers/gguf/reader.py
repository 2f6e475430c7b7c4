"""GGUF checkpoints: one file, or the parts of a split one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import AGAIN, CheckpointError
from core.checkpoint.learned import Learned
from core.checkpoint.metadata import Metadata, MetadataPlace, metadata_of
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.files.folder import Folder, take_names
from core.files.gguf_names import is_companion, models_among, split_of
from core.readers.gguf.config import config_of, notes_of
from core.readers.gguf.header import GgufHeader
from core.text.numbers import plural, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_CHOICES = 8
_ALL_AGAIN = "download them all again"
_EMBEDDING, _HEAD = "token_embd.weight", "output.weight"
# What llama.cpp keeps in files of this format beside models.
_OTHERS = (
    ("general.type", "imatrix", "an importance matrix (imatrix)"),
    ("general.architecture", "controlvector", "a control vector"),
)


class GgufReader:
    """Reads the headers of a GGUF file and of those that it is split into.

    Attributes:
        source: what is known before they are read.
        folder: where they lie.
    """

    def __init__(self, model: str, path: str, folder: Folder, name: str) -> None:
        """
        Args:
            model: as the user typed it.
            path: the file or folder meant.
            folder: where the file lies.
            name: its name, or that of any part of a split model.
        """
        self.source = Source(model, path, "gguf", ModelConfig.of({}), [])
        self.folder = folder
        split = split_of(name)
        self._parts = split.parts if split else [name]

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The tensors, part by part.

        Raises:
            CheckpointError: where a part is missing or faulty, or the parts do not belong together.
        """
        total = len(self._parts)
        self._check_all_there()
        self.folder.expect(self._parts)
        seen: set[str] = set()
        promised: object = None
        config: dict[str, Any] = {}
        for number, part in enumerate(self._parts):
            opened, length = self.folder.open(part)
            with opened:
                header = GgufHeader(opened, length, self.folder.shown(part))
                self._check_split(header, number)
                if not number:
                    self._refuse_others(header)
                    promised = header.metadata.get("split.tensors.count")
                    config = config_of(header.metadata)
                    notes, said = list(notes_of(header)), ModelConfig.of(config)
                    learned = Learned(config=said, notes=notes, metadata=self._metadata(part, header))
                    yield nothing(self.folder.shown(part), learned), Progress(0, total)
                batch = header.batch(part)
                batch.learned = Learned(metadata=self._metadata(part, header)) if number else None
                take_names(self.folder.shown(part), batch.names, seen, "part of the model", _ALL_AGAIN)
            yield batch, Progress(number + 1, total)
        if total > 1 and type(promised) is int and promised != len(seen):
            reason = f"its parts hold {plural(len(seen), 'tensor')}, and split.tensors.count says {promised:,}"
            raise CheckpointError(self.folder.shown(self._parts[0]), reason, advice=_ALL_AGAIN)
        if learned_of_head := _learned_of_head(seen, header, config):
            yield nothing(learned=learned_of_head), Progress(total, total)

    def _metadata(self, part: str, header: GgufHeader) -> Metadata:
        """What a part says of itself, and where."""
        place = MetadataPlace(
            self.folder.shown(part),
            "gguf",
            partial(self.folder.open, part),
            keys=header.keys,
            big_endian=header.big_endian,
            version=header.version,
        )
        return metadata_of({**header.metadata, **header.long_texts}.items(), len(header.metadata), place)

    def _check_all_there(self) -> None:
        missing = [part for part in self._parts if not self.folder.has(part)]
        if missing:
            others = f"as are {len(missing) - 1} more of " if len(missing) > 1 else "one of "
            reason = f"missing, {others}{plural(len(self._parts), 'part')} of a split model"
            raise CheckpointError(self.folder.shown(missing[0]), reason, advice=AGAIN)

    def _refuse_others(self, header: GgufHeader) -> None:
        for key, other, what in _OTHERS:
            if header.metadata.get(key) == other:
                raise CheckpointError(self.folder.shown(self._parts[0]), f"it holds {what} and no model")

    def _check_split(self, header: GgufHeader, number: int) -> None:
        """Compares what a part says of its place with its name; the place in a whole model says nothing."""
        file, total = self.folder.shown(self._parts[number]), len(self._parts)
        count, place = header.metadata.get("split.count", 1), header.metadata.get("split.no", 0)
        if type(count) is not int or type(place) is not int:
            raise CheckpointError(file, "split.count and split.no are no whole numbers", place="metadata")
        count = max(count, 1)
        if count == total and (total == 1 or place == number):
            return
        says = f"its metadata says that it is part {place + 1:,} of {count:,}" if count > 1 else "it is a whole model"
        named = f"its name says part {number + 1} of {total}" if total > 1 else "its name does not"
        advice = "give it the name that it was downloaded by"
        raise CheckpointError(file, f"{says}, and {named}", advice=advice)


def _learned_of_head(names: set[str], header: GgufHeader, config: dict[str, Any]) -> Learned | None:
    """What the names of all tensors tell of the output head."""
    if _HEAD in names:
        # llama.cpp stores a head only where it has values of its own (llama-model.cpp, TENSOR_NOT_REQUIRED).
        return Learned(config=ModelConfig.of({"tie_word_embeddings": False, **config}))
    if _EMBEDDING in names and _speaks(header, config.get("model_type")):
        return Learned(notes=[f"no output head is stored: {_EMBEDDING} serves as one"])
    return None


def _speaks(header: GgufHeader, architecture: object) -> bool:
    """Whether the model writes text; those that embed it say how they pool, or are not causal."""
    silent = (f"{architecture}.pooling_type", f"{architecture}.attention.causal")
    return not any(key in header.metadata for key in silent)


def gguf_reader(model: str, source: str, folder: Folder, names: list[str]) -> GgufReader | None:
    """The reader of the GGUF model in a folder; None where there is none.

    Args:
        model: as the user typed it.
        source: the folder, as errors and outputs name it.
        folder: its files.
        names: their names.

    Raises:
        CheckpointError: where there are several to choose from.
    """
    found = models_among(names)
    chosen = {name: parts for name, parts in found.items() if not is_companion(name)} or found
    if not chosen:
        return None
    if len(chosen) > 1:
        listed = [f"{name} ({_size(folder, parts)})" for name, parts in list(chosen.items())[:_MAX_CHOICES]]
        more = f" and {len(chosen) - len(listed)} more" if len(chosen) > len(listed) else ""
        reason = f"there are {len(chosen)} GGUF models in it: {', '.join(listed)}{more}"
        raise CheckpointError(source, reason, advice="name one of them")
    (name,) = chosen
    reader = GgufReader(model, source, folder, name)
    for companion in found:
        if companion != name:
            reader.source = reader.source.with_notes(f"not read, a file of its own beside it: {companion}")
    return reader


def _size(folder: Folder, parts: list[str]) -> str:
    """What a model takes on disk."""
    total = 0
    for part in parts:
        try:
            opened, length = folder.open(part)
        except CheckpointError:
            return "cannot be read"
        opened.close()
        total += length
    return size(total)

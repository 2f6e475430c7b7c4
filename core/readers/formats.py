"""The formats that are read, each an entry: how it is known, of a file and of a folder, and its reader.

What is refused is a list too, with a sentence for each: `core.files.foreign_formats`. Readers are imported where there
is something for them to read, since most checkpoints need one of them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.checkpoint.record import Record
from core.checkpoint.source import Reader
from core.files.folder import Folder, first_bytes, names_beside
from core.files.gguf_names import is_companion, is_gguf
from core.files.rank_hints import has_hint
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX, is_shard_name, safetensors_shards, shards_among
from core.files.torch_names import (
    DISTRIBUTED_SUFFIX,
    METADATA,
    TORCH_INDEX_SUFFIX,
    is_distributed,
    is_model_name,
    is_pickle,
    is_torch_name,
    kind_of,
    models_in,
    torch_shards,
)

_ARCHIVES = (".zip", ".tar")
"""Endings that training scripts give to what torch.save wrote, too."""
_MODEL_INDEX = "model_index.json"


class Found(Record):
    """A checkpoint that is to be read.

    Attributes:
        model: as the user typed it.
        source: the file or folder, as outputs name it.
        folder: where it lies.
    """

    __slots__ = ("folder", "model", "source")

    def __init__(self, model: str, source: str, folder: Folder) -> None:
        self.model = model
        self.source = source
        self.folder = folder

    @property
    def arguments(self) -> tuple[str, str, Folder]:
        """What every reader is made of, in its order."""
        return self.model, self.source, self.folder


class Start:
    """What tells the format of a file.

    Attributes:
        name: its name.
        content: its first bytes.
        size: its length in bytes.
    """

    __slots__ = ("content", "name", "size")

    def __init__(self, name: str, content: bytes, size: int) -> None:
        self.name = name
        self.content = content
        self.size = size

    @property
    def name_that_tells(self) -> str:
        """Its name, by which another program's archive or pickle is known; "" where that is one of PyTorch's."""
        return "" if is_torch_name(self.name) or self._is_torchs_archive else self.name

    @property
    def _is_torchs_archive(self) -> bool:
        """Whether it is called an archive, and is one that torch.save wrote, which begins with what was pickled."""
        if not self.name.lower().endswith(_ARCHIVES) or kind_of(self.content, self.size) != "pytorch":
            return False
        # A zip's first entry: its name's length lies at byte 26, its name at byte 30 (APPNOTE.TXT, 4.3.7).
        first = self.content[30 : 30 + int.from_bytes(self.content[26:28], "little")]
        return not self.content.startswith(b"PK") or first.endswith(b"data.pkl")


FileOpener = Callable[[Found, str], Reader]
"""Gives the reader of one file, by its name."""


class Format:
    """A way in which checkpoints are written; a question that does not arise for it is answered with no.

    Attributes:
        open_file: the reader of one file, by its name; None where a single file is never of it.
        open_folder: the reader of the checkpoint in a folder, by the names of its files; None where it has none.
        is_named: whether a file is of it by its name, whatever lies in it.
        begins: whether a file is of it by its first bytes.
        may_be: whether a file that neither says is taken for one of it, so that its reader tells what is wrong.
    """

    __slots__ = ("begins", "is_named", "may_be", "open_file", "open_folder")

    def __init__(
        self,
        *,
        open_folder: Callable[[Found, list[str]], Reader | None],
        open_file: FileOpener | None = None,
        is_named: Callable[[str], bool] = lambda name: False,
        begins: Callable[[Start], bool] = lambda start: False,
        may_be: Callable[[Start], bool] = lambda start: False,
    ) -> None:
        self.open_file = open_file
        self.open_folder = open_folder
        self.is_named = is_named
        self.begins = begins
        self.may_be = may_be


def safetensors_file(found: Found, name: str) -> Reader:
    """The reader of one file, of which it need not be known that it is of this format."""
    if name.endswith(INDEX_SUFFIX):
        return _safetensors(found, shards_among(found.folder.names()), name)
    reader = _with_shards(found, name, partial(_safetensors, found))
    if is_torch_name(name):
        note = f"{name} is a safetensors file under the name of a PyTorch file"
        reader.source = reader.source.with_notes(note)
    return reader


def _safetensors_folder(found: Found, names: list[str]) -> Reader | None:
    files, index, note = safetensors_shards(found.source, names)
    if not files and not index:
        return None
    if not index and (len(files) > 1 or is_shard_name(files[0])):
        # Patterns of names take 2 ms to be compiled, which one whole file need not wait for.
        from core.readers.shards import one_set

        files = one_set(found.source, found.folder, files, "safetensors files", partial(_safetensors, found))
    reader = _safetensors(found, files, index)
    if note:
        reader.source = reader.source.with_notes(note)
    return reader


def _with_shards(found: Found, name: str, open_files: Callable[[list[str], str], Reader]) -> Reader:
    """The reader of a file, or of all shards of which it is one."""
    if any(character.isdigit() for character in name) and (is_model_name(name) or name.endswith(SUFFIX)):
        from core.readers.shards import shard_alone

        if reader := shard_alone(found.folder, name, name[name.rfind(".") :], open_files):
            return reader
    return open_files([name], "")


def _safetensors(found: Found, files: list[str], index: str = "") -> Reader:
    from core.readers.safetensors.reader import SafetensorsReader

    return SafetensorsReader(*found.arguments, files, index)


def _gguf_file(found: Found, name: str) -> Reader:
    from core.readers.gguf.reader import GgufReader

    first_bytes(found.folder, name)  # whether it can be opened is told now, as of all files
    return GgufReader(*found.arguments, name)


def _gguf_folder(found: Found, names: list[str]) -> Reader | None:
    if all(is_companion(name) for name in names if is_gguf(name)):
        return None
    return _gguf_alone(found, names)


def _gguf_alone(found: Found, names: list[str]) -> Reader | None:
    if not any(map(is_gguf, names)):
        return None
    from core.readers.gguf.reader import gguf_reader

    return gguf_reader(*found.arguments, names)


def _distributed_file(found: Found, name: str) -> Reader:
    from core.readers.distributed import DistributedReader

    return DistributedReader(found.model, found.source.removesuffix(name) or ".", found.folder)


def _distributed_folder(found: Found, names: list[str]) -> Reader | None:
    if not is_distributed(names):
        return None
    from core.readers.distributed import DistributedReader

    return DistributedReader(*found.arguments)


def _torch_file(found: Found, name: str) -> Reader:
    if name.endswith(TORCH_INDEX_SUFFIX):
        return _torch(found, [], name)
    if has_hint(name):
        from core.readers.ranks.open import rank_reader

        if ranks := rank_reader(*found.arguments, names_beside(found.folder), name):
            return ranks
    reader = _with_shards(found, name, partial(_torch, found))
    if name.endswith(SUFFIX):
        note = f"{name} is a PyTorch file under the name of a safetensors file"
        reader.source = reader.source.with_notes(note)
    return reader


def _torch_folder(found: Found, names: list[str]) -> Reader | None:
    files, index = torch_shards(names)
    if len(files) > 1:
        from core.readers.shards import one_set

        files = one_set(found.source, found.folder, files, "PyTorch files", partial(_torch, found))
    if not files and not index:
        return None
    reader = _torch(found, files, index)
    others = [name for name in models_in(names) if name not in files and not name.endswith(".json")]
    if files and others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        reader.source = reader.source.with_notes(f"{files[0]} was read, not {others[0]}{more} beside it")
    return reader


def _ranks_folder(found: Found, names: list[str]) -> Reader | None:
    """Of files and folders that several GPUs wrote, where no file of one model is there."""
    whole = any(name == "pytorch_model.bin" or name.endswith(TORCH_INDEX_SUFFIX) for name in names)
    if whole or not (any(map(has_hint, names)) or _has_rank_folders(found.folder, names)):
        return None
    from core.readers.ranks.open import rank_reader

    return rank_reader(*found.arguments, names)


def _has_rank_folders(folder: Folder, names: list[str]) -> bool:
    """Whether a folder without a model of its own has those of Megatron's GPUs in it."""
    return not any(map(is_model_name, names)) and any(name.startswith("mp_rank_") for name in folder.folders())


def _pipeline_folder(found: Found, names: list[str]) -> Reader | None:
    if _MODEL_INDEX not in names:
        return None
    from core.readers.pipeline import pipeline_reader

    return pipeline_reader(*found.arguments, names, open_folder)


def open_folder(model: str, source: str, folder: Folder, names: list[str]) -> Reader | None:
    """The reader of the first format that a folder has a checkpoint of; None where it has none.

    Args:
        model: as the user typed it.
        source: the folder, as errors and outputs name it.
        folder: its files.
        names: their names.

    Raises:
        CheckpointError: where there are several checkpoints to choose from.
    """
    found = Found(model, source, folder)
    for format in FORMATS:
        if reader := format.open_folder(found, names):
            return reader
    return None


def _torch(found: Found, files: list[str], index: str = "") -> Reader:
    from core.readers.torch.reader import TorchReader

    return TorchReader(*found.arguments, files, index)


def _torch_begins(start: Start) -> bool:
    """Of zip archives, those that are not known to be another program's."""
    if kind_of(start.content, start.size) != "pytorch":
        return False
    from core.files.foreign_formats import known_as

    return known_as(start.content, start.name_that_tells) is None


def _torch_may_be(start: Start) -> bool:
    # Of a pickle that torch did not write its reader tells what it holds.
    return is_torch_name(start.name) or (is_pickle(start.content) and not start.name.endswith(SUFFIX))


def _config_file(found: Found, name: str) -> Reader:
    from core.readers.config_only.reader import ConfigReader

    return ConfigReader(*found.arguments, name)


def _config_folder(found: Found, names: list[str]) -> Reader | None:
    if "config.json" not in names:
        return None
    from core.files.foreign_formats import refused_folder

    return None if refused_folder(found.source, names, models=True) else _config_file(found, "config.json")


SAFETENSORS = Format(
    open_file=safetensors_file,
    open_folder=_safetensors_folder,
    is_named=lambda name: name.endswith(INDEX_SUFFIX),
    begins=lambda start: kind_of(start.content, start.size) == "safetensors",
)
GGUF = Format(
    open_file=_gguf_file,
    open_folder=_gguf_folder,
    is_named=is_gguf,
    begins=lambda start: kind_of(start.content, start.size) == "gguf",
)
DISTRIBUTED = Format(
    open_file=_distributed_file,
    open_folder=_distributed_folder,
    is_named=lambda name: name == METADATA or name.endswith(DISTRIBUTED_SUFFIX),
)
PYTORCH = Format(
    open_file=_torch_file,
    open_folder=_torch_folder,
    is_named=lambda name: name.endswith(TORCH_INDEX_SUFFIX),
    begins=_torch_begins,
    may_be=_torch_may_be,
)
# A folder of folders, each with a model; a file of a pipeline is one of another format.
PIPELINE = Format(open_folder=_pipeline_folder)
# Files that several GPUs wrote of one model: each alone is one of PyTorch, which knows them by their names.
RANKS = Format(open_folder=_ranks_folder)
# A projector of images or an importance matrix, where there is no model beside it.
GGUF_COMPANION = Format(open_folder=_gguf_alone)
CONFIG = Format(
    open_file=_config_file,
    open_folder=_config_folder,
    is_named=lambda name: name.lower().endswith(".json"),
)
FORMATS = (PIPELINE, SAFETENSORS, GGUF, DISTRIBUTED, RANKS, PYTORCH, GGUF_COMPANION, CONFIG)
"""In the order in which they are tried. A file of which nothing else is known is one of the first."""

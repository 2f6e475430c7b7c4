"""Files that belong together, wherever they lie: readers open them by name and need not know where that is."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from core.checkpoint.errors import CheckpointError, from_os_error, tensor_place
from core.files.local import is_folder, open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Protocol
else:
    Protocol = object


class Folder(Protocol):
    """The files of a checkpoint: of a folder on disk, or of a repository on the hub."""

    def names(self) -> list[str]:
        """The files in it, sorted; links that lead nowhere too, which a reader will name.

        Raises:
            CheckpointError: where it cannot be looked into.
        """
        ...

    def folders(self) -> list[str]:
        """The folders in it, sorted; none where it cannot be looked into."""
        ...

    def below(self, name: str) -> Folder:
        """A folder in it, of which nothing was looked at yet."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is something of a name, or of a path below it; a link that leads nowhere is something too."""
        ...

    def shown(self, name: str) -> str:
        """A file as an error names it: by its path from where the user stands."""
        ...

    def open(self, name: str) -> tuple[BinaryIO, int]:
        """A file to be read from anywhere in it, and its length in bytes.

        Raises:
            CheckpointError: where there is none, no permission, or something that is no regular file.
        """
        ...

    def expect(self, names: Sequence[str]) -> None:
        """Says which files will be opened, in which order: what lies far away can be fetched ahead, side by side."""
        ...


class LocalFolder:
    """A folder on disk.

    Attributes:
        path: where it lies; "" is the current folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self) -> list[str]:
        """See `Folder`."""
        try:
            return sorted(entry.name for entry in os.scandir(self.path or ".") if not is_folder(entry))
        except OSError as error:
            raise from_os_error(error, self.path or ".") from error

    def folders(self) -> list[str]:
        """See `Folder`."""
        try:
            return sorted(entry.name for entry in os.scandir(self.path or ".") if is_folder(entry))
        except OSError:
            return []

    def below(self, name: str) -> Folder:
        """See `Folder`."""
        return LocalFolder(os.path.join(self.path, name))

    def has(self, name: str) -> bool:
        """See `Folder`."""
        return os.path.lexists(os.path.join(self.path, name))

    def shown(self, name: str) -> str:
        """See `Folder`."""
        return os.path.join(self.path, name)

    def open(self, name: str) -> tuple[BinaryIO, int]:
        """See `Folder`."""
        shown = self.shown(name)
        opened = open_regular(shown, shown)
        try:
            return opened, os.fstat(opened.fileno()).st_size
        except OSError as error:
            opened.close()
            raise from_os_error(error, shown) from error

    def expect(self, names: Sequence[str]) -> None:
        """Nothing is to be fetched."""


def names_beside(folder: Folder) -> list[str]:
    """What lies in a file's folder; nothing where that may not be looked into."""
    try:
        return folder.names()
    except CheckpointError:
        return []


def first_bytes(folder: Folder, name: str) -> tuple[bytes, int]:
    """The first bytes of a file, by which its format is told, 512 if it has them, and its length in bytes.

    Raises:
        CheckpointError: where it cannot be opened or read.
    """
    opened, size = folder.open(name)
    with opened:
        try:
            return opened.read(512), size
        except OSError as error:
            raise from_os_error(error, folder.shown(name)) from error


def take_names(file: str, names: Collection[str], seen: set[str], what: str, advice: str) -> None:
    """Adds a file's tensors to those of the files before it.

    Args:
        file: the file, as an error names it.
        names: its tensors.
        seen: those before, to be added to.
        what: what such a file is: `file of the checkpoint`.
        advice: what to do where one is there twice.

    Raises:
        CheckpointError: where an earlier file has one of them too.
    """
    if not seen.isdisjoint(names):
        twice = tensor_place(min(seen.intersection(names)))
        raise CheckpointError(file, f"an earlier {what} has this tensor too", place=twice, advice=advice)
    seen.update(names)

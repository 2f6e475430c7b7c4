"""Files of this machine, opened so that neither a pipe nor a device can make the program wait."""

from __future__ import annotations

import os
import stat
from io import FileIO

from core.checkpoint.errors import CheckpointError, from_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "a folder, not a file"),
    (stat.S_ISFIFO, "a pipe (FIFO), not a file"),
    (stat.S_ISCHR, "a character device, not a file"),
    (stat.S_ISBLK, "a block device, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether a folder's entry is a folder or a link to one; a link that leads nowhere or to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether a folder's entry is a regular file or a link to one."""
    try:
        return entry.is_file()
    except OSError:
        return False


def open_regular(path: str, file: str) -> BinaryIO:
    """The file opened for reading, if it is a regular one.

    Args:
        path: where it lies.
        file: what an error calls it.

    Raises:
        CheckpointError: where there is none, no permission, or something that is no regular file. A pipe or a
            device is not opened at all, so that reading it cannot hang or act.
    """
    try:
        _refuse_irregular(os.stat(path).st_mode, file)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unopened(error, file) from error
    # What `os.fdopen` gives, too, which asks whether it is a terminal.
    opened = FileIO(descriptor, "rb")
    try:
        _refuse_irregular(os.fstat(descriptor).st_mode, file)
    except CheckpointError:
        opened.close()
        raise
    return opened


def _unopened(error: OSError | ValueError, file: str) -> CheckpointError:
    if isinstance(error, OSError):
        return from_os_error(error, file)
    return CheckpointError(file, "a path with a NUL character cannot exist")


def _refuse_irregular(mode: int, file: str) -> None:
    if stat.S_ISREG(mode):
        return
    for is_kind, what in _KINDS:
        if is_kind(mode):
            raise CheckpointError(file, what, advice="name a checkpoint file or its folder")

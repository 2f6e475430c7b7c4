"""Writing a file that is there in whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile


class NotAFile(OSError):
    """What is at the path is no file that could be written."""


def write_whole_file(path: str, content: str, overwrite: bool) -> None:
    """Writes a text to a file; a link is followed to what it points to.

    Where the disk is full or writing fails otherwise, a new file is not left behind and an old one stays as it was.

    Args:
        path: of the file.
        content: its text, written in UTF-8 with line ends as they are.
        overwrite: whether a file that exists may be replaced.

    Raises:
        FileExistsError: where there is one and it may not.
        NotAFile: for a folder, a pipe, a device.
        OSError: as the system says.
        ValueError: for a path that none can have.
    """
    target = os.path.realpath(path)
    mode = _mode_of(target)
    if mode is not None and not stat.S_ISREG(mode):
        raise NotAFile(_what_it_is(mode))
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(path)
    data = content.encode("utf-8")
    if mode is None:
        _write_new(target, data)
    else:
        _replace(target, data, stat.S_IMODE(mode))


def _mode_of(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _what_it_is(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "that is a folder; a file name is wanted"
    if stat.S_ISFIFO(mode):
        return "that is a pipe; a file name is wanted"
    return "that is a device; a file name is wanted"


def _write_new(path: str, data: bytes) -> None:
    # Not by way of another file: two programs that write here at once must not replace each other's.
    with open(path, "xb") as file:
        try:
            file.write(data)
            file.flush()
        except BaseException:
            os.unlink(path)
            raise


def _replace(path: str, data: bytes, mode: int) -> None:
    descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".part", dir=os.path.dirname(path))
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise

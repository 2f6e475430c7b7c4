"""Folders much deeper than Python's limit of recursion, and than a path may be long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEVELS = 1500


@contextmanager
def deep_folder(outer: Path | str, file: str = "") -> Iterator[None]:
    """Folders named `d` in each other, while the block runs; what would clean up behind the tests cannot remove them.

    Args:
        outer: the folder in which they lie.
        file: an empty file in the innermost one.
    """
    here = os.getcwd()
    os.chdir(outer)
    for _ in range(LEVELS):
        os.mkdir("d")
        os.chdir("d")
    if file:
        Path(file).touch()
    os.chdir(here)
    try:
        yield
    finally:
        os.chdir(outer)
        for _ in range(LEVELS):
            os.chdir("d")
        if file:
            os.unlink(file)
        for _ in range(LEVELS):
            os.chdir("..")
            os.rmdir("d")
        os.chdir(here)

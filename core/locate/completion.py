"""A path that is being typed, completed as shells do."""

from __future__ import annotations

import os
from typing import NamedTuple

from core.files.local import is_folder
from core.text.apart import common_characters

_MAX_ENTRIES = 20_000


class Completion(NamedTuple):
    """What a path can become.

    Attributes:
        path: as far as it is the same for all that it may become.
        choices: the names that may stand last in it, folders with a slash; sorted.
    """

    path: str
    choices: list[str]


def is_typed_path(text: str) -> bool:
    """Whether a text can be nothing but a path, by its beginning."""
    return text in {".", "..", "~"} or text.startswith(("/", "./", "../", "~/"))


def completed(path: str) -> Completion:
    """A path with as much more of its last name as there is no choice in; hidden names only where a dot is typed."""
    if path in {".", "..", "~"}:
        return Completion(f"{path}/", [f"{path}/"])
    folder, slash, begun = path.rpartition("/")
    names: list[str] = []
    try:
        for number, entry in enumerate(os.scandir(os.path.expanduser(folder + slash) or ".")):
            if number >= _MAX_ENTRIES:
                break
            if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
                names.append(f"{entry.name}/" if is_folder(entry) else entry.name)
    except (OSError, ValueError):
        return Completion(path, [])
    same = names[0][: common_characters(names)] if names else begun
    return Completion(folder + slash + same, sorted(names))

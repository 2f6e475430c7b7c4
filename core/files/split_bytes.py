"""Files that were cut into pieces by bytes since they were too large for a disk or a hub, as `split -b` does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.checkpoint.errors import CheckpointError
from core.checkpoint.record import Record
from core.files.folder import Folder, first_bytes
from core.files.torch_names import is_pickle, kind_of

# Names of pieces: what the whole is called, and what numbers the piece.
_PATTERNS = (
    re.compile(r"(?P<whole>.+)\.part(?P<piece>\d{1,4})of(?P<total>\d{1,4})", re.ASCII),
    re.compile(r"(?P<whole>.+?)[.-](part|split)[-_.]?(?P<piece>[a-z]{1,3}|\d{1,4})", re.ASCII),
    re.compile(r"(?P<whole>.+)\.(?P<piece>[a-z]{2}|\d{2,4})", re.ASCII),
    re.compile(r"(?P<whole>)x(?P<piece>[a-z]{2})", re.ASCII),
)
_MAX_NAMED_FILES = 4
_PLAIN = re.compile(r"[\w./+=@%-]+", re.ASCII)


class Pieces(Record):
    """Pieces of one file.

    Attributes:
        whole: the name of the file, "" where the names do not tell.
        names: those that are there, in their order.
        total: how many there should be.
        numbered: whether their names tell that, and count from 1.
    """

    __slots__ = ("names", "numbered", "total", "whole")

    def __init__(self, whole: str, names: list[str], total: int, numbered: bool = False) -> None:
        self.whole = whole
        self.names = names
        self.total = total
        self.numbered = numbered

    def place(self, name: str) -> int:
        """Which of them a piece is, from 1."""
        match = _PATTERNS[0].fullmatch(name) if self.numbered else None
        return int(match["piece"]) if match else self.names.index(name) + 1


def pieces_of(name: str, names: Sequence[str]) -> Pieces | None:
    """The pieces of which a file is one by its name; None where it is none, or alone and not named so for certain.

    Args:
        name: the file.
        names: those beside it.
    """
    for pattern in _PATTERNS:
        if not (match := pattern.fullmatch(name)):
            continue
        told = match.groupdict()
        alike: dict[str, str] = {}
        for other in (name, *names):
            found = pattern.fullmatch(other)
            if found and found["whole"] == told["whole"] and len(found["piece"]) <= len(told["piece"]) + 1:
                alike[found["piece"]] = other
        ordered = [alike[piece] for piece in sorted(alike, key=lambda piece: (len(piece), piece))]
        total = int(told.get("total") or 0)
        if total > 1 or (len(ordered) > 1 and _follow(list(alike))):
            return Pieces(told["whole"], ordered, max(total, len(ordered)), bool(total))
        return None
    return None


def _follow(pieces: list[str]) -> bool:
    """Whether what numbers some pieces goes on from the first without a gap: `aa ab ac`, `00 01`, `1 2 3`.

    So a program beside a model is no piece: `model.py` beside `model.pt`.
    """
    numbers = sorted(int(piece) if piece.isdigit() else _letters_as_number(piece) for piece in pieces)
    first = 1 if pieces[0].isdigit() and numbers[0] == 1 else 0
    return numbers == list(range(first, first + len(numbers)))


def _letters_as_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("a")
    return number


def refused_piece(folder: Folder, name: str, names: Sequence[str]) -> CheckpointError | None:
    """What to say of a file that is a piece of one; None where it is a file by itself.

    Args:
        folder: where it lies.
        name: its name.
        names: those beside it.
    """
    pieces = pieces_of(name, names)
    if pieces is None or any(_begins_as_checkpoint(folder, other) for other in pieces.names[1:2]):
        return None
    whole = pieces.whole or "WHOLE"
    place = pieces.place(name)
    missing = f", of which {len(pieces.names)} are here" if len(pieces.names) < pieces.total else ""
    many = len(pieces.names) > _MAX_NAMED_FILES
    shown = [*pieces.names[:2], "…", pieces.names[-1]] if many else pieces.names
    command = f"cat {' '.join(map(_quoted, shown))} > {_quoted(whole)}"
    reason = f"this is piece {place} of {pieces.total} of a file that was split by bytes{missing}"
    return CheckpointError(folder.shown(name), reason, advice=f"join them first: {command}")


def _begins_as_checkpoint(folder: Folder, name: str) -> bool:
    """Whether a file begins as a whole one does, which no second piece does."""
    try:
        start, size = first_bytes(folder, name)
    except CheckpointError:
        return False
    return bool(kind_of(start, size)) or is_pickle(start)


def _quoted(name: str) -> str:
    return name if name == "…" or _PLAIN.fullmatch(name) else "'" + name.replace("'", "'\\''") + "'"

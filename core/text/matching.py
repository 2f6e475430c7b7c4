"""What a few typed words find among names, best first; the same wherever names are filtered."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

_MAX_CHARACTERS = 1000
"""Of a name that are looked at; no path that a system opens by one name is longer by much."""
_GLOB = frozenset("*?[")
_WHOLE, _PART, _START, _INSIDE, _LOOSE = range(5)


class Match(NamedTuple):
    """How words match a name.

    Attributes:
        rank: the least is best.
        spans: where in the name they stand: start and end of each piece, in order.
    """

    rank: tuple[int, int]
    spans: list[tuple[int, int]]


class Found(NamedTuple):
    """An item whose name matches: by its place among all items, and how."""

    place: int
    match: Match


def find(pattern: str, names: Sequence[str], loose: bool = True) -> list[Found]:
    """The names that have all words of a pattern in them, in any order and case, the best match first.

    A word with `*`, `?` or `[` is a glob that matches within the name. Where no name has all words as they are typed,
    those are found that have their letters in the same order.

    Args:
        pattern: words with spaces between; an empty one finds all.
        names: in the order that those which match alike keep.
        loose: whether letters with others between them may match where nothing else does.
    """
    words = pattern.lower().split()
    for scattered in (False, True) if loose else (False,):
        matched = [(place, _match(words, name, scattered)) for place, name in enumerate(names)]
        if found := [Found(place, match) for place, match in matched if match]:
            return sorted(found, key=lambda each: each.match.rank)
    return []


def spans_in(pattern: str, name: str) -> list[tuple[int, int]]:
    """Where the words of a pattern stand in a name, as they are typed or with other letters between; [] where not."""
    words = pattern.lower().split()
    match = _match(words, name, False) or _match(words, name, True)
    return match.spans if match else []


class _Piece(NamedTuple):
    kind: int
    gaps: int
    spans: list[tuple[int, int]]


def _match(words: list[str], name: str, scattered: bool) -> Match | None:
    text = name[:_MAX_CHARACTERS].lower()
    pieces: list[_Piece] = []
    for word in words:
        piece = _glob(word, text) if _GLOB.intersection(word) else _plain(word, text)
        if not piece and scattered and not _GLOB.intersection(word):
            piece = _scattered(word, text)
        if not piece:
            return None
        pieces.append(piece)
    spans = sorted(span for piece in pieces for span in piece.spans)
    return Match((sum(piece.kind for piece in pieces), sum(piece.gaps for piece in pieces)), spans)


def _plain(word: str, text: str) -> _Piece | None:
    """The word as it stands, best where it is a part of the name by itself."""
    best: _Piece | None = None
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        kind = _INSIDE
        if _begins(text, at):
            kind = _PART if end == len(text) or _begins(text, end) else _START
        if (at, end) == (0, len(text)):
            kind = _WHOLE
        if not best or kind < best.kind:
            best = _Piece(kind, 0, [(at, end)])
        at = text.find(word, at + 1)
    return best


def _glob(word: str, text: str) -> _Piece | None:
    return _Piece(_START, 0, []) if fnmatchcase(text, f"*{word}*") else None


def _scattered(word: str, text: str) -> _Piece | None:
    """The letters of a word in their order, as near together as the first end of such a row allows."""
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    places: list[int] = []
    end = at + 1
    for letter in reversed(word):
        end = text.rfind(letter, 0, end)
        places.append(end)
    places.reverse()
    gaps = places[-1] - places[0] + 1 - len(word)
    return _Piece(_LOOSE, gaps, _joined(places))


def _joined(places: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for place in places:
        if spans and spans[-1][1] == place:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return spans


def _begins(text: str, at: int) -> bool:
    """Whether a part of a name begins at a place: behind a sign, or where letters and digits meet."""
    if at == 0:
        return True
    before, here = text[at - 1], text[at]
    return not before.isalnum() or not here.isalnum() or before.isdigit() != here.isdigit()

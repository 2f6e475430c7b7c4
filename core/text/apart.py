"""Names cut to a width so that those which differ are still told apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.text.escape import ELLIPSIS
from core.text.width import cells, ending, leading, shortened


def cut_apart(names: Sequence[str], width: int) -> list[str]:
    """Escaped names of at most `width` columns each, cut in the middle; where that makes some alike, cut elsewhere.

    Names that would look alike keep the piece in which they differ, and are cut before and behind it.
    """
    cut = [shortened(name, width) for name in names]
    alike: dict[str, list[int]] = {}
    for place, text in enumerate(cut):
        if text != names[place]:
            alike.setdefault(text, []).append(place)
    for places in alike.values():
        group = {names[place] for place in places}
        if len(group) > 1:
            start = common_characters(group)
            tail = common_characters([name[start:][::-1] for name in group])
            for place in places:
                name = names[place]
                cut[place] = _around(name, *_whole_words(name, start, len(name) - tail), width)
    return cut


def _whole_words(name: str, start: int, stop: int) -> tuple[int, int]:
    """A piece with the rest of the words or numbers that it begins and ends in: not `5`, but `500`."""
    while start and name[start - 1].isalnum():
        start -= 1
    while stop < len(name) and name[stop].isalnum():
        stop += 1
    return start, stop


def _around(name: str, start: int, stop: int, width: int) -> str:
    """A piece of a name with as much before and behind as there is room for."""
    piece = leading(name[start:stop], max(0, width - 2))
    room = width - cells(piece) - 2
    if room < 0:
        return shortened(name, width)
    before = leading(name[:start], room // 2)
    behind = ending(name[stop:], room - cells(before))
    left = "" if len(before) == start else ELLIPSIS
    right = "" if len(behind) == len(name) - stop and len(piece) == stop - start else ELLIPSIS
    return before + left + piece + right + behind


def common_characters(texts: Collection[str]) -> int:
    """How many characters some texts begin with alike."""
    if not texts:
        return 0
    # What the first and the last in their order have alike, all between them have.
    first, last = min(texts), max(texts)
    return next((at for at, (one, other) in enumerate(zip(first, last)) if one != other), min(len(first), len(last)))

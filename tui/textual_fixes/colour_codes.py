"""Fewer codes of colours and styles in what is sent to the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

_STYLE_CODE = re.compile(r"(\x1b\[[\d;]*m)")
# Where the cursor goes and how lines end: no style changes what these do.
_MOVES = re.compile(r"(?:\x1b\[\d*(?:;\d*)?H|[\r\n])*")
# What ends each attribute; bold and dim have one code for both.
_ENDS = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
_SEEN_ON_BLANKS = {"4", "7", "9"}
_MAX_STYLES = 1024


class _Style(NamedTuple):
    """How a terminal writes: attributes by their codes, and the codes of both colours, "" for its own."""

    attributes: frozenset[str] = frozenset()
    front: str = ""
    ground: str = ""


_DEFAULT = _Style()


def with_fewer_codes(text: str) -> str:
    """The same picture in fewer bytes: a code is sent where a style changes, and for what it changes alone.

    For Textual 8.2, which resets and sets all of a style for every piece of a line, so that two thirds of what it sends
    are codes.
    Needed while `test_textual_sends_every_style_in_full` passes.

    Args:
        text: what is to be written, whole pieces of it; the terminal's style is its own before and after.
    """
    sent = wanted = _DEFAULT
    pieces = []
    for piece in _STYLE_CODE.split(text):
        if piece.startswith("\x1b[") and piece.endswith("m") and _STYLE_CODE.fullmatch(piece):
            wanted = _changed(wanted, piece)
        elif _MOVES.fullmatch(piece):
            pieces.append(piece)
        else:
            style = _on_blanks(sent, wanted) if not piece.strip(" ") else wanted
            pieces += [_code(sent, style), piece]
            sent = style
    return "".join([*pieces, "\x1b[0m" if sent != _DEFAULT else ""])


def _on_blanks(sent: _Style, wanted: _Style) -> _Style:
    """A style in which blanks look as they are wanted, as near to the one sent as can be."""
    if _SEEN_ON_BLANKS & (sent.attributes | wanted.attributes):
        return wanted
    return sent._replace(ground=wanted.ground)


@lru_cache(_MAX_STYLES)
def _changed(style: _Style, code: str) -> _Style:
    """A style after a code."""
    attributes, front, ground = set(style.attributes), style.front, style.ground
    numbers = iter(code[2:-1].split(";"))
    for number in numbers:
        if number in {"", "0"}:
            attributes, front, ground = set(), "", ""
        elif number == "38" or (len(number) == 2 and number[0] in "39" and number != "39"):
            front = _color(number, numbers)
        elif number == "48" or number[:2] == "10" or (len(number) == 2 and number[0] == "4" and number != "49"):
            ground = _color(number, numbers)
        elif number == "39":
            front = ""
        elif number == "49":
            ground = ""
        else:
            attributes.add(number)
    return _Style(frozenset(attributes), front, ground)


def _color(number: str, numbers: Iterator[str]) -> str:
    """A colour's code, with the numbers that belong to it."""
    if number not in {"38", "48"}:
        return number
    kind = next(numbers)
    return ";".join([number, kind, *(next(numbers) for _ in range(3 if kind == "2" else 1))])


@lru_cache(_MAX_STYLES)
def _code(sent: _Style, wanted: _Style) -> str:
    """The shortest code that changes one style into another; "" where nothing does."""
    if sent == wanted:
        return ""
    anew = _joined(["0", *sorted(wanted.attributes), wanted.front, wanted.ground])
    gone = sent.attributes - wanted.attributes
    if gone - _ENDS.keys():
        return anew
    ends = {_ENDS[attribute] for attribute in gone}
    kept = {each for each in sent.attributes & wanted.attributes if _ENDS.get(each) in ends}
    codes = [*sorted(ends), *sorted((wanted.attributes - sent.attributes) | kept)]
    if wanted.front != sent.front:
        codes.append(wanted.front or "39")
    if wanted.ground != sent.ground:
        codes.append(wanted.ground or "49")
    return min(_joined(codes), anew, key=len)


def _joined(codes: Iterable[str]) -> str:
    return f"\x1b[{';'.join(code for code in codes if code)}m"

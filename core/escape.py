"""Names from files as text that is safe to show: no control characters, no marks that turn the line around."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"


def escaped(text: str) -> str:
    r"""The text with every character that does not print as itself written as `\n`, `\x1b`, `\u202e`.

    What prints is what `str.isprintable` says: not the Unicode categories "other" (controls, format characters
    such as bidi marks, surrogates) nor separators but the space.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# What a terminal without Unicode shows in place of the program's own signs.
_INSTEAD = {
    **{ELLIPSIS: "~", "·": "-", "×": "x", "–": "-", "−": "-", "→": "->", "÷": "/"},
    **{"²": "^2", "³": "^3", "⁴": "^4", "≤": "<=", "≈": "~", "↑": "Up", "↓": "Down", "←": "Left"},
}


def as_ascii(text: str) -> str:
    """The text without any character outside ASCII."""
    if text.isascii():
        return text
    for sign, instead in _INSTEAD.items():
        text = text.replace(sign, instead)
    return text.encode("ascii", "backslashreplace").decode()


def cells(text: str) -> int:
    """How many columns of a terminal escaped text takes: East Asian wide characters two, all others one at most."""
    if text.isascii():
        return len(text)
    return len(text) + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


def beginning(text: str, width: int) -> str:
    """At most `width` columns of escaped text, its end left out where it is longer: for sentences."""
    if cells(text) <= width:
        return text
    text = text[: max(0, width - 1)]
    while cells(text) > width - 1 > 0:
        text = text[:-1]
    return (text.rstrip(" ,;:") + ELLIPSIS)[:width]


def shortened(text: str, width: int) -> str:
    """At most `width` columns of escaped text, the middle left out where it is longer: for names."""
    if cells(text) <= width:
        return text
    if width < 2:
        return ELLIPSIS[:width]
    tail = (width - 1) // 2
    head = width - 1 - tail
    start, end = text[:head], text[-tail:] if tail else ""
    while cells(start) > head:
        start = start[:-1]
    while cells(end) > tail:
        end = end[1:]
    return start + ELLIPSIS + end

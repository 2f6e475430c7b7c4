"""How many columns a text takes in a terminal, and texts cut or wrapped to a width in columns."""

from __future__ import annotations

import unicodedata

from core.text.escape import ELLIPSIS


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


WIDTH = 80
# Where a word too long for a line, such as a path or a figure, had best be cut.
_SIGNS = "/,._-"


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """Lines of at most `width` characters, all but the first set in; a longer word is cut, best behind a sign."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        rest = indent + word
        while cells(rest) > width:
            fits = width if rest.isascii() else next(n for n in range(width, 0, -1) if cells(rest[:n]) <= width)
            behind = max(rest.rfind(sign, len(indent), fits) for sign in _SIGNS) + 1
            cut = behind if 3 * behind > fits else fits
            lines.append(rest[:cut])
            rest = indent + rest[cut:]
        lines.append(rest)
    return [line for line in lines if line.strip()]

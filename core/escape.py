"""Names from files as text that is safe to show: no control characters, no marks that turn the line around."""

from __future__ import annotations

ELLIPSIS = "…"


def escaped(text: str) -> str:
    r"""The text with every character that does not print as itself written as `\n`, `\x1b`, `\u202e`.

    What prints is what `str.isprintable` says: not the Unicode categories "other" (controls, format characters
    such as bidi marks, surrogates) nor separators but the space.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """At most `width` characters of escaped text, the middle left out where it is longer."""
    if len(text) <= width:
        return text
    if width < 2:
        return ELLIPSIS[:width]
    tail = (width - 1) // 2
    return text[: width - 1 - tail] + ELLIPSIS + (text[-tail:] if tail else "")

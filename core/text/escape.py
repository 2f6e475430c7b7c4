"""Names from files as they are shown: what could move the cursor or hide is escaped."""

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


# The signs that the program itself writes, with what a terminal without Unicode shows in their place.
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

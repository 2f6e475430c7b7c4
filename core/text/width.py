"""How many columns a text takes in a terminal, and texts cut or wrapped to a width in columns.

A terminal places clusters, not characters: a letter with its combining marks, a flag, an emoji joined of several. All
that is shown is measured here, in tables, the tree and the lines of the screen alike, and nothing is cut within a
cluster. The rules are those of https://wcwidth.readthedocs.io/en/latest/specs.html, by which Textual measures too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from core.text.escape import ELLIPSIS

_JOINER = "\N{ZERO WIDTH JOINER}"
_AS_EMOJI = "\N{VARIATION SELECTOR-16}"
# No character before this one combines with another or is wide.
_FIRST_MARK = "\u0300"
# Unicode's categories of marks, and of format characters such as the joiner.
_WITHOUT_WIDTH = ("Mn", "Mc", "Me", "Cf")
# Characters that have a width of their own by Unicode's tables and yet join the one before them: the vowels and final
# consonants of Hangul in pieces, the fillers that stand for missing ones, the colours of emoji's skin.
_JOINED = frozenset(
    map(chr, (*range(0x1160, 0x1200), *range(0xD7B0, 0xD800), 0x3164, 0xFFA0, *range(0x1F3FB, 0x1F400)))
)
# Characters that are wide since Unicode 16, while Python may know an older Unicode: signs of the Yijing and the
# Taixuanjing, counting rods.
_WIDENED = frozenset(
    map(chr, (*range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00), *range(0x1D300, 0x1D377)))
)
# Two letters from this range make a flag.
_REGIONAL = ("🇦", "🇿")
# Characters that are narrow unless the variation selector asks for their emoji, from emoji-variation-sequences.txt of
# https://unicode.org/Public/UCD/latest/ucd/emoji/ without those that are wide anyhow.
_NARROW_EMOJI = (
    "#*0123456789©®‼⁉™ℹ↔↕↖↗↘↙↩↪⌨⏏⏭⏮⏯⏱⏲⏸⏹⏺Ⓜ▪▫▶◀◻◼☀☁☂☃☄☎☑☘☝☠☢☣☦☪☮☯☸☹☺♀♂♟♠♣♥♦♨♻♾⚒⚔⚕⚖⚗⚙⚛⚜⚠⚧⚰⚱⛈⛏⛑⛓⛩⛰⛱⛴⛷⛸⛹✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❣❤➡⤴⤵⬅⬆⬇"
    "🅰🅱🅾🅿🌡🌤🌥🌦🌧🌨🌩🌪🌫🌬🌶🍽🎖🎗🎙🎚🎛🎞🎟🏋🏌🏍🏎🏔🏕🏖🏗🏘🏙🏚🏛🏜🏝🏞🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳🕴🕵🕶🕷🕸🕹🖇🖊🖋🖌🖍🖐🖥🖨🖱🖲🖼🗂🗃🗄🗑🗒🗓🗜🗝🗞🗡🗣🗨🗯🗳🗺🛋🛍🛎🛏🛠🛡🛢🛣🛤🛥🛩🛰🛳"
)


WIDTH = 80
# A word too long for a line, such as a path or a figure, is best cut behind one of these.
_SIGNS = "/,._-"


def cells(text: str) -> int:
    """How many columns of a terminal escaped text takes."""
    if text.isascii():
        return len(text)
    if _JOINER in text or _AS_EMOJI in text:
        return sum(_added_cells(text))
    return sum(map(_character_cells, text))


def padded(text: str, width: int, right: bool = False) -> str:
    """The text with spaces behind, or before it to align it right, up to `width` columns."""
    space = " " * (width - cells(text))
    if right or not space:
        return space + text
    # A joiner at the end would take the first space for what it joins.
    return text.rstrip(_JOINER) + space


def in_columns(text: str) -> list[str]:
    """What each column shows: a cluster in its first column, "" in those that a wide one goes on in."""
    columns: list[str] = []
    start = 0
    for end, width in _clusters(text):
        columns += [text[start:end], *[""] * (width - 1)] if width else []
        start = end
    return columns


def leading(text: str, width: int) -> str:
    """As much of escaped text from the left as `width` columns have room for."""
    if text.isascii():
        return text[: max(0, width)]
    end = 0
    for cluster_end, columns in _clusters(text):
        width -= columns
        if width < 0:
            break
        end = cluster_end
    return text[:end]


def ending(text: str, width: int) -> str:
    """As much of escaped text from the right as `width` columns have room for."""
    if text.isascii():
        return text[max(0, len(text) - width) :]
    clusters = list(_clusters(text))
    start = len(text)
    while clusters:
        _, columns = clusters.pop()
        width -= columns
        if width < 0:
            break
        start = clusters[-1][0] if clusters else 0
    return text[start:]


def beginning(text: str, width: int) -> str:
    """At most `width` columns of escaped text, its end left out where it is longer: for sentences."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    return leading(text, width - 1).rstrip(" ,;:") + ELLIPSIS


def shortened(text: str, width: int) -> str:
    """At most `width` columns of escaped text, the middle left out where it is longer: for names."""
    if cells(text) <= width:
        return text
    if width < 2:
        return ELLIPSIS[:width]
    tail = (width - 1) // 2
    return leading(text, width - 1 - tail) + ELLIPSIS + ending(text, tail)


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """Lines of at most `width` columns, all but the first set in; a longer word is cut, best behind a sign."""
    lines = [""]
    for word in _words(text):
        joined = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if cells(joined) <= width:
            lines[-1] = joined
        else:
            lines += _pieces(word, indent, width)
    return [line for line in lines if line.strip()]


def _words(text: str) -> list[str]:
    """What stands between spaces; a space that carries a mark is no end of a word."""
    words: list[str] = []
    for word in text.split(" "):
        if words and word and not cells(word[0]):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _pieces(word: str, indent: str, width: int) -> list[str]:
    """The lines of a word, set in."""
    lines: list[str] = []
    while True:
        head = leading(word, width - len(indent))
        if len(head) == len(word):
            return [*lines, indent + word]
        # A cluster wider than the line stands there all the same.
        fits = len(head) or next(_clusters(word))[0]
        behind = _end_of_sign(word[:fits])
        cut = behind if behind and 3 * (behind + len(indent)) > fits + len(indent) else fits
        lines.append(indent + word[:cut])
        word = word[cut:]


def _end_of_sign(text: str) -> int:
    """Where the last of the signs ends behind which words are cut; 0 where there is none."""
    return max((end for end, _ in _clusters(text) if text[end - 1] in _SIGNS), default=0)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Where each cluster ends, from the left, and how many columns it takes."""
    width = 0
    half_flag = False
    for at, (character, added) in enumerate(zip(text, _added_cells(text))):
        is_flag = added > 0 and _REGIONAL[0] <= character <= _REGIONAL[1]
        completes_flag = is_flag and half_flag
        if added and character != _AS_EMOJI:
            half_flag = is_flag and not completes_flag
            if at and not completes_flag:
                yield at, width
                width = 0
        width += added
    if text:
        yield len(text), width


def _added_cells(text: str) -> Iterator[int]:
    """How many columns each character adds to what stands before it."""
    joined = False
    measured = ""
    for character in text:
        added = 0
        if joined:
            # A character behind a joiner is drawn as one with what stands before the joiner.
            joined = False
        elif character == _JOINER:
            joined = True
        elif character == _AS_EMOJI:
            added = 1 if measured and measured in _NARROW_EMOJI else 0
            measured = ""
        else:
            added = _character_cells(character)
            measured = character if added else measured
        yield added


def _character_cells(character: str) -> int:
    """The columns of a character that no other changes: 0, 1 or 2."""
    if character < _FIRST_MARK:
        return 1
    if character in _JOINED or unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" or character in _WIDENED else 1

"""The opcodes of a pickle that hold a value: numbers, texts, bytes (Python's Lib/pickletools.py, "opcodes")."""

from __future__ import annotations

import struct
from codecs import escape_decode
from collections.abc import Callable

from core.readers.unpickle.values import Damaged, Opaque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.readers.unpickle.state import PickleState

    Opcode = Callable[[PickleState], object]

_MAX_TEXT_BYTES = 1 << 16
"""What is longer is no name and is passed over."""
_MAX_NUMBER_BYTES = 1 << 8
"""Or digits; Python takes minutes for millions of them."""


def _unsigned(m: PickleState, count: int) -> int:
    return int.from_bytes(m.source.take(count), "little")


def read_byte(m: PickleState) -> int:
    """The next byte."""
    source = m.source
    at = source.at
    if at < len(source.buffer):
        source.at = at + 1
        return source.buffer[at]
    return source.take(1)[0]


def read_four(m: PickleState) -> int:
    """A number of four bytes."""
    return _unsigned(m, 4)


def _eight(m: PickleState) -> int:
    return _unsigned(m, 8)


def read_line(m: PickleState, max_bytes: int = _MAX_TEXT_BYTES) -> bytes:
    """What stands before the next end of a line.

    Raises:
        Damaged: where it is longer than it may be.
    """
    text = m.source.line()
    if len(text) > max_bytes:
        raise Damaged(f"a line of {len(text):,} bytes is longer than a name or number")
    return text


def _constant(value: object) -> Opcode:
    return lambda m: m.stack.append(value)


# Numbers.


def _integer1(m: PickleState) -> None:
    m.stack.append(read_byte(m))


def _integer2(m: PickleState) -> None:
    m.budget.spend(32)
    m.stack.append(_unsigned(m, 2))


def _integer4(m: PickleState) -> None:
    m.budget.spend(32)
    m.stack.append(int.from_bytes(m.source.take(4), "little", signed=True))


def _integer_line(m: PickleState) -> None:
    text = read_line(m, _MAX_NUMBER_BYTES)
    m.budget.spend(32 + len(text))
    m.stack.append(text == b"01" if text in (b"00", b"01") else int(text.removesuffix(b"L")))


def _long(length: Callable[[PickleState], int]) -> Opcode:
    def act(m: PickleState) -> None:
        count = length(m)
        if count > _MAX_NUMBER_BYTES:
            raise Damaged(f"a whole number of {count:,} bytes is none that a checkpoint has")
        m.budget.spend(32 + count)
        m.stack.append(int.from_bytes(m.source.take(count), "little", signed=True))

    return act


def _float_line(m: PickleState) -> None:
    m.budget.spend(32)
    m.stack.append(float(read_line(m, _MAX_NUMBER_BYTES)))


def _float8(m: PickleState) -> None:
    m.budget.spend(32)
    m.stack.append(struct.unpack(">d", m.source.take(8))[0])


# Text and bytes.


def _add_text(m: PickleState, encoded: bytes) -> None:
    """Text is kept as it is, with lone surrogates; Python 2 wrote it as bytes, in UTF-8 or Latin-1."""
    try:
        text = encoded.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = encoded.decode("latin-1")
    m.budget.spend(56 + (len(encoded) if text.isascii() else 4 * len(encoded)))
    m.stack.append(text)


def _text(length: Callable[[PickleState], int]) -> Opcode:
    def act(m: PickleState) -> None:
        count = length(m)
        if count > _MAX_TEXT_BYTES:
            _pass_over(m, count)
        else:
            _add_text(m, m.source.take(count))

    return act


def _bytes(length: Callable[[PickleState], int]) -> Opcode:
    def act(m: PickleState) -> None:
        count = length(m)
        if count > _MAX_TEXT_BYTES:
            _pass_over(m, count)
        else:
            m.budget.spend(40 + count)
            m.stack.append(m.source.take(count))

    return act


def _pass_over(m: PickleState, count: int) -> None:
    m.budget.spend(64)
    m.source.skip(count)
    m.stack.append(Opaque(count))


def _text_line(m: PickleState) -> None:
    text = read_line(m).decode("raw-unicode-escape")
    m.budget.spend(56 + 4 * len(text))
    m.stack.append(text)


def _quoted_line(m: PickleState) -> None:
    line = read_line(m).strip()
    if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
        raise Damaged("a text in the pickle has no quotes")
    _add_text(m, escape_decode(line[1:-1])[0])


LITERALS: dict[bytes, Opcode] = {
    b"F": _float_line,  # FLOAT
    b"I": _integer_line,  # INT
    b"J": _integer4,  # BININT
    b"K": _integer1,  # BININT1
    b"L": _integer_line,  # LONG
    b"M": _integer2,  # BININT2
    b"N": _constant(None),  # NONE
    b"S": _quoted_line,  # STRING
    b"T": _text(read_four),  # BINSTRING
    b"U": _text(read_byte),  # SHORT_BINSTRING
    b"V": _text_line,  # UNICODE
    b"X": _text(read_four),  # BINUNICODE
    b")": _constant(()),  # EMPTY_TUPLE
    b"G": _float8,  # BINFLOAT
    b"\x88": _constant(True),  # NEWTRUE
    b"\x89": _constant(False),  # NEWFALSE
    b"\x8a": _long(read_byte),  # LONG1
    b"\x8b": _long(read_four),  # LONG4
    b"B": _bytes(read_four),  # BINBYTES
    b"C": _bytes(read_byte),  # SHORT_BINBYTES
    b"\x8c": _text(read_byte),  # SHORT_BINUNICODE
    b"\x8d": _text(_eight),  # BINUNICODE8
    b"\x8e": _bytes(_eight),  # BINBYTES8
    b"\x96": _bytes(_eight),  # BYTEARRAY8
}
"""What each does; beside it the name that pickletools gives it."""

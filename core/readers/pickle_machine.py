"""A pickle machine that builds plain values and inert stand-ins, and never imports, calls or hashes what it reads.

All opcodes of the protocols 0 to 5 (Python's Lib/pickletools.py, "opcodes"), each within bounds of memory and time.
"""

from __future__ import annotations

import struct
from codecs import escape_decode
from collections.abc import Callable
from typing import Any

from core.errors import CheckpointError
from core.escape import escaped, shortened
from core.readers.pickle_bytes import PickleBytes
from core.readers.pickle_globals import Builder, Builders, found, is_refused, is_refused_attribute
from core.readers.pickle_values import Global, Inert, Opaque, PickledDict

_MOST_MEMORY = 220 << 20
"""Bytes, by estimate, that one pickle's values may take."""
_STEP = 24
"""What one opcode counts for: a place on the stack, and time; so that nine million are the most."""
_LONGEST_TEXT = 1 << 16
"""Bytes; what is longer is no name and is passed over."""
_LONGEST_NUMBER = 1 << 8
"""Bytes, or digits; Python takes minutes for millions of them."""


class RefusedPickle(CheckpointError):
    """A pickle that names what no checkpoint needs."""


class PickleMachine:
    """Reads one pickle, or several that follow each other."""

    def __init__(
        self,
        source: PickleBytes,
        file: str,
        builders: Builders,
        persistent: Callable[[object], object] | None = None,
    ) -> None:
        """
        Args:
            source: the pickle's bytes.
            file: what an error calls the file.
            builders: which globals build something, and what.
            persistent: gives the object that a persistent id means; None where there may be none.
        """
        self._source = source
        self._file = file
        self._builders = builders
        self._persistent = persistent
        self._room = _MOST_MEMORY
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._globals: dict[tuple[str, str], Global] = {}
        self._build: dict[int, Builder] = {}
        self.classes: dict[str, None] = {}
        """Classes and functions that were called for and not built, in their order."""

    def load(self) -> Any:
        """The value of the next pickle.

        Raises:
            CheckpointError: where it is damaged, beyond the bounds, or names what no checkpoint needs.
        """
        self._stack, self._marks, self._memo = [], [], {}
        source = self._source
        try:
            while True:
                at = source.at
                if at >= len(source.buffer):
                    source.refill()
                    at = 0
                source.at = at + 1
                self._room -= _STEP
                if self._room < 0:
                    self._too_large()
                if source.buffer[at] == _STOP:
                    return self._stack.pop()
                _OPCODES[source.buffer[at]](self)
        except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, struct.error) as error:
            reason = str(error) if isinstance(error, _Damaged) else "the pickle is damaged"
            raise source.fault(reason) from error

    def _spend(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            self._too_large()

    def _too_large(self) -> None:
        raise self._source.fault(
            "its pickle holds more objects than a checkpoint's names and shapes take",
            "load it with what wrote it, and save its state dict as safetensors",
        )

    # Numbers and constants.

    def _push_none(self) -> None:
        self._stack.append(None)

    def _push_true(self) -> None:
        self._stack.append(True)

    def _push_false(self) -> None:
        self._stack.append(False)

    def _byte(self) -> int:
        source = self._source
        at = source.at
        if at < len(source.buffer):
            source.at = at + 1
            return source.buffer[at]
        return source.take(1)[0]

    def _unsigned(self, count: int) -> int:
        return int.from_bytes(self._source.take(count), "little")

    def _integer1(self) -> None:
        self._stack.append(self._byte())

    def _integer2(self) -> None:
        self._spend(32)
        self._stack.append(self._unsigned(2))

    def _integer4(self) -> None:
        self._spend(32)
        self._stack.append(int.from_bytes(self._source.take(4), "little", signed=True))

    def _integer_line(self) -> None:
        text = self._line(_LONGEST_NUMBER)
        if text in (b"00", b"01"):
            self._stack.append(text == b"01")
            return
        self._spend(32 + len(text))
        self._stack.append(int(text))

    def _long_line(self) -> None:
        text = self._line(_LONGEST_NUMBER)
        self._spend(32 + len(text))
        self._stack.append(int(text[:-1] if text.endswith(b"L") else text))

    def _long1(self) -> None:
        self._long(self._byte())

    def _long4(self) -> None:
        self._long(self._unsigned(4))

    def _long(self, count: int) -> None:
        if count > _LONGEST_NUMBER:
            raise _Damaged(f"a whole number of {count:,} bytes is none that a checkpoint has")
        self._spend(32 + count)
        self._stack.append(int.from_bytes(self._source.take(count), "little", signed=True))

    def _float_line(self) -> None:
        self._spend(24)
        self._stack.append(float(self._line(_LONGEST_NUMBER)))

    def _float8(self) -> None:
        self._spend(24)
        self._stack.append(struct.unpack(">d", self._source.take(8))[0])

    # Text and bytes.

    def _line(self, longest: int = _LONGEST_TEXT) -> bytes:
        text = self._source.line()
        if len(text) > longest:
            raise _Damaged(f"a line of {len(text):,} bytes is longer than a name or number")
        return text

    def _add_text(self, encoded: bytes) -> None:
        """Text is kept as it is, with lone surrogates; Python 2 wrote it as bytes, in UTF-8 or Latin-1."""
        try:
            text = encoded.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            text = encoded.decode("latin-1")
        self._spend(56 + (len(encoded) if encoded.isascii() else 4 * len(encoded)))
        self._stack.append(text)

    def _text(self, count: int) -> None:
        if count > _LONGEST_TEXT:
            self._pass_over(count)
        else:
            self._add_text(self._source.take(count))

    def _pass_over(self, count: int) -> None:
        self._spend(64)
        self._source.skip(count)
        self._stack.append(Opaque(count))

    def _bytes(self, count: int) -> None:
        if count > _LONGEST_TEXT:
            self._pass_over(count)
        else:
            self._spend(40 + count)
            self._stack.append(self._source.take(count))

    def _text1(self) -> None:
        self._text(self._byte())

    def _text4(self) -> None:
        self._text(self._unsigned(4))

    def _text8(self) -> None:
        self._text(self._unsigned(8))

    def _bytes1(self) -> None:
        self._bytes(self._byte())

    def _bytes4(self) -> None:
        self._bytes(self._unsigned(4))

    def _bytes8(self) -> None:
        self._bytes(self._unsigned(8))

    def _text_line(self) -> None:
        text = self._line().decode("raw-unicode-escape")
        self._spend(56 + 4 * len(text))
        self._stack.append(text)

    def _quoted_line(self) -> None:
        line = self._line().strip()
        if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
            raise _Damaged("a text in the pickle has no quotes")
        self._add_text(escape_decode(line[1:-1])[0])

    # Containers.

    def _mark(self) -> None:
        self._spend(88)
        self._marks.append(self._stack)
        self._stack = []

    def _to_mark(self) -> list[Any]:
        """What lies above the last mark, taken off together with it."""
        above, self._stack = self._stack, self._marks.pop()
        return above

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._to_mark()

    def _duplicate(self) -> None:
        self._stack.append(self._stack[-1])

    def _empty_tuple(self) -> None:
        self._stack.append(())

    def _add_tuple(self, values: list[Any]) -> None:
        self._spend(48 + 8 * len(values))
        self._stack.append(tuple(values))

    def _tuple(self) -> None:
        self._add_tuple(self._to_mark())

    def _tuple_of(self, count: int) -> None:
        if len(self._stack) < count:
            raise _Damaged("a tuple in the pickle lacks its values")
        values = self._stack[-count:]
        del self._stack[-count:]
        self._add_tuple(values)

    def _tuple1(self) -> None:
        self._tuple_of(1)

    def _tuple2(self) -> None:
        self._tuple_of(2)

    def _tuple3(self) -> None:
        self._tuple_of(3)

    def _empty_list(self) -> None:
        self._spend(72)
        self._stack.append([])

    def _list(self) -> None:
        self._stack.append(self._to_mark())

    def _append(self) -> None:
        value = self._stack.pop()
        self._extend([value])

    def _appends(self) -> None:
        self._extend(self._to_mark())

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        self._spend(16 * len(values))
        if isinstance(target, Inert):
            if target.elements is None:
                target.elements = []
            target.elements += values
        elif isinstance(target, list):
            target += values
        else:
            raise _Damaged("the pickle appends to what is no list")

    def _empty_dict(self) -> None:
        self._spend(240)
        self._stack.append(PickledDict())

    def _dict(self) -> None:
        self._empty_dict()
        made = self._stack.pop()
        values = self._to_mark()
        self._stack.append(made)
        self._set(values)

    def _set_item(self) -> None:
        value = self._stack.pop()
        key = self._stack.pop()
        self._set([key, value])

    def _set_items(self) -> None:
        self._set(self._to_mark())

    def _set(self, values: list[Any]) -> None:
        target = self._stack[-1]
        self._spend(12 * len(values))
        if len(values) % 2:
            raise _Damaged("a dict in the pickle has a key without a value")
        if isinstance(target, Inert):
            if target.items is None:
                self._spend(240)
                target.items = PickledDict()
            target = target.items
        if not isinstance(target, PickledDict):
            raise _Damaged("the pickle sets a key in what is no dict")
        target.keys += values[::2]
        target.values += values[1::2]

    def _frozen_set(self) -> None:
        self._add_tuple(self._to_mark())

    # The memo.

    def _remember(self, index: int) -> None:
        if index >= 1 << 32 or index < 0:
            raise _Damaged("the pickle's memo has an index beyond all bounds")
        self._spend(104)
        self._memo[index] = self._stack[-1]

    def _put1(self) -> None:
        self._remember(self._byte())

    def _put4(self) -> None:
        self._remember(self._unsigned(4))

    def _put_line(self) -> None:
        self._remember(int(self._line(16)))

    def _memoize(self) -> None:
        self._remember(len(self._memo))

    def _get1(self) -> None:
        self._stack.append(self._memo[self._byte()])

    def _get4(self) -> None:
        self._stack.append(self._memo[self._unsigned(4)])

    def _get_line(self) -> None:
        self._stack.append(self._memo[int(self._line(16))])

    # Names of classes and functions, and what is made with them.

    def _global(self, module: str, name: str) -> Global:
        known = self._globals.get((module, name))
        if known is None:
            self._spend(400 + 4 * (len(module) + len(name)))
            known = found(module, name)
            if is_refused(known):
                self._refuse(known.text)
            self._globals[module, name] = known
            if build := self._builders.get((known.module, known.name)):
                self._build[id(known)] = build
        return known

    def _refuse(self, text: str) -> None:
        raise RefusedPickle(
            self._file,
            f"it calls {text}, which no checkpoint needs; it was not run",
            place=f"byte {self._source.taken} of its pickle",
            advice="do not load this file; get the model elsewhere, as safetensors",
        )

    def _global_line(self) -> None:
        module, name = self._line().decode(), self._line().decode()
        self._stack.append(self._global(module, name))

    def _global_stack(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise _Damaged("the pickle names a class by what is no text")
        self._stack.append(self._global(module, name))

    def _make(self, kind: object, args: object) -> Any:
        """What a call would give: a value where the name builds one, else a stand-in."""
        if not isinstance(args, tuple):
            raise _Damaged("the pickle calls a function with what is no tuple")
        self._spend(128 + sum(16 * len(part) for part in args if isinstance(part, (list, tuple, str, bytes))))
        if not isinstance(kind, Global):
            return Inert(None, (kind, args))
        if build := self._build.get(id(kind)):
            return self._built(build, kind, args)
        if kind.module == "builtins" and kind.name == "getattr" and is_refused_attribute(*args[:2]):
            self._refuse(f"builtins.getattr({', '.join(_shown(part) for part in args[:2])})")
        if kind.module == "copyreg" and args and isinstance(args[0], Global):
            # The objects of protocols 0 and 1: `_reconstructor(class, object, None)`.
            return self._make(args[0], args[1:] if kind.name == "__newobj__" else ())
        self.classes[kind.text] = None
        return Inert(kind, args)

    def _built(self, build: Builder, kind: Global, args: tuple[Any, ...]) -> Any:
        for part in args:
            if isinstance(part, PickledDict):
                self._spend(16 * len(part.keys))
        try:
            return build(*args)
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            why = f": {error}" if type(error) is ValueError else ""
            raise _Damaged(f"{kind.text} is called with arguments that it does not take{why}") from error

    def _reduce(self) -> None:
        args = self._stack.pop()
        kind = self._stack.pop()
        self._stack.append(self._make(kind, args))

    def _new_object_extended(self) -> None:
        self._stack.pop()
        self._reduce()

    def _instance(self) -> None:
        kind = self._global(self._line().decode(), self._line().decode())
        self._stack.append(self._make(kind, tuple(self._to_mark())))

    def _object(self) -> None:
        kind, *args = self._to_mark()
        self._stack.append(self._make(kind, tuple(args)))

    def _set_state(self) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, Inert):
            target.state = state

    def _persistent_stack(self) -> None:
        self._add_persistent(self._stack.pop())

    def _persistent_line(self) -> None:
        self._add_persistent(self._line().decode("utf-8", "replace"))

    def _add_persistent(self, key: object) -> None:
        if self._persistent is None:
            raise _Damaged("the pickle refers to an object outside it")
        self._spend(160)
        try:
            self._stack.append(self._persistent(key))
        except (TypeError, ValueError, IndexError) as error:
            raise _Damaged(f"a reference to a storage is damaged{_why(error)}") from error

    # The frame around opcodes.

    def _protocol(self) -> None:
        version = self._byte()
        if version > 5:
            raise _Damaged(f"a pickle of protocol {version} is newer than any that is known")

    def _frame(self) -> None:
        self._source.take(8)

    def _extension(self) -> None:
        raise _Damaged("the pickle names a class by a number that only its program knows")

    def _outside_buffer(self) -> None:
        raise _Damaged("the pickle's buffers lie outside it")

    def _nothing(self) -> None:
        pass

    def _unknown(self) -> None:
        raise _Damaged("the pickle is damaged: it has an opcode that does not exist")


class _Damaged(ValueError):
    """What is wrong, as a clause."""


def _why(error: Exception) -> str:
    return f": {error}" if type(error) is ValueError else ""


def _shown(part: object) -> str:
    if isinstance(part, (Global, Inert)):
        return part.text
    return shortened(escaped(part), 60) if isinstance(part, str) else type(part).__name__


_STOP = ord(".")


# By the names that pickletools gives the opcodes.
_HANDLERS: dict[bytes, Callable[[PickleMachine], None]] = {
    b"(": PickleMachine._mark,  # MARK
    b"0": PickleMachine._pop,  # POP
    b"1": PickleMachine._to_mark,  # type: ignore[dict-item]  # POP_MARK; what it returns is dropped
    b"2": PickleMachine._duplicate,  # DUP
    b"F": PickleMachine._float_line,  # FLOAT
    b"I": PickleMachine._integer_line,  # INT
    b"J": PickleMachine._integer4,  # BININT
    b"K": PickleMachine._integer1,  # BININT1
    b"L": PickleMachine._long_line,  # LONG
    b"M": PickleMachine._integer2,  # BININT2
    b"N": PickleMachine._push_none,  # NONE
    b"P": PickleMachine._persistent_line,  # PERSID
    b"Q": PickleMachine._persistent_stack,  # BINPERSID
    b"R": PickleMachine._reduce,  # REDUCE
    b"S": PickleMachine._quoted_line,  # STRING
    b"T": PickleMachine._text4,  # BINSTRING
    b"U": PickleMachine._text1,  # SHORT_BINSTRING
    b"V": PickleMachine._text_line,  # UNICODE
    b"X": PickleMachine._text4,  # BINUNICODE
    b"a": PickleMachine._append,  # APPEND
    b"b": PickleMachine._set_state,  # BUILD
    b"c": PickleMachine._global_line,  # GLOBAL
    b"d": PickleMachine._dict,  # DICT
    b"}": PickleMachine._empty_dict,  # EMPTY_DICT
    b"e": PickleMachine._appends,  # APPENDS
    b"g": PickleMachine._get_line,  # GET
    b"h": PickleMachine._get1,  # BINGET
    b"i": PickleMachine._instance,  # INST
    b"j": PickleMachine._get4,  # LONG_BINGET
    b"l": PickleMachine._list,  # LIST
    b"]": PickleMachine._empty_list,  # EMPTY_LIST
    b"o": PickleMachine._object,  # OBJ
    b"p": PickleMachine._put_line,  # PUT
    b"q": PickleMachine._put1,  # BINPUT
    b"r": PickleMachine._put4,  # LONG_BINPUT
    b"s": PickleMachine._set_item,  # SETITEM
    b"t": PickleMachine._tuple,  # TUPLE
    b")": PickleMachine._empty_tuple,  # EMPTY_TUPLE
    b"u": PickleMachine._set_items,  # SETITEMS
    b"G": PickleMachine._float8,  # BINFLOAT
    b"\x80": PickleMachine._protocol,  # PROTO
    b"\x81": PickleMachine._reduce,  # NEWOBJ
    b"\x82": PickleMachine._extension,  # EXT1
    b"\x83": PickleMachine._extension,  # EXT2
    b"\x84": PickleMachine._extension,  # EXT4
    b"\x85": PickleMachine._tuple1,  # TUPLE1
    b"\x86": PickleMachine._tuple2,  # TUPLE2
    b"\x87": PickleMachine._tuple3,  # TUPLE3
    b"\x88": PickleMachine._push_true,  # NEWTRUE
    b"\x89": PickleMachine._push_false,  # NEWFALSE
    b"\x8a": PickleMachine._long1,  # LONG1
    b"\x8b": PickleMachine._long4,  # LONG4
    b"B": PickleMachine._bytes4,  # BINBYTES
    b"C": PickleMachine._bytes1,  # SHORT_BINBYTES
    b"\x8c": PickleMachine._text1,  # SHORT_BINUNICODE
    b"\x8d": PickleMachine._text8,  # BINUNICODE8
    b"\x8e": PickleMachine._bytes8,  # BINBYTES8
    b"\x8f": PickleMachine._empty_list,  # EMPTY_SET
    b"\x90": PickleMachine._appends,  # ADDITEMS
    b"\x91": PickleMachine._frozen_set,  # FROZENSET
    b"\x92": PickleMachine._new_object_extended,  # NEWOBJ_EX
    b"\x93": PickleMachine._global_stack,  # STACK_GLOBAL
    b"\x94": PickleMachine._memoize,  # MEMOIZE
    b"\x95": PickleMachine._frame,  # FRAME
    b"\x96": PickleMachine._bytes8,  # BYTEARRAY8
    b"\x97": PickleMachine._outside_buffer,  # NEXT_BUFFER
    b"\x98": PickleMachine._nothing,  # READONLY_BUFFER
}
_OPCODES = [_HANDLERS.get(bytes((code,)), PickleMachine._unknown) for code in range(256)]

"""What each opcode of a pickle does, in the protocols 0 to 5 (Python's Lib/pickletools.py, "opcodes")."""

from __future__ import annotations

from collections.abc import Callable

from core.readers.unpickle.literals import LITERALS, read_byte, read_four, read_line
from core.readers.unpickle.values import Damaged, Inert, PickledDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from core.readers.unpickle.state import PickleState

    Opcode = Callable[[PickleState], object]

STOP = ord(".")
_MAX_MARKS = 10_000
"""Containers that lie in each other; Python itself can write no more than a thousand."""
_EMPTY_DICT_BYTES = 240


# Containers.


def _mark(m: PickleState) -> None:
    if len(m.marks) == _MAX_MARKS:
        raise Damaged(f"more than {_MAX_MARKS:,} values in the pickle lie in each other")
    m.marks.append(m.stack)
    m.stack = []


def _pop(m: PickleState) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.to_mark()


def _add_tuple(m: PickleState, values: list[Any]) -> None:
    m.budget.spend(56 + 8 * len(values))
    m.stack.append(tuple(values))


def _tuple_of(count: int) -> Opcode:
    def act(m: PickleState) -> None:
        if len(m.stack) < count:
            raise Damaged("a tuple in the pickle lacks its values")
        values = m.stack[-count:]
        del m.stack[-count:]
        _add_tuple(m, values)

    return act


def _empty_list(m: PickleState) -> None:
    m.budget.spend(72)
    m.stack.append([])


def _list(m: PickleState) -> None:
    values = m.to_mark()
    m.stack.append(values)


def _append(m: PickleState) -> None:
    value = m.stack.pop()
    _extend(m, [value])


def _extend(m: PickleState, values: list[Any]) -> None:
    target = m.stack[-1]
    m.budget.spend(16 * len(values))
    if isinstance(target, Inert):
        if target.elements is None:
            target.elements = []
        target.elements += values
    elif isinstance(target, list):
        target += values
    else:
        raise Damaged("the pickle appends to what is no list")


def _empty_dict(m: PickleState) -> None:
    m.budget.spend(_EMPTY_DICT_BYTES)
    m.stack.append(PickledDict())


def _dict(m: PickleState) -> None:
    values = m.to_mark()
    _empty_dict(m)
    _set(m, values)


def _set_item(m: PickleState) -> None:
    value = m.stack.pop()
    key = m.stack.pop()
    _set(m, [key, value])


def _set(m: PickleState, values: list[Any]) -> None:
    target = m.stack[-1]
    m.budget.spend(12 * len(values))
    if len(values) % 2:
        raise Damaged("a dict in the pickle has a key without a value")
    if isinstance(target, Inert):
        if target.items is None:
            m.budget.spend(_EMPTY_DICT_BYTES)
            target.items = PickledDict()
        target = target.items
    if not isinstance(target, PickledDict):
        raise Damaged("the pickle sets a key in what is no dict")
    target.keys += values[::2]
    target.values += values[1::2]


# The memo.


def _memo_line(m: PickleState) -> int:
    return int(read_line(m, 16))


# Objects.


def _global_line(m: PickleState) -> None:
    module = read_line(m).decode()
    m.stack.append(m.name(module, read_line(m).decode()))


def _global_stack(m: PickleState) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise Damaged("the pickle names a class by what is no text")
    m.stack.append(m.name(module, name))


def _reduce(m: PickleState) -> None:
    args = m.stack.pop()
    kind = m.stack.pop()
    m.stack.append(m.make(kind, args))


def _new_object_extended(m: PickleState) -> None:
    m.stack.pop()  # keyword arguments
    _reduce(m)


def _instance(m: PickleState) -> None:
    module = read_line(m).decode()
    kind = m.name(module, read_line(m).decode())
    args = tuple(m.to_mark())
    m.stack.append(m.make(kind, args))


def _object(m: PickleState) -> None:
    kind, *args = m.to_mark()
    m.stack.append(m.make(kind, tuple(args)))


def _set_state(m: PickleState) -> None:
    state = m.stack.pop()
    target = m.stack[-1]
    if isinstance(target, Inert):
        target.state = state


def _protocol(m: PickleState) -> None:
    version = read_byte(m)
    if version > 5:
        raise Damaged(f"a pickle of protocol {version} is newer than any that is known")


def _frame(m: PickleState) -> None:
    m.source.take(8)  # its length, which the opcodes in it tell as well


def _extension(m: PickleState) -> None:
    raise Damaged("the pickle names a class by a number that only its program knows")


def _outside_buffer(m: PickleState) -> None:
    raise Damaged("the pickle's buffers lie outside it")


def _unknown(m: PickleState) -> None:
    raise Damaged("the pickle is damaged: it has an opcode that does not exist")


# By the names that pickletools gives the opcodes.
_ACTIONS: dict[bytes, Opcode] = {
    **LITERALS,
    b"(": _mark,  # MARK
    b"0": _pop,  # POP
    b"1": lambda m: m.to_mark(),  # POP_MARK
    b"2": lambda m: m.stack.append(m.stack[-1]),  # DUP
    b"P": lambda m: m.stack.append(m.persistent(read_line(m).decode("utf-8", "replace"))),  # PERSID
    b"Q": lambda m: m.stack.append(m.persistent(m.stack.pop())),  # BINPERSID
    b"R": _reduce,  # REDUCE
    b"a": _append,  # APPEND
    b"b": _set_state,  # BUILD
    b"c": _global_line,  # GLOBAL
    b"d": _dict,  # DICT
    b"}": _empty_dict,  # EMPTY_DICT
    b"e": lambda m: _extend(m, m.to_mark()),  # APPENDS
    b"g": lambda m: m.stack.append(m.remembered(_memo_line(m))),  # GET
    b"h": lambda m: m.stack.append(m.remembered(read_byte(m))),  # BINGET
    b"i": _instance,  # INST
    b"j": lambda m: m.stack.append(m.remembered(read_four(m))),  # LONG_BINGET
    b"l": _list,  # LIST
    b"]": _empty_list,  # EMPTY_LIST
    b"o": _object,  # OBJ
    b"p": lambda m: m.remember(_memo_line(m)),  # PUT
    b"q": lambda m: m.remember(read_byte(m)),  # BINPUT
    b"r": lambda m: m.remember(read_four(m)),  # LONG_BINPUT
    b"s": _set_item,  # SETITEM
    b"t": lambda m: _add_tuple(m, m.to_mark()),  # TUPLE
    b"u": lambda m: _set(m, m.to_mark()),  # SETITEMS
    b"\x80": _protocol,  # PROTO
    b"\x81": _reduce,  # NEWOBJ
    **dict.fromkeys((b"\x82", b"\x83", b"\x84"), _extension),  # EXT1, EXT2, EXT4
    b"\x85": _tuple_of(1),  # TUPLE1
    b"\x86": _tuple_of(2),  # TUPLE2
    b"\x87": _tuple_of(3),  # TUPLE3
    b"\x8f": _empty_list,  # EMPTY_SET; nothing is hashed
    b"\x90": lambda m: _extend(m, m.to_mark()),  # ADDITEMS
    b"\x91": lambda m: _add_tuple(m, m.to_mark()),  # FROZENSET
    b"\x92": _new_object_extended,  # NEWOBJ_EX
    b"\x93": _global_stack,  # STACK_GLOBAL
    b"\x94": lambda m: m.remember(len(m.memo) + len(m.far_memo)),  # MEMOIZE
    b"\x95": _frame,  # FRAME
    b"\x97": _outside_buffer,  # NEXT_BUFFER
    b"\x98": lambda m: None,  # READONLY_BUFFER
}
OPCODES: list[Opcode] = [_ACTIONS.get(bytes((code,)), _unknown) for code in range(256)]

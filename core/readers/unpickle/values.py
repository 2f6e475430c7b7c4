"""What a pickle builds here: plain values, containers that hash nothing, and inert stand-ins for all else."""

from __future__ import annotations

from core.text.escape import escaped
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_KEY_CHARACTERS = 256
"""Of a key that is no text and must be made one: the same key may stand there a million times."""
_MAX_INDEX_BITS = 64


class Damaged(ValueError):  # it reads as a word of the sentence it becomes
    """What is wrong with a pickle, as a clause."""


class Global:
    """A name that a pickle wants imported. It is never imported.

    Attributes:
        module: its module.
        name: its name there, with dots where it is nested.
        text: `module.name`, fit to be shown; it is asked for again with each call of the name.
    """

    __slots__ = ("module", "name", "text")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        self.text = shortened(escaped(f"{module}.{name}"), 120)


class Record:
    """What a builder makes that is no plain value: it says itself what it takes."""

    __slots__ = ()

    def memory_bytes(self) -> int:
        """What it takes, with all that is its own."""
        raise NotImplementedError


class Inert:
    """An object that was not built.

    Attributes:
        kind: its class or the function that would have made it; None where that is itself an unknown object.
        args: what that would have been called with.
        state: what its `__setstate__` would have been given.
        items: what would have been set in it, where it is like a dict.
        elements: what would have been appended to it, where it is like a list.
    """

    __slots__ = ("args", "elements", "items", "kind", "state")

    def __init__(self, kind: Global | None, args: object = ()) -> None:
        self.kind = kind
        self.args = args
        self.state: object = None
        self.items: PickledDict | None = None
        self.elements: list[Any] | None = None

    @property
    def text(self) -> str:
        """The name of its class, fit to be shown."""
        return self.kind.text if self.kind else "an unknown class"


class PickledDict:
    """A dict as pairs in their order: its keys are foreign objects, which are not to be hashed.

    Attributes:
        keys: its keys; one may be there twice, and the last counts.
        values: of each key.
    """

    __slots__ = ("keys", "values")

    def __init__(self, keys: list[Any] | None = None, values: list[Any] | None = None) -> None:
        self.keys: list[Any] = [] if keys is None else keys
        self.values: list[Any] = [] if values is None else values

    def get(self, name: str) -> Any:
        """The value of a text key, or None."""
        for key, value in zip(reversed(self.keys), reversed(self.values)):
            if isinstance(key, str) and key == name:
                return value
        return None


class Opaque:
    """Text or bytes so long that they were passed over.

    Attributes:
        length: in bytes.
    """

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length


def key_text(key: object) -> str:
    """A dict's key as part of a tensor's name."""
    if isinstance(key, str):
        return key
    if isinstance(key, int):
        return _number_text(key)
    if key is None or isinstance(key, float):
        return str(key)
    if isinstance(key, bytes):
        return key[:_MAX_KEY_CHARACTERS].decode("latin-1")
    if isinstance(key, tuple) and len(key) <= 8 and all(isinstance(part, (str, int)) for part in key):
        parts = (part[:_MAX_KEY_CHARACTERS] if isinstance(part, str) else _number_text(part) for part in key)
        return ".".join(parts)[:_MAX_KEY_CHARACTERS]
    return f"({type(key).__name__.lower()})"


def _number_text(number: int) -> str:
    """A whole number; one that no index has as hexadecimal digits, which take time by their count, not its square."""
    return str(number) if number.bit_length() <= _MAX_INDEX_BITS else hex(number)

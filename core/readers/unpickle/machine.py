"""A pickle machine that builds plain values and inert stand-ins, and never imports, calls or hashes what it reads.

It has bounds of memory and time; what each opcode does stands in `core.readers.unpickle.opcodes`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from core.checkpoint.errors import CheckpointError
from core.readers.unpickle.byte_source import PickleBytes
from core.readers.unpickle.globals import Builder, Builders, found, is_refused, is_refused_attribute
from core.readers.unpickle.opcodes import OPCODES, STOP
from core.readers.unpickle.values import Damaged, Global, Inert, PickledDict
from core.text.escape import escaped
from core.text.width import shortened

_MOST_MEMORY = 220 << 20
"""Bytes, by estimate, that one pickle's values may take."""
_SLOT = 8
"""Bytes of that for each opcode, which may put a value on the stack."""
_MOST_STEPS = 8_000_000
"""Opcodes; some three seconds."""


class RefusedPickleError(CheckpointError):
    """A pickle that names what no checkpoint needs."""


class PickleMachine:
    """Reads one pickle, or several that follow each other.

    Attributes:
        source: the pickle's bytes.
        stack: values above the last mark.
        marks: the stacks below each mark.
        memo: values that the pickle refers to again.
        unbuilt: classes and functions that were called for and not built, in their order.
    """

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
        self.source = source
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.unbuilt: dict[str, None] = {}
        self._file = file
        self._builders = builders
        self._persistent = persistent
        self._room = _MOST_MEMORY
        self._steps = _MOST_STEPS
        self._globals: dict[tuple[str, str], Global] = {}
        self._build: dict[int, Builder] = {}

    def load(self) -> Any:
        """The value of the next pickle.

        Raises:
            CheckpointError: where it is damaged, beyond the bounds, or names what no checkpoint needs.
        """
        self.stack, self.marks, self.memo = [], [], {}
        source, opcodes = self.source, OPCODES
        try:
            while True:
                at = source.at
                if at >= len(source.buffer):
                    source.refill()
                    at = 0
                source.at = at + 1
                self._steps -= 1
                if self._steps < 0:
                    self._too_large()
                code = source.buffer[at]
                if code == STOP:
                    return self.stack.pop()
                opcodes[code](self)
        except Damaged as error:
            raise source.fault(str(error)) from error
        except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, struct.error) as error:
            raise source.fault("the pickle is damaged") from error

    def spend(self, size: int) -> None:
        """Counts memory that a value is about to take.

        Raises:
            CheckpointError: where that is more than is allowed.
        """
        self._room -= size
        if self._room < _SLOT * (_MOST_STEPS - self._steps):
            self._too_large()

    def _too_large(self) -> None:
        raise self.source.fault(
            "its pickle holds more objects than a checkpoint's names and shapes take",
            "load it with what wrote it, and save its state dict as safetensors",
        )

    def to_mark(self) -> list[Any]:
        """What lies above the last mark, taken off together with it."""
        above, self.stack = self.stack, self.marks.pop()
        return above

    def name(self, module: str, name: str) -> Global:
        """A class or function by its name.

        Raises:
            RefusedPickleError: where no checkpoint needs it.
        """
        known = self._globals.get((module, name))
        if known is None:
            self.spend(400 + 4 * (len(module) + len(name)))
            known = found(module, name)
            if is_refused(known):
                self._refuse(known.text)
            self._globals[module, name] = known
            if build := self._builders.get((known.module, known.name)):
                self._build[id(known)] = build
        return known

    def _refuse(self, text: str) -> None:
        raise RefusedPickleError(
            self._file,
            f"it calls {text}, which no checkpoint needs; it was not run",
            place=f"byte {self.source.taken} of its pickle",
            advice="do not load this file; get the model elsewhere, as safetensors",
        )

    def make(self, kind: object, args: object) -> Any:
        """What a call would give: a value where the name builds one, else a stand-in.

        Args:
            kind: what would be called.
            args: with which arguments.

        Raises:
            Damaged: where the arguments are none that it takes.
        """
        if not isinstance(args, tuple):
            raise Damaged("the pickle calls a function with what is no tuple")
        self.spend(128 + sum(16 * _length(part) for part in args))
        if not isinstance(kind, Global):
            return Inert(None, (kind, args))
        if build := self._build.get(id(kind)):
            try:
                return build(*args)
            except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
                raise Damaged(f"{kind.text} is called with what it does not take{_why(error)}") from error
        if kind.module == "builtins" and kind.name == "getattr" and is_refused_attribute(*args[:2]):
            self._refuse(f"builtins.getattr({', '.join(_shown(part) for part in args[:2])})")
        if kind.module == "copyreg" and args and isinstance(args[0], Global):
            # The objects of protocols 0 and 1: `_reconstructor(class, object, None)`.
            self.unbuilt[args[0].text] = None
            return Inert(args[0], args[1:])
        self.unbuilt[kind.text] = None
        return Inert(kind, args)

    def persistent(self, key: object) -> object:
        """What a persistent id means.

        Raises:
            Damaged: where it means nothing.
        """
        if self._persistent is None:
            raise Damaged("the pickle refers to an object outside it")
        self.spend(160)
        try:
            return self._persistent(key)
        except (TypeError, ValueError, IndexError) as error:
            raise Damaged(f"a reference to a storage is damaged{_why(error)}") from error


def _length(part: object) -> int:
    """How much of an argument may be copied."""
    if isinstance(part, PickledDict):
        return len(part.keys)
    return len(part) if isinstance(part, (list, tuple, str, bytes)) else 0


def _why(error: Exception) -> str:
    return f": {error}" if type(error) is ValueError else ""


def _shown(part: object) -> str:
    if isinstance(part, (Global, Inert)):
        return part.text
    return shortened(escaped(part), 60) if isinstance(part, str) else type(part).__name__

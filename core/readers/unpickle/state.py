"""What a pickle has built so far, and what its calls come to: the state that each opcode changes."""

from __future__ import annotations

from collections.abc import Callable

from core.checkpoint.errors import CheckpointError
from core.readers.unpickle.budget import ENTRY_BYTES
from core.readers.unpickle.byte_source import PickleBytes
from core.readers.unpickle.globals import Builder, Builders, found, is_refused, is_refused_attribute
from core.readers.unpickle.values import Damaged, Global, Inert, PickledDict, Record
from core.text.escape import escaped
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STORAGE_BYTES = 96
"""What a persistent id comes to: a record."""


class RefusedPickleError(CheckpointError):
    """A pickle that names what no checkpoint needs."""


class PickleState:
    """The stack and the memo of a pickle, and the names that it has asked for.

    Attributes:
        source: the pickle's bytes.
        budget: what all values together may take.
        stack: values above the last mark.
        marks: the stacks below each mark.
        memo: values that the pickle refers to again, numbered without a gap, as all programs number them.
        far_memo: those beyond a gap.
        unbuilt: classes and functions that were called for and not built, in their order.
    """

    def __init__(
        self, source: PickleBytes, file: str, builders: Builders, persistent: Callable[[object], object] | None
    ) -> None:
        """See `PickleMachine`."""
        self.source = source
        self.budget = source.budget
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: list[Any] = []
        self.far_memo: dict[int, Any] = {}
        self.unbuilt: dict[str, None] = {}
        self._file = file
        self._builders = builders
        self._persistent = persistent
        self._globals: dict[tuple[str, str], Global] = {}
        self._build: dict[int, Builder] = {}

    def clear(self) -> None:
        """Forgets all values, as each pickle begins without any."""
        self.stack, self.marks = [], []
        self.memo, self.far_memo = [], {}

    def to_mark(self) -> list[Any]:
        """What lies above the last mark, taken off together with it."""
        above, self.stack = self.stack, self.marks.pop()
        return above

    def remember(self, index: int) -> None:
        """Gives the value on the stack a number in the memo.

        Raises:
            Damaged: where the number is none.
        """
        memo = self.memo
        if index == len(memo):
            memo.append(self.stack[-1])
        elif 0 <= index < len(memo):
            memo[index] = self.stack[-1]
        elif not 0 <= index < 1 << 32:
            raise Damaged("the pickle's memo has an index beyond all bounds")
        else:
            self.budget.spend(ENTRY_BYTES)
            self.far_memo[index] = self.stack[-1]

    def remembered(self, index: int) -> Any:
        """A value by its number.

        Raises:
            KeyError: where there is none.
        """
        return self.memo[index] if 0 <= index < len(self.memo) else self.far_memo[index]

    def name(self, module: str, name: str) -> Global:
        """A class or function by its name.

        Raises:
            RefusedPickleError: where no checkpoint needs it.
        """
        known = self._globals.get((module, name))
        if known is None:
            self.budget.spend(1000 + 4 * (len(module) + len(name)))
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
        # Arguments may be copied, and the same ones may be given again and again.
        size = 128 + 8 * len(args)
        self.budget.spend(size)
        copied = 16 * sum(map(_length, args))
        self.budget.spend(copied)
        if not isinstance(kind, Global):
            return Inert(None, (kind, args))
        if build := self._build.get(id(kind)):
            made = self._built(build, kind, args)
            if isinstance(made, Record):
                self.budget.spend(made.memory_bytes() - size - copied)
            return made
        if kind.module == "builtins" and kind.name == "getattr" and is_refused_attribute(*args[:2]):
            self._refuse(f"builtins.getattr({', '.join(_shown(part) for part in args[:2])})")
        if kind.module == "copyreg" and args and isinstance(args[0], Global):
            # The objects of protocols 0 and 1: `_reconstructor(class, object, None)`.
            self.unbuilt[args[0].text] = None
            return Inert(args[0], args[1:])
        self.unbuilt[kind.text] = None
        return Inert(kind, args)

    def _built(self, build: Builder, kind: Global, args: tuple[Any, ...]) -> Any:
        try:
            return build(*args)
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            raise Damaged(f"{kind.text} is called with what it does not take{_why(error)}") from error

    def persistent(self, key: object) -> object:
        """What a persistent id means.

        Raises:
            Damaged: where it means nothing.
        """
        if self._persistent is None:
            raise Damaged("the pickle refers to an object outside it")
        self.budget.spend(_STORAGE_BYTES)
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

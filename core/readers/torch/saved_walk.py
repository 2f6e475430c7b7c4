"""The walk through what was saved: what lies in a container, and all tensors below it, within a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod

from core.checkpoint.uncounted import Uncounted, total_of
from core.readers.torch.saved_parts import Part, is_optimizer
from core.readers.torch.tensor_records import Tensor
from core.readers.unpickle.budget import ENTRY_BYTES, TEXT_BYTES, Budget, OverBudgetError
from core.readers.unpickle.values import Inert, PickledDict, key_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STATES_OF_TRAINING = {"state", "checkpoint", "train_state", "training_state"}
"""Keys below which not only the model lies but all that training keeps (Composer)."""
MAX_DEPTH = 64
_PART_BYTES = 400
"""What a part takes, with its size and its entry among those beside the model."""
_COUNTED_BYTES = 400
"""What a tensor takes beside its name, until all are counted: its place in a batch's columns, its row in the count."""


class Search:
    """Walks through what was saved; hostile files repeat one container endlessly, which takes no bytes of theirs."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def _visit(self, count: int = 1) -> None:
        try:
            self._budget.step(count)
        except OverBudgetError as error:
            raise ValueError("it repeats its containers more often than a checkpoint does") from error

    def _spend(self, size: int, reason: str = "it repeats its containers more often than a checkpoint does") -> None:
        try:
            self._budget.spend(size)
        except OverBudgetError as error:
            raise ValueError(reason) from error

    def _spend_names(self, size: int) -> None:
        self._spend(size, "its names are longer than a checkpoint's")

    def expect_names_looked_up(self, parts: list[Part]) -> None:
        """Sees that the names of an average can be looked up among those of another part, which is soon over."""
        if any(part.is_averaged for part in parts):
            size = 2 * ENTRY_BYTES * max(part.length for part in parts)
            self._spend_names(size)
            self._budget.give_back(size)

    def path_name(self, path: list[str]) -> str:
        """The keys on a way, joined with dots."""
        self._spend_names(sum(map(_text_bytes, path)))
        return ".".join(path)

    def _entries(self, value: object) -> Iterator[tuple[str, Any]]:
        """What a container holds, by key or index; nothing where it is none."""
        if isinstance(value, Inert):
            value = value.items
        if isinstance(value, PickledDict):
            size = ENTRY_BYTES * len(value.keys)
            self._spend_names(size)
            yield from dict(zip(map(self._key, value.keys), value.values)).items()
            self._budget.give_back(size)
        elif isinstance(value, (list, tuple)):
            yield from ((str(index), part) for index, part in enumerate(value))

    def _key(self, key: object) -> str:
        name = key_text(key)
        if name is not key:  # text is there already, and takes nothing more
            self._spend_names(_text_bytes(name))
        return name

    def parts(self, value: object, path: list[str]) -> tuple[list[Part], list[Part], dict[str, Tensor]]:
        """What lies in a container: what may be the model, what lies beside it, and single tensors."""
        parts: list[Part] = []
        beside: list[Part] = []
        direct: dict[str, Tensor] = {}
        for name, held in self._entries(value):
            self._visit()
            if isinstance(held, Tensor):
                self._spend_names(ENTRY_BYTES)
                direct[name] = held
            elif (size := self.measure(held)).tensor_count:
                self._spend(_PART_BYTES)
                part = Part(name, held, size)
                told_beside = part.is_beside and (not path or path[-1] in _STATES_OF_TRAINING)
                (beside if is_optimizer(held) or told_beside else parts).append(part)
        return parts, beside, direct

    def flatten(self, root: object, left_out: set[str]) -> dict[str, Tensor]:
        """All tensors in nested containers, by the keys on their way, joined with dots.

        Args:
            root: the outermost.
            left_out: keys in it that are no part of the model.
        """
        found: dict[str, Tensor] = {}
        seen: set[int] = set()
        todo: list[tuple[str, Iterator[tuple[str, Any]]]] = [
            ("", (entry for entry in self._entries(root) if entry[0] not in left_out))
        ]
        while todo:
            prefix, rest = todo[-1]
            entry = next(rest, None)
            if entry is None:
                todo.pop()
                continue
            self._visit()
            key, value = entry
            if isinstance(value, Tensor):
                self._spend(_COUNTED_BYTES, "it repeats its tensors more often than a checkpoint does")
                found[self._below(prefix, key)] = value
            elif isinstance(value, (PickledDict, list, tuple, Inert)) and id(value) not in seen:
                self._spend(ENTRY_BYTES)
                seen.add(id(value))
                if len(todo) < MAX_DEPTH and not is_optimizer(value):
                    todo.append((f"{self._below(prefix, key)}.", self._entries(value)))
        return found

    def _below(self, prefix: str, key: str) -> str:
        """The name of an entry, by the keys on its way."""
        if prefix:  # else it is the key, which is there already
            self._spend_names(_text_bytes(prefix) + _text_bytes(key))
        return prefix + key

    def prefixed(self, name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors with a name before theirs."""
        return {self._below(f"{name}.", inner): tensor for inner, tensor in tensors.items()}

    def shapes(self, root: object) -> Counter[tuple[int, ...]]:
        """How often each shape occurs among the tensors in a value that are not counters or single numbers."""
        return Counter(tensor.shape for tensor in self._all_tensors(root) if prod(tensor.shape) > 1)

    def measure(self, root: object) -> Uncounted:
        """The tensors in a value, those of objects in it too, each once."""
        return total_of(map(size_of, self._all_tensors(root)))

    def _all_tensors(self, root: object) -> Iterator[Tensor]:
        seen: set[int] = set()
        todo = [root]
        while todo:
            value = todo.pop()
            if not isinstance(value, (Tensor, PickledDict, list, tuple, Inert)) or id(value) in seen:
                continue
            self._spend(ENTRY_BYTES)
            seen.add(id(value))
            if isinstance(value, Tensor):
                yield value
            else:
                inner = _held_in(value)
                self._visit(len(inner) + 1)
                todo += inner
        self._budget.give_back(ENTRY_BYTES * len(seen))


def _held_in(value: PickledDict | list[Any] | tuple[Any, ...] | Inert) -> list[Any] | tuple[Any, ...]:
    """What lies directly in a container or an object."""
    if isinstance(value, Inert):
        return value.args, value.state, value.items, value.elements
    return value.values if isinstance(value, PickledDict) else value


def _text_bytes(text: str) -> int:
    """What a text takes."""
    return TEXT_BYTES + (len(text) if text.isascii() else 4 * len(text))


def size_of(tensor: Tensor) -> Uncounted:
    """One tensor as what lies beside a model."""
    return Uncounted(prod(tensor.shape), 1, tensor.nbytes)

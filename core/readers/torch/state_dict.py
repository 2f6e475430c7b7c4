"""Which of a saved file's tensors are the model: its state dict, wherever it lies.

Training scripts save it under a key of their own, beside an optimizer's state, averaged copies (EMA) and counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from core.checkpoint.uncounted import Uncounted, total_of
from core.readers.torch.tensor_records import Tensor
from core.readers.unpickle.budget import ENTRY_BYTES, TEXT_BYTES, Budget, OverBudgetError
from core.readers.unpickle.values import Inert, PickledDict, key_text

_WRAPPERS = {
    *("state_dict", "model", "module", "model_state_dict", "model_state", "ema", "model_ema", "net", "network"),
    *("generator", "params", "params_ema", "weights", "netG", "g_ema", "G_ema", "ema_state_dict", "state_dict_ema"),
    *("student", "teacher", "model_weights", "variables", "state", "checkpoint", "policy", "parameters"),
}
_AVERAGED = {"ema", "swa", "averaged", "average", "shadow", "moving"}
# What lies beside a model, by words in its key, or by the key itself.
_BESIDE_WORDS = ("optim", "schedul", "scaler", "callback", "hyper_param", "hparam", "rng", "random_state")
_BESIDE = {
    *("opt", "opt_state", "amp", "args", "config", "cfg", "loops", "loss", "losses", "history", "metrics", "sampler"),
    *("dataloader", "train_state", "trainer", "extra_state", "momentum", "epoch", "step", "iteration", "grads"),
}
_MAX_DEPTH = 64
_MAX_LOOKED_AT = 64
_MAX_PREFIXES = 8
_MAX_ORIGINALS = 8
_PART_BYTES = 400
"""What a part takes, with its size and its entry among those beside the model."""
_COUNTED_BYTES = 400
"""What a tensor takes beside its name, until all are counted: its place in a batch's columns, its row in the count."""


class Found(NamedTuple):
    """The model in a file.

    Attributes:
        tensors: its tensors by name.
        path: the keys under which they lie, "" at the top.
        beside: what else has tensors, by where it lies.
    """

    tensors: dict[str, Tensor]
    path: str
    beside: dict[str, Uncounted]


class ObjectPickledError(Exception):
    """The largest part of a file is an object, not a state dict.

    Attributes:
        value: the object.
        path: the keys under which it lies.
    """

    def __init__(self, value: Inert, path: str) -> None:
        super().__init__(path)
        self.value = value
        self.path = path


class _Part(NamedTuple):
    name: str
    value: Any
    size: Uncounted

    @property
    def is_beside(self) -> bool:
        return _is_beside(self.name) or _is_optimizer(self.value)

    @property
    def is_wrapper(self) -> bool:
        return self.name in _WRAPPERS or self.name.lower().endswith(("state_dict", "_state"))

    @property
    def is_averaged(self) -> bool:
        """Whether it is an average by its name."""
        words = self.name.lower().replace("-", "_").replace(".", "_").split("_")
        return not _AVERAGED.isdisjoint(words)

    @property
    def length(self) -> int:
        """How many entries it has, where it may be a state dict."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        return len(held.keys) if isinstance(held, PickledDict) else 0

    def tensors(self, most: int | None = None) -> dict[str, Tensor]:
        """Those directly in it, of its first so many entries; none where it is no state dict."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        if not isinstance(held, PickledDict):
            return {}
        first = zip(held.keys[:most], held.values)
        return {key: value for key, value in first if isinstance(value, Tensor) and isinstance(key, str)}

    @property
    def is_flat(self) -> bool:
        """Whether its names are those of a state dict: paths with dots."""
        return any("." in name for name in self.tensors(_MAX_LOOKED_AT))

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, Inert) and self.value.items is None

    @property
    def weight(self) -> int:
        """By which it is taken before others: its size, halved for an average or what cannot be read."""
        return 4 * self.size.elements >> self.is_averaged >> self.is_object


def find_state(root: object, budget: Budget) -> Found:
    """The state dict in what was saved; the largest, where there are several.

    Args:
        root: what was saved.
        budget: what may still be made of it.

    Raises:
        ObjectPickledError: where the largest is an object that is none.
        ValueError: where it is nested or repeated beyond all bounds.
    """
    search = _Search(budget)
    beside: dict[str, Uncounted] = {}
    path: list[str] = []
    value = root
    if _is_optimizer(root):
        return Found({}, "", {"state": search.measure(root)})
    while True:
        if isinstance(value, Tensor):
            return Found({"tensor": value}, ".".join(path), beside)
        if isinstance(value, Inert) and value.items is None:
            raise ObjectPickledError(value, ".".join(path))
        parts, left, direct = search.parts(value, path)
        search.expect_names_looked_up(parts)
        chosen = _chosen(parts, direct, bool(path))
        for part in left if chosen is None else [*parts, *left]:
            if part is not chosen:
                beside[search.path_name([*path, part.name])] = part.size
        if chosen is None or len(path) == _MAX_DEPTH:
            return Found(search.flatten(value, {part.name for part in left}), ".".join(path), beside)
        if direct:
            beside[".".join([*path, "single tensors"])] = total_of(map(_size_of, direct.values()))
        path.append(chosen.name)
        value = chosen.value


def _chosen(parts: list[_Part], direct: dict[str, Tensor], wrapped: bool) -> _Part | None:
    """The part of a container that is the model; None where the container itself is the state dict.

    Args:
        parts: the containers in it that have tensors and may be the model.
        direct: the tensors directly in it.
        wrapped: whether it lies under a key itself.
    """
    wrappers = [part for part in parts if part.is_wrapper]
    if direct:
        # Scores and random states (of whole numbers) lie beside a state dict as single tensors, too.
        floats = [tensor for name, tensor in direct.items() if tensor.dtype[0] in "FB" and not _is_beside(name)]
        elements = sum(prod(tensor.shape) for tensor in floats if tensor.shape)
        larger = sum(part.size.elements for part in wrappers) > elements
        models = wrappers if larger and not any("." in name for name in direct) else []
    elif wrapped:
        # Below a key of its own, a model may be nested modules, of which none is another candidate.
        models = wrappers if len(wrappers) == len(parts) else []
    else:
        models = parts if wrappers or any(part.is_flat or part.is_object for part in parts) else []
    chosen = max(models, key=lambda part: part.weight, default=None)
    if chosen and chosen.is_averaged:
        # ema-pytorch keeps the model itself beside its average, which makes that the larger.
        others = sorted((part for part in models if not part.is_averaged), key=lambda part: -part.weight)
        held = chosen.tensors()
        chosen = next((part for part in others[:_MAX_ORIGINALS] if _are_in(part.tensors(), held)), chosen)
    return chosen


def _are_in(names: Iterable[str], held: Mapping[str, Tensor]) -> bool:
    """Whether all tensors are among others too, under a name before theirs."""
    names = list(names)
    first = next(iter(names), "")
    prefixes = [name.removesuffix(first) for name in held if first and name.endswith(f".{first}")]
    return any(all(prefix + name in held for name in names) for prefix in prefixes[:_MAX_PREFIXES])


class _Search:
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

    def expect_names_looked_up(self, parts: list[_Part]) -> None:
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

    def parts(self, value: object, path: list[str]) -> tuple[list[_Part], list[_Part], dict[str, Tensor]]:
        """What lies in a container: what may be the model, what lies beside it, and single tensors."""
        parts: list[_Part] = []
        beside: list[_Part] = []
        direct: dict[str, Tensor] = {}
        for name, held in self._entries(value):
            self._visit()
            if isinstance(held, Tensor):
                self._spend_names(ENTRY_BYTES)
                direct[name] = held
            elif (size := self.measure(held)).tensor_count:
                self._spend(_PART_BYTES)
                part = _Part(name, held, size)
                (beside if _is_optimizer(held) or (part.is_beside and not path) else parts).append(part)
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
                if len(todo) < _MAX_DEPTH and not _is_optimizer(value):
                    todo.append((f"{self._below(prefix, key)}.", self._entries(value)))
        return found

    def _below(self, prefix: str, key: str) -> str:
        """The name of an entry, by the keys on its way."""
        if prefix:  # else it is the key, which is there already
            self._spend_names(_text_bytes(prefix) + _text_bytes(key))
        return prefix + key

    def measure(self, root: object) -> Uncounted:
        """The tensors in a value, those of objects in it too, each once."""
        total = Uncounted()
        seen: set[int] = set()
        todo = [root]
        while todo:
            value = todo.pop()
            if not isinstance(value, (Tensor, PickledDict, list, tuple, Inert)) or id(value) in seen:
                continue
            self._spend(ENTRY_BYTES)
            seen.add(id(value))
            if isinstance(value, Tensor):
                total.add(_size_of(value))
            else:
                inner = _held_in(value)
                self._visit(len(inner) + 1)
                todo += inner
        self._budget.give_back(ENTRY_BYTES * len(seen))
        return total


def _held_in(value: PickledDict | list[Any] | tuple[Any, ...] | Inert) -> list[Any] | tuple[Any, ...]:
    """What lies directly in a container or an object."""
    if isinstance(value, Inert):
        return value.args, value.state, value.items, value.elements
    return value.values if isinstance(value, PickledDict) else value


def _text_bytes(text: str) -> int:
    """What a text takes."""
    return TEXT_BYTES + (len(text) if text.isascii() else 4 * len(text))


def _size_of(tensor: Tensor) -> Uncounted:
    return Uncounted(prod(tensor.shape), 1, tensor.nbytes)


def _is_beside(name: str) -> bool:
    low = name.lower()
    return low in _BESIDE or any(word in low for word in _BESIDE_WORDS)


def _is_optimizer(value: object) -> bool:
    """Whether it is the `state_dict()` of a torch optimizer."""
    if not isinstance(value, PickledDict) or len(value.keys) > 16:
        return False
    names = {key for key in value.keys if isinstance(key, str)}
    return "param_groups" in names and "state" in names

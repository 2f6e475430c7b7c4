"""Which of a saved file's tensors are the model: its state dict, wherever it lies.

Training scripts save it under a key of their own, beside an optimizer's state, averaged copies (EMA) and counters.
"""

from __future__ import annotations

from collections import Counter
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
# What a copy of another part is called, or the same part at another time: in Q-learning, BYOL, DINO, training scripts.
_COPIES = {
    *("target", "targ", "tgt", "teacher", "polyak", "momentum", "lagged", "best", "last", "latest", "old", "prev"),
    *("previous", "initial", "init", "backup", "frozen", "ref", "reference"),
}
_ROLES = {"generator", "netG", "student", "teacher", "policy"}
"""Of the usual keys those that say which of several parts it is, and not that it is the model."""
_AVERAGED = {"ema", "swa", "averaged", "average", "shadow", "moving"}
# What lies beside a model, by words in its key, or by the key itself.
_BESIDE_WORDS = ("optim", "schedul", "scaler", "callback", "hyper_param", "hparam", "rng", "random_state")
_BESIDE = {
    *("opt", "opt_state", "amp", "args", "config", "cfg", "loops", "loss", "losses", "history", "metrics", "sampler"),
    *("dataloader", "train_state", "trainer", "extra_state", "momentum", "epoch", "step", "iteration", "grads"),
}
_STATES_OF_TRAINING = {"state", "checkpoint", "train_state", "training_state"}
"""Keys below which not only the model lies but all that training keeps (Composer)."""
_MAX_TOGETHER = 64
"""Parts of one model; of more the largest is the model."""
_ALIKE = 0.9
"""So much of a copy's shapes, or of its original's, the other has too: a head or a buffer may be missing."""
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
        parts: the keys of its parts, where it consists of several; the names begin with them.
    """

    tensors: dict[str, Tensor]
    path: str
    beside: dict[str, Uncounted]
    parts: tuple[str, ...] = ()


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
    def words(self) -> set[str]:
        """The words of its name."""
        name = self.name if self.name.isupper() else "".join(f"_{c}" if c.isupper() else c for c in self.name)
        return set(name.lower().replace("-", "_").replace(".", "_").split("_"))

    @property
    def is_averaged(self) -> bool:
        """Whether it is an average by its name."""
        return not _AVERAGED.isdisjoint(self.words)

    @property
    def is_named_copy(self) -> bool:
        """Whether its name says that it is another's copy, or the same at another time."""
        return self.is_averaged or not _COPIES.isdisjoint(self.words)

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
    def is_state_dict(self) -> bool:
        """Whether it is a state dict by its names, or may hold one under a key that says so."""
        names = self.tensors(_MAX_LOOKED_AT)
        return any("." in name or name.endswith(("weight", "bias")) for name in names) or (
            not names and not self.is_object and self.holds_state
        )

    @property
    def holds_state(self) -> bool:
        """Whether a state dict lies in it under a usual key, beside its optimizer's for instance."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        return isinstance(held, PickledDict) and any(
            key in _WRAPPERS and _Part(key, inner, self.size).is_flat
            for key, inner in zip(held.keys[:_MAX_LOOKED_AT], held.values)
            if isinstance(key, str)
        )

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, Inert) and self.value.items is None

    @property
    def weight(self) -> int:
        """By which it is taken before others: its size, halved for an average or what cannot be read."""
        return 4 * self.size.elements >> self.is_averaged >> self.is_object


def find_state(root: object, budget: Budget) -> Found:
    """The model in what was saved: its state dict, or those of its parts, where they lie under keys of their own.

    Args:
        root: what was saved.
        budget: what may still be made of it.

    Raises:
        ObjectPickledError: where the largest is an object that is none.
        ValueError: where it is nested or repeated beyond all bounds.
    """
    search = _Search(budget)
    if _is_optimizer(root):
        return Found({}, "", {"state": search.measure(root)})
    return _find(search, root, [])


def _find(search: _Search, value: object, path: list[str]) -> Found:
    """The model in a container.

    Args:
        search: what walks through it.
        value: the container.
        path: the keys on the way to it; they grow.
    """
    beside: dict[str, Uncounted] = {}
    while True:
        if isinstance(value, Tensor):
            return Found({"tensor": value}, ".".join(path), beside)
        if isinstance(value, Inert) and value.items is None:
            raise ObjectPickledError(value, ".".join(path))
        parts, left, direct = search.parts(value, path)
        search.expect_names_looked_up(parts)
        chosen = _chosen(parts, direct, bool(path))
        together = _together(search, parts, direct, chosen) if len(path) < _MAX_DEPTH else []
        if len(together) == 1:
            chosen, together = together[0], []
        for part in left if chosen is None and not together else [*parts, *left]:
            if part is not chosen and part not in together:
                beside[search.path_name([*path, part.name])] = part.size
        if not together and (chosen is None or len(path) == _MAX_DEPTH):
            return Found(search.flatten(value, {part.name for part in left}), ".".join(path), beside)
        if direct:
            beside[".".join([*path, "single tensors"])] = total_of(map(_size_of, direct.values()))
        if together or chosen is None:
            return _joined(search, together, path, beside)
        path.append(chosen.name)
        value = chosen.value


def _joined(search: _Search, together: list[_Part], path: list[str], beside: dict[str, Uncounted]) -> Found:
    """The parts of one model, each tensor under its part's key."""
    tensors: dict[str, Tensor] = {}
    for part in together:
        found = _find(search, part.value, [*path, part.name])
        beside |= found.beside
        tensors |= search.prefixed(part.name, found.tensors)
    return Found(tensors, ".".join(path), beside, tuple(part.name for part in together))


def _together(search: _Search, parts: list[_Part], direct: dict[str, Tensor], chosen: _Part | None) -> list[_Part]:
    """The state dicts in a container that are parts of one model, copies left out; none where there are not several.

    Args:
        search: what walks through them.
        parts: the containers in it that have tensors and may be the model.
        direct: the tensors directly in it.
        chosen: which of the containers is the model, if one of them is.
    """
    models = [part for part in parts if part.is_state_dict]
    if not 2 <= len(models) <= _MAX_TOGETHER or (chosen and chosen not in models):
        return []
    if chosen is None and (direct or len(models) < len(parts)):
        return []
    shapes = {part.name: search.shapes(part.value) for part in models}
    originals = [part for part in models if not part.is_named_copy]
    # Where nothing else is like it, what is called a target or an average is a part of the model by itself.
    copies = {part.name for part in models if part.is_named_copy and _is_copy(part, originals, shapes)}
    # What has every shape of what is called just the model is the model once more: its moments, another program's key.
    whole = chosen if chosen and chosen.is_wrapper and chosen.name not in _ROLES else None
    if whole:
        copies |= {part.name for part in models if part is not whole and shapes[part.name] == shapes[whole.name]}
    kept = [part for part in models if part.name not in copies]
    return kept if len(kept) > 1 or chosen not in kept else []


def _is_copy(part: _Part, originals: list[_Part], shapes: dict[str, Counter[tuple[int, ...]]]) -> bool:
    """Whether a part that is called a copy is one: whether it has the shapes of another part, or that has its own."""
    own = shapes[part.name]
    for original in originals:
        theirs = shapes[original.name]
        if (own & theirs).total() >= _ALIKE * min(own.total(), theirs.total()):
            return True
    return "teacher" in part.words and bool(originals)


def _chosen(parts: list[_Part], direct: dict[str, Tensor], wrapped: bool) -> _Part | None:
    """The part of a container that is the model, or its largest part; None where the container is the state dict.

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
                told_beside = part.is_beside and (not path or path[-1] in _STATES_OF_TRAINING)
                (beside if _is_optimizer(held) or told_beside else parts).append(part)
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

    def prefixed(self, name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors with a name before theirs."""
        return {self._below(f"{name}.", inner): tensor for inner, tensor in tensors.items()}

    def shapes(self, root: object) -> Counter[tuple[int, ...]]:
        """How often each shape occurs among the tensors in a value that are not counters or single numbers."""
        return Counter(tensor.shape for tensor in self._all_tensors(root) if prod(tensor.shape) > 1)

    def measure(self, root: object) -> Uncounted:
        """The tensors in a value, those of objects in it too, each once."""
        return total_of(map(_size_of, self._all_tensors(root)))

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

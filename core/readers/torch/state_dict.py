"""Which of a saved file's tensors are the model: its state dict, wherever it lies.

Training scripts save it under a key of their own, beside an optimizer's state, averaged copies (EMA) and counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod

from core.checkpoint.record import Record
from core.checkpoint.uncounted import Uncounted, total_of
from core.readers.torch.saved_parts import Part, is_beside, is_optimizer, is_random_state
from core.readers.torch.saved_walk import MAX_DEPTH, Search, size_of
from core.readers.torch.tensor_records import Tensor
from core.readers.unpickle.budget import Budget
from core.readers.unpickle.values import Inert

_ROLES = {"generator", "netG", "student", "teacher", "policy"}
"""Of the usual keys those that say which of several parts it is, and not that it is the model."""
_MAX_TOGETHER = 64
"""Parts of one model; of more the largest is the model."""
_ALIKE = 0.9
"""So much of a copy's shapes, or of its original's, the other has too: a head or a buffer may be missing."""
_MAX_PREFIXES = 8
_MAX_ORIGINALS = 8


class Found(Record):
    """The model in a file.

    Attributes:
        tensors: its tensors by name.
        path: the keys under which they lie, "" at the top.
        beside: what else has tensors, by where it lies.
        parts: the keys of its parts, where it consists of several; the names begin with them.
    """

    __slots__ = ("beside", "parts", "path", "tensors")

    def __init__(
        self, tensors: dict[str, Tensor], path: str, beside: dict[str, Uncounted], parts: tuple[str, ...] = ()
    ) -> None:
        self.tensors = tensors
        self.path = path
        self.beside = beside
        self.parts = parts


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


def find_state(root: object, budget: Budget) -> Found:
    """The model in what was saved: its state dict, or those of its parts, where they lie under keys of their own.

    Args:
        root: what was saved.
        budget: what may still be made of it.

    Raises:
        ObjectPickledError: where the largest is an object that is none.
        ValueError: where it is nested or repeated beyond all bounds.
    """
    search = Search(budget)
    if is_optimizer(root):
        return Found({}, "", {"state": search.measure(root)})
    if is_random_state(root):
        return Found({}, "", {"random states": search.measure(root)})
    return _find(search, root, [])


def _find(search: Search, value: object, path: list[str]) -> Found:
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
        together = _together(search, parts, direct, chosen) if len(path) < MAX_DEPTH else []
        if len(together) == 1:
            chosen, together = together[0], []
        for part in left if chosen is None and not together else [*parts, *left]:
            if part is not chosen and part not in together:
                beside[search.path_name([*path, part.name])] = part.size
        if not together and (chosen is None or len(path) == MAX_DEPTH):
            return Found(search.flatten(value, {part.name for part in left}), ".".join(path), beside)
        if direct:
            beside[".".join([*path, "single tensors"])] = total_of(map(size_of, direct.values()))
        if together or chosen is None:
            return _joined(search, together, path, beside)
        path.append(chosen.name)
        value = chosen.value


def _joined(search: Search, together: list[Part], path: list[str], beside: dict[str, Uncounted]) -> Found:
    """The parts of one model, each tensor under its part's key."""
    tensors: dict[str, Tensor] = {}
    for part in together:
        found = _find(search, part.value, [*path, part.name])
        beside |= found.beside
        tensors |= search.prefixed(part.name, found.tensors)
    return Found(tensors, ".".join(path), beside, tuple(part.name for part in together))


def _together(search: Search, parts: list[Part], direct: dict[str, Tensor], chosen: Part | None) -> list[Part]:
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


def _is_copy(part: Part, originals: list[Part], shapes: dict[str, Counter[tuple[int, ...]]]) -> bool:
    """Whether a part that is called a copy is one: whether it has the shapes of another part, or that has its own."""
    own = shapes[part.name]
    for original in originals:
        theirs = shapes[original.name]
        if (own & theirs).total() >= _ALIKE * min(own.total(), theirs.total()):
            return True
    return "teacher" in part.words and bool(originals)


def _chosen(parts: list[Part], direct: dict[str, Tensor], wrapped: bool) -> Part | None:
    """The part of a container that is the model, or its largest part; None where the container is the state dict.

    Args:
        parts: the containers in it that have tensors and may be the model.
        direct: the tensors directly in it.
        wrapped: whether it lies under a key itself.
    """
    wrappers = [part for part in parts if part.is_wrapper]
    if direct:
        # Scores and random states (of whole numbers) lie beside a state dict as single tensors, too.
        floats = [tensor for name, tensor in direct.items() if tensor.dtype[0] in "FB" and not is_beside(name)]
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

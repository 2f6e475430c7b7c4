"""What a tensor means: its role, how many parameters it stands for, its category and kind.

Tensors whose names differ in digits only, of one dtype and shape, mean the same: they are one `TensorGroup`, and
each rule is asked once for a group, however many layers and experts it repeats in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, Literal, NamedTuple

from core.adapters import is_adapter, is_frozen
from core.categories import is_bias
from core.category_rules import categories_of
from core.roles import Role, Siblings, role_of
from core.stored import StoredTensor
from core.totals import Tally, Totals, Uncounted

_DIGITS = b"0123456789"


class Meaning(NamedTuple):
    """What each tensor of a group is.

    Attributes:
        role: parameter, buffer, tied copy or quantisation data.
        category: a key of `core.categories.CATEGORIES`; of a tensor that is no parameter, where it belongs.
        kind: weight or bias.
        parameters: how many a tensor stands for; 0 for all roles but `parameter`.
        elements: how many a tensor stores.
    """

    role: Role
    category: str
    kind: Literal["weight", "bias"]
    parameters: int
    elements: int


class TensorGroup:
    """Tensors that mean the same, by their first.

    Attributes:
        skeleton: their name without digits.
        tensor: the first of them.
        copy: whether they share the storage of tensors seen before.
        count: how many they are.
        meaning: set when it is known.
    """

    __slots__ = ("copy", "count", "meaning", "skeleton", "tensor")

    def __init__(self, skeleton: str, tensor: StoredTensor, copy: bool) -> None:
        self.skeleton = skeleton
        self.tensor = tensor
        self.copy = copy
        self.count = 0
        self.meaning: Meaning | None = None

    def add_to(self, totals: Totals) -> None:
        """Adds all tensors of the group to totals."""
        if self.meaning:
            _add(totals, self.meaning, self.tensor.nbytes, self.count)


def add_tensor(totals: Totals, meaning: Meaning, nbytes: int) -> None:
    """Adds one tensor to totals."""
    _add(totals, meaning, nbytes, 1)


def _add(totals: Totals, meaning: Meaning, nbytes: int, count: int) -> None:
    taken = nbytes * count
    if meaning.role == "parameter":
        parameters = meaning.parameters * count
        weights = 0 if meaning.kind == "bias" else parameters
        tally = Tally(parameters, weights, parameters - weights, count, taken)
        totals.categories.setdefault(meaning.category, Tally()).add(tally)
        return
    left = Uncounted(meaning.elements * count, count, taken)
    totals.not_counted.setdefault(meaning.role, Uncounted()).add(left)
    if meaning.role == "quantization":
        totals.categories.setdefault(meaning.category, Tally()).bytes += taken


def skeleton_of(name: str) -> str:
    """A name without its digits, which say which layer or expert and nothing of what a tensor is."""
    return name.encode("utf-8", "surrogatepass").translate(None, _DIGITS).decode("utf-8", "surrogatepass")


def skeletons_of(names: Sequence[str]) -> list[str]:
    """The same of many names, at once."""
    together = skeleton_of("\n".join(names)).split("\n")
    # A hostile name may have a line break of its own.
    return together if len(together) == len(names) else [skeleton_of(name) for name in names]


def interpret(groups: Iterable[TensorGroup], config: dict[str, Any]) -> None:
    """Sets the meaning of groups, each in the context of all.

    Args:
        groups: all groups of the checkpoint that are known so far.
        config: its parsed config.json, or {}.
    """
    known = list(groups)
    siblings = Siblings.of([(group.skeleton, group.tensor) for group in known], config)
    categories = categories_of([(group.skeleton, group.tensor.shape) for group in known], config)
    for group, category in zip(known, categories):
        tensor = group.tensor
        elements = prod(tensor.shape)
        role = _role(group, siblings, config)
        group.meaning = Meaning(
            role=role,
            category=category,
            kind="bias" if is_bias(group.skeleton) else "weight",
            parameters=elements if role == "parameter" else 0,
            elements=elements,
        )


def _role(group: TensorGroup, siblings: Siblings, config: dict[str, Any]) -> Role:
    """What the format itself says of a group, else what its name, shape and dtype tell."""
    said = group.tensor.is_parameter
    if said is False or (is_adapter(config) and is_frozen(group.skeleton)):
        return "buffer"
    if group.copy:
        return "tied"
    return "parameter" if said else role_of(group.skeleton, group.tensor, siblings)

"""What a tensor means: its role, how many parameters it stands for, its category and kind.

Tensors whose names differ in digits only, of one dtype and shape, mean the same: they are one `TensorGroup`, and
each rule is asked once for a group, however many layers and experts it repeats in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from core.categories import category_of, is_bias
from core.of_which import Context, of_which
from core.roles import Role, Siblings, role_of
from core.stored import StoredTensor
from core.totals import Tally, Totals, Uncounted

if TYPE_CHECKING:
    from core.rules import Rules

_DIGITS = b"0123456789"


class Meaning(NamedTuple):
    """What each tensor of a group is.

    Attributes:
        role: parameter, buffer, tied copy or quantisation data.
        category: a key of `core.categories.CATEGORIES`; of a tensor that is no parameter, where it belongs.
        kind: weight or bias.
        parameters: how many a tensor stands for; 0 for all roles but `parameter`.
        elements: how many a tensor stores.
        of_which: names of what its parameters are within the category, each with how many; see `core.of_which`.
    """

    role: Role
    category: str
    kind: Literal["weight", "bias"]
    parameters: int
    elements: int
    of_which: tuple[tuple[str, int], ...] = ()


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
        if meaning.of_which:
            totals.tell_apart(meaning.category, meaning.of_which, count)
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


def interpret(groups: Iterable[TensorGroup], config: dict[str, Any], rules: Rules | None = None) -> None:
    """Sets the meaning of groups, each in the context of all.

    Args:
        groups: all groups of the checkpoint that are known so far.
        config: its parsed config.json, or {}.
        rules: what is asked before the built-in rules.
    """
    known = list(groups)
    context = Context({group.skeleton: group.tensor.shape for group in known}, config)
    siblings = Siblings.of([(group.skeleton, group.tensor) for group in known], config)
    for group in known:
        tensor = group.tensor
        elements = prod(tensor.shape)
        role: Role = "tied" if group.copy else role_of(group.skeleton, tensor, siblings)
        category = (rules.category_of(tensor.name) if rules else "") or category_of(group.skeleton, tensor.shape)
        parameters = elements if role == "parameter" else 0
        group.meaning = Meaning(
            role=role,
            category=category,
            kind="bias" if is_bias(group.skeleton) else "weight",
            parameters=parameters,
            elements=elements,
            of_which=of_which(group.skeleton, tensor.shape, category, parameters, context) if parameters else (),
        )

"""What a tensor means: its role, how many parameters it stands for, its category and kind.

Tensors whose names differ in digits only, of one dtype and shape, mean the same: they are one `TensorGroup`, and
each rule is asked once for a group, however many layers and experts it repeats in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from core.adapters import is_adapter, is_frozen
from core.averages import averages_in
from core.categories import is_bias
from core.category_rules import categories_of
from core.of_which import Context, of_which
from core.roles import WHOLE_NUMBERS, Role, role_of
from core.stored import StoredTensor
from core.ties import Known, Ties, is_embedding, is_head
from core.totals import Tally, Totals, Uncounted

if TYPE_CHECKING:
    from core.packing_layouts import Packed
    from core.rules import Rules

_DIGITS = b"0123456789"
_NEVER_PACKED = {"F64", "F32", "F16", "BF16", "I64", "BOOL"}
_MATRIX = (2, 2)
"""The shape told of packed weights where it is not known, and of what goes with them: what is packed is a matrix."""


class Meaning(NamedTuple):
    """What each tensor of a group is.

    Attributes:
        role: parameter, buffer, tied copy, quantisation data, or "optimizer": an averaged copy of the model.
        category: a key of `core.categories.CATEGORIES`; of a tensor that is no parameter, where it belongs.
        kind: weight or bias.
        parameters: how many a tensor stands for; 0 for all roles but `parameter`.
        elements: how many a tensor stores.
        bits: of quantised weights how many each takes; 0 for others, and where that is no whole number.
        tied_to: the tensor whose values a tied copy has; "" where there is none by name.
        unknown: whether it seems to be packed in a layout that is not known, so that elements are counted as stored.
        assumed: whether the bits are only the usual ones.
        of_which: names of what its parameters are within the category, each with how many; see `core.of_which`.
    """

    role: Role
    category: str
    kind: Literal["weight", "bias"]
    parameters: int
    elements: int
    bits: int = 0
    tied_to: str = ""
    unknown: bool = False
    assumed: bool = False
    of_which: tuple[tuple[str, int], ...] = ()

    @property
    def is_packed(self) -> bool:
        """Whether a tensor stands for another number of parameters than it has elements."""
        return self.role == "parameter" and self.parameters != self.elements


class TensorGroup:
    """Tensors that mean the same, by their first.

    Attributes:
        skeleton: their name without digits.
        tensor: the first of them.
        copy: whether they share the storage of tensors seen before.
        original: where they do, the name of the first one's.
        count: how many they are.
        of_matrix: whether they are known for biases of weights with two dimensions or more.
        meaning: set when it is known.
    """

    __slots__ = ("copy", "count", "meaning", "of_matrix", "original", "skeleton", "tensor")

    def __init__(self, skeleton: str, tensor: StoredTensor, original: str | None = None) -> None:
        self.skeleton = skeleton
        self.tensor = tensor
        self.copy = original is not None
        self.original = original or ""
        self.count = 0
        self.of_matrix = False
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
    named = [(group.skeleton, group.tensor) for group in known]
    packed: Sequence[Packed | None] = [None] * len(known)
    beside = [False] * len(known)
    looks = [(group.skeleton, group.tensor.shape) for group in known]
    in_quantised = "quantization_config" in config
    if in_quantised or not all(tensor.dtype in _NEVER_PACKED for _, tensor in named):
        # Not imported for nothing: a small model is counted in no more time than the import takes.
        from core.packing import Packing

        packing = Packing(named, config)
        in_quantised = packing.config.present
        beside = [packing.goes_with_weights(*pair) for pair in named]
        packed = [None if goes else packing.weights(*pair) for pair, goes in zip(named, beside)]
        for n, (one, goes) in enumerate(zip(packed, beside)):
            if one or goes:
                shape = one.shape if one and len(one.shape) > 1 else _MATRIX
                looks[n] = packing.plain_name(known[n].skeleton), shape
    categories = categories_of(looks, config, [group.of_matrix for group in known])
    if rules:
        ruled = [rules.category_of(group.tensor.name) for group in known]
        categories = [asked or found for asked, found in zip(ruled, categories)]
    shapes = dict(looks)
    context = Context(shapes, config)
    elements = [prod(group.tensor.shape) for group in known]
    weights = [one.weights if one else stored for one, stored in zip(packed, elements)]
    copies = _copies(known)
    averages = _averages(known)
    ties = Ties(
        [
            Known(group.skeleton, group.tensor, count)
            for group, count in zip(known, weights)
            if group not in copies and not group.skeleton.startswith(averages)
        ],
        config,
    )
    for n, (group, category, one) in enumerate(zip(known, categories, packed)):
        tensor = group.tensor
        said = tensor.is_parameter
        if said is False or (is_adapter(config) and is_frozen(group.skeleton)):
            role: Role = "buffer"
        elif group.skeleton.startswith(averages):
            role = "optimizer"
        elif beside[n]:
            role = "quantization"
        else:
            role = "parameter" if said else role_of(group.skeleton, tensor, bool(one), in_quantised, shapes)
        tied_to = ""
        if role == "parameter":
            if group in copies:
                tied_to = copies[group]
            elif not said:
                tied_to = ties.tied_to(Known(group.skeleton, tensor, weights[n]))
            role = "tied" if tied_to or group in copies else role
        counts = role == "parameter"
        parameters = weights[n] if counts else 0
        group.meaning = Meaning(
            role=role,
            category=category,
            kind="bias" if role != "quantization" and is_bias(group.skeleton) else "weight",
            parameters=parameters,
            elements=elements[n],
            bits=one.bits if one else 0,
            tied_to=tied_to,
            unknown=counts and one is None and tensor.dtype in WHOLE_NUMBERS,
            assumed=counts and one is not None and one.assumed,
            of_which=of_which(*looks[n], category, parameters, context) if parameters else (),
        )


def _averages(groups: Sequence[TensorGroup]) -> tuple[str, ...]:
    """How the names of averaged copies of the model begin."""
    averages = averages_in(groups)
    shared = any(
        skeleton_of(group.original).startswith(averages) and not group.skeleton.startswith(averages)
        for group in groups
        if averages and group.copy
    )
    return () if shared else averages


def _copies(groups: Sequence[TensorGroup]) -> dict[TensorGroup, str]:
    """The groups that share their values with earlier ones, each with the name of the tensor that is counted.

    Of an input embedding and an output head it is the embedding, whichever comes first in the file.
    """
    copies = {group: group.original for group in groups if group.copy}
    if not copies:
        return {}
    heads = {
        group.tensor.name: group for group in groups if not group.copy and group.count == 1 and is_head(group.skeleton)
    }
    embeddings: dict[str, TensorGroup] = {}
    for group in copies:
        if group.original in heads and group.count == 1 and is_embedding(group.skeleton):
            embeddings.setdefault(group.original, group)
    for head, embedding in embeddings.items():
        del copies[embedding]
        copies[heads[head]] = head
    return {group: embeddings[name].tensor.name if name in embeddings else name for group, name in copies.items()}

"""Tensors that mean the same, and what they mean."""

from __future__ import annotations

from core.checkpoint.record import Record
from core.checkpoint.tensors import StoredTensor
from core.classify.roles import Role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


class Classification(Record):
    """What each tensor of a group is.

    Attributes:
        role: parameter, buffer, tied copy, quantisation data, or beside the model: an averaged copy of it.
        category: a key of `core.classify.category.CATEGORIES`; of a tensor that is no parameter, where it belongs.
        kind: weight or bias.
        parameters: how many a tensor stands for; 0 for all roles but `parameter`.
        elements: how many a tensor stores.
        bits: of quantised weights how many each takes; 0 for others, and where that is no whole number.
        tied_to: the tensor whose values a tied copy has; "" where there is none by name.
        unknown: whether it seems to be packed in an unknown layout, so that elements are counted as stored.
        assumed: whether the bits are the usual ones, since neither shapes nor config tell them.
        breakdown: names of what its parameters are within the category, each with how many; see
            `core.classify.breakdown`.
    """

    __slots__ = (
        "assumed",
        "bits",
        "breakdown",
        "category",
        "elements",
        "kind",
        "parameters",
        "role",
        "tied_to",
        "unknown",
    )

    def __init__(  # noqa: PLR0917  # as many as it has values
        self,
        role: Role,
        category: str,
        kind: Literal["weight", "bias"],
        parameters: int,
        elements: int,
        bits: int = 0,
        tied_to: str = "",
        unknown: bool = False,
        assumed: bool = False,
        breakdown: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.role = role
        self.category = category
        self.kind = kind
        self.parameters = parameters
        self.elements = elements
        self.bits = bits
        self.tied_to = tied_to
        self.unknown = unknown
        self.assumed = assumed
        self.breakdown = breakdown

    @property
    def is_packed(self) -> bool:
        """Whether a tensor stands for another number of parameters than it has elements."""
        return self.role == "parameter" and self.parameters != self.elements


class TensorGroup:
    """Tensors that mean the same, by their first.

    Attributes:
        template: their name without digits.
        tensor: the first of them.
        copy: whether they share the storage of tensors that were read before.
        original: of the first of them, the name of the tensor whose storage it shares; "" where it shares none.
        count: how many they are.
        weight_dimensions: of biases how many dimensions the weights beside them have, where their template does not
            tell it; else 0.
        classification: what they are; None until `core.classify.classification.classify` has told it.
    """

    __slots__ = ("classification", "copy", "count", "original", "template", "tensor", "weight_dimensions")

    def __init__(self, template: str, tensor: StoredTensor, original: str | None = None) -> None:
        self.template = template
        self.tensor = tensor
        self.copy = original is not None
        self.original = original or ""
        self.count = 0
        self.weight_dimensions = 0
        self.classification: Classification | None = None

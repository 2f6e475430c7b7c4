"""What each tensor means: its role, how many parameters it stands for, its category and kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from core.checkpoint.config import ModelConfig
from core.classify.adapters import is_frozen, is_setting
from core.classify.averaged_copies import averaged_copies_in
from core.classify.breakdown import Breakdown, Context, breakdown_of
from core.classify.categorizer import categories_of
from core.classify.groups import Classification, TensorGroup
from core.classify.roles import WHOLE_NUMBERS, Role, RoleContext, role_of
from core.classify.shared_storage import counted_originals
from core.classify.ties import TieCandidate, Ties
from core.naming.template import is_bias, template_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.classify.packing.layouts import Packed
    from core.classify.user_rules import Rules

_NEVER_PACKED = {"F64", "F32", "F16", "BF16", "I64", "BOOL"}
_ANY_MATRIX = (2, 2)
"""The shape taken for packed weights of unknown shape and for what goes with them, since only matrices are packed."""


class _Record:
    """A group of tensors while it is being classified; each pass fills in what it finds out.

    Attributes:
        group: the tensors.
        elements: how many a tensor stores.
        packed: what a tensor stands for where it is packed in a known layout.
        is_quantization_data: whether it goes with packed weights.
        plain_template: the template that it would have if nothing were packed.
        plain_shape: its shape likewise.
        category: a key of `core.classify.category.CATEGORIES`.
        is_averaged: whether it belongs to an averaged copy of the model.
        is_copy: whether it shares its values with a tensor that is counted instead.
        tied_to: the tensor that has its values; "" where it has its own, or shares them with one without a name.
        role: what it is to the model.
        breakdown: what its parameters are within the category.
    """

    __slots__ = (
        *("breakdown", "category", "elements", "group", "is_averaged", "is_copy", "is_quantization_data", "packed"),
        *("plain_shape", "plain_template", "role", "tied_to"),
    )

    def __init__(self, group: TensorGroup) -> None:
        self.group = group
        self.elements = prod(group.tensor.shape)
        self.packed: Packed | None = None
        self.is_quantization_data = False
        self.plain_template = group.template
        self.plain_shape = group.tensor.shape
        self.category = "other"
        self.is_averaged = False
        self.is_copy = False
        self.tied_to = ""
        self.role: Role = "parameter"
        self.breakdown: Breakdown = ()

    @property
    def weights(self) -> int:
        """How many weights a tensor stands for, whatever its role is."""
        return self.packed.weights if self.packed else self.elements

    @property
    def parameters(self) -> int:
        """How many parameters a tensor stands for."""
        return self.weights if self.role == "parameter" else 0

    @property
    def tie_candidate(self) -> TieCandidate:
        """The tensor as its ties are asked for."""
        return TieCandidate(self.group.template, self.group.tensor, self.weights)

    def classification(self) -> Classification:
        """The result."""
        is_parameter = self.role == "parameter"
        may_have_bias = self.role != "quantization"
        return Classification(
            role=self.role,
            category=self.category,
            kind="bias" if may_have_bias and is_bias(self.group.template) else "weight",
            parameters=self.parameters,
            elements=self.elements,
            bits=self.packed.bits if self.packed else 0,
            tied_to=self.tied_to,
            unknown=is_parameter and self.packed is None and self.group.tensor.dtype in WHOLE_NUMBERS,
            assumed=is_parameter and self.packed is not None and self.packed.assumed,
            breakdown=self.breakdown,
        )


def classify(groups: Iterable[TensorGroup], config: ModelConfig, rules: Rules | None = None) -> None:
    """Sets the meaning of groups, each in the context of all.

    Args:
        groups: all groups of the checkpoint that were read so far.
        config: what its config says.
        rules: what is asked before the built-in rules.
    """
    records = [_Record(group) for group in groups]
    is_quantised = _detect_packing(records, config)
    _categorise(records, config, rules)
    shapes = {record.plain_template: record.plain_shape for record in records}
    _find_averaged_copies(records)
    _find_shared_storage(records)
    _assign_roles(records, config, RoleContext(shapes, config, is_quantised))
    _find_ties(records, config)
    _break_down(records, Context(shapes, config))
    for record in records:
        record.group.classification = record.classification()


def _detect_packing(records: Sequence[_Record], config: ModelConfig) -> bool:
    """Finds packed weights and what goes with them, and returns whether the config says that there are some."""
    is_quantised = config.has_quantization_config
    if not is_quantised and all(record.group.tensor.dtype in _NEVER_PACKED for record in records):
        return False
    # Imported only where it is needed, since a small model is counted in no more time than the import takes.
    from core.classify.packing.detect import Packing

    packing = Packing(((record.group.template, record.group.tensor) for record in records), config.quantization)
    for record in records:
        template, tensor = record.group.template, record.group.tensor
        record.is_quantization_data = packing.is_quantization_data(template, tensor)
        if not record.is_quantization_data:
            record.packed = packing.weights(template, tensor)
        if record.is_quantization_data or record.packed:
            record.plain_template = packing.plain_name(template)
            record.plain_shape = _ANY_MATRIX
        if record.packed and len(record.packed.shape) > 1:
            record.plain_shape = record.packed.shape
    return packing.config.present


def _categorise(records: Sequence[_Record], config: ModelConfig, rules: Rules | None) -> None:
    """Finds each group's category, by the user's rules first."""
    categories = categories_of(
        [(record.plain_template, record.plain_shape) for record in records],
        config,
        [record.group.tensor.name for record in records],
        [record.group.weight_dimensions for record in records],
    )
    for record, category in zip(records, categories):
        by_rules = rules.category_of(record.group.tensor.name) if rules else ""
        record.category = by_rules or category


def _find_averaged_copies(records: Sequence[_Record]) -> None:
    """Finds what belongs to averaged copies of the model.

    Where the model's own tensors share their storage with such a copy's, it is no average but the model, stored first.
    """
    prefixes = averaged_copies_in([record.group for record in records])
    if not prefixes:
        return
    for record in records:
        record.is_averaged = record.group.template.startswith(prefixes)
    has_originals = any(
        record.group.copy and not record.is_averaged and template_of(record.group.original).startswith(prefixes)
        for record in records
    )
    if has_originals:
        for record in records:
            record.is_averaged = False


def _find_shared_storage(records: Sequence[_Record]) -> None:
    """Finds tensors that share the storage of one that is counted."""
    originals = counted_originals([record.group for record in records])
    if not originals:
        return
    for record in records:
        if record.group in originals:
            record.is_copy = True
            record.tied_to = originals[record.group]


def _assign_roles(records: Sequence[_Record], config: ModelConfig, around: RoleContext) -> None:
    """Tells parameters from all else, but for ties by name."""
    is_of_adapter = config.is_adapter
    for record in records:
        template, tensor = record.group.template, record.group.tensor
        is_chosen = record.category == "adapter" and is_setting(template, record.elements)
        if tensor.is_parameter is False or is_chosen or (is_of_adapter and is_frozen(template)):
            record.role = "buffer"
        elif record.is_averaged:
            record.role = "beside_model"
        elif record.is_quantization_data:
            record.role = "quantization"
        elif not tensor.is_parameter:
            record.role = role_of(template, tensor, record.packed is not None, around)


def _find_ties(records: Sequence[_Record], config: ModelConfig) -> None:
    """Gives parameters that repeat others the role of tied copies: by their storage, else by name and config."""
    ties = Ties((record.tie_candidate for record in records if not record.is_copy and not record.is_averaged), config)
    for record in records:
        if record.role != "parameter":
            record.tied_to = ""
            continue
        if not record.is_copy and not record.group.tensor.is_parameter:
            record.tied_to = ties.tied_to(record.tie_candidate)
        if record.is_copy or record.tied_to:
            record.role = "tied"


def _break_down(records: Sequence[_Record], context: Context) -> None:
    """Tells apart what parameters are within their categories."""
    for record in records:
        if record.parameters:
            record.breakdown = breakdown_of(
                record.plain_template, record.plain_shape, record.category, record.parameters, context
            )

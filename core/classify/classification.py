"""What each tensor means: its role, how many parameters it stands for, its category and kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING

from core.checkpoint.config import ModelConfig
from core.classify.adapters import is_frozen
from core.classify.averaged_copies import averaged_copies_in
from core.classify.breakdown import Context, breakdown_of
from core.classify.categorizer import categories_of
from core.classify.groups import Classification, TensorGroup
from core.classify.roles import WHOLE_NUMBERS, Role, role_of
from core.classify.ties import Known, Ties, is_embedding, is_head
from core.naming.template import is_bias, template_of

if TYPE_CHECKING:
    from core.classify.packing.layouts import Packed
    from core.classify.user_rules import Rules


_DIGITS = b"0123456789"
_NEVER_PACKED = {"F64", "F32", "F16", "BF16", "I64", "BOOL"}
_MATRIX = (2, 2)
"""The shape told of packed weights where it is not known, and of what goes with them: what is packed is a matrix."""


def classify(groups: Iterable[TensorGroup], config: ModelConfig, rules: Rules | None = None) -> None:
    """Sets the meaning of groups, each in the context of all.

    Args:
        groups: all groups of the checkpoint that are known so far.
        config: what its config says.
        rules: what is asked before the built-in rules.
    """
    known = list(groups)
    named = [(group.template, group.tensor) for group in known]
    packed: Sequence[Packed | None] = [None] * len(known)
    beside = [False] * len(known)
    looks = [(group.template, group.tensor.shape) for group in known]
    in_quantised = config.has_quantization_config
    if in_quantised or not all(tensor.dtype in _NEVER_PACKED for _, tensor in named):
        # Not imported for nothing: a small model is counted in no more time than the import takes.
        from core.classify.packing.detect import Packing

        packing = Packing(named, config.quantization)
        in_quantised = packing.config.present
        beside = [packing.goes_with_weights(*pair) for pair in named]
        packed = [None if goes else packing.weights(*pair) for pair, goes in zip(named, beside)]
        for n, (one, goes) in enumerate(zip(packed, beside)):
            if one or goes:
                shape = one.shape if one and len(one.shape) > 1 else _MATRIX
                looks[n] = packing.plain_name(known[n].template), shape
    categories = categories_of(looks, config, [group.of_matrix for group in known])
    if rules:
        ruled = [rules.category_of(group.tensor.name) for group in known]
        categories = [asked or found for asked, found in zip(ruled, categories)]
    shapes = dict(looks)
    context = Context(shapes, config)
    elements = [prod(group.tensor.shape) for group in known]
    weights = [one.weights if one else stored for one, stored in zip(packed, elements)]
    copies = _copies(known)
    averaged_copies = _averaged_copies(known)
    ties = Ties(
        [
            Known(group.template, group.tensor, count)
            for group, count in zip(known, weights)
            if group not in copies and not group.template.startswith(averaged_copies)
        ],
        config,
    )
    for n, (group, category, one) in enumerate(zip(known, categories, packed)):
        tensor = group.tensor
        said = tensor.is_parameter
        if said is False or (config.is_adapter and is_frozen(group.template)):
            role: Role = "buffer"
        elif group.template.startswith(averaged_copies):
            role = "optimizer"
        elif beside[n]:
            role = "quantization"
        else:
            role = "parameter" if said else role_of(group.template, tensor, bool(one), in_quantised, shapes)
        tied_to = ""
        if role == "parameter":
            if group in copies:
                tied_to = copies[group]
            elif not said:
                tied_to = ties.tied_to(Known(group.template, tensor, weights[n]))
            role = "tied" if tied_to or group in copies else role
        counts = role == "parameter"
        parameters = weights[n] if counts else 0
        group.classification = Classification(
            role=role,
            category=category,
            kind="bias" if role != "quantization" and is_bias(group.template) else "weight",
            parameters=parameters,
            elements=elements[n],
            bits=one.bits if one else 0,
            tied_to=tied_to,
            unknown=counts and one is None and tensor.dtype in WHOLE_NUMBERS,
            assumed=counts and one is not None and one.assumed,
            breakdown=breakdown_of(*looks[n], category, parameters, context) if parameters else (),
        )


def _averaged_copies(groups: Sequence[TensorGroup]) -> tuple[str, ...]:
    """How the names of averaged copies of the model begin."""
    averaged_copies = averaged_copies_in(groups)
    shared = any(
        template_of(group.original).startswith(averaged_copies) and not group.template.startswith(averaged_copies)
        for group in groups
        if averaged_copies and group.copy
    )
    return () if shared else averaged_copies


def _copies(groups: Sequence[TensorGroup]) -> dict[TensorGroup, str]:
    """The groups that share their values with earlier ones, each with the name of the tensor that is counted.

    Of an input embedding and an output head it is the embedding, whichever comes first in the file.
    """
    copies = {group: group.original for group in groups if group.copy}
    if not copies:
        return {}
    heads = {
        group.tensor.name: group for group in groups if not group.copy and group.count == 1 and is_head(group.template)
    }
    embeddings: dict[str, TensorGroup] = {}
    for group in copies:
        if group.original in heads and group.count == 1 and is_embedding(group.template):
            embeddings.setdefault(group.original, group)
    for head, embedding in embeddings.items():
        del copies[embedding]
        copies[heads[head]] = head
    return {group: embeddings[name].tensor.name if name in embeddings else name for group, name in copies.items()}

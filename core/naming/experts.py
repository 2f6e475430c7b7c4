"""Which tensors are experts' by their names."""

from __future__ import annotations

from core.naming.components import NUMBERED_EXPERT, ROUTED_EXPERT, SHARED_EXPERT


def is_routed_expert(template: str) -> bool:
    """Whether a template is that of an expert that the router may leave out."""
    is_expert = ROUTED_EXPERT.has_path_in(template) or NUMBERED_EXPERT.has_path_in(template)
    return is_expert and not is_shared_expert(template)


def is_shared_expert(template: str) -> bool:
    """Whether a template is that of an expert that works on every token."""
    return SHARED_EXPERT.has_piece_in(template)


def is_numbered_expert(template: str) -> bool:
    """Whether a template has left out the number of an expert: each expert has tensors of its own, none is a stack."""
    return NUMBERED_EXPERT.has_path_in(template)

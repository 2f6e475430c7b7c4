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
    """Whether a template is that of numbered experts, each with tensors of its own, and not that of a stack of all."""
    return NUMBERED_EXPERT.has_path_in(template)

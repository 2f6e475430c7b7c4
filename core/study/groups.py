"""Which models the study's claims are checked on together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.checkpoint.errors import Failure
from core.checkpoint.gpt2 import BUILT_IN
from core.profile.profile import ModelProfile

FAMILY = tuple(BUILT_IN)
"""The four models that the study is about."""
MAX_COMPARED_MODELS = 12
"""The models that can be compared on one screen."""
STUDYS_MODELS = "the study's models"
"""What the group of those four is called."""

Compared = ModelProfile | Failure


def profiles_in(models: Iterable[Compared]) -> list[ModelProfile]:
    """The profiles of the models that could be read."""
    return [model for model in models if isinstance(model, ModelProfile)]


def claim_groups(models: Sequence[ModelProfile]) -> list[tuple[str, list[ModelProfile]]]:
    """The groups of models on which the claims are checked: the study's own four, where all are there, and the rest.

    Returns:
        For each group what it is called, and its models.
    """
    family = [model for model in models if model.built_in and model.model in FAMILY]
    others = [model for model in models if model not in family]
    if len(family) < len(FAMILY):
        return [("the models compared", list(models))] if models else []
    return [(STUDYS_MODELS, family), *([("the other models", others)] if others else [])]

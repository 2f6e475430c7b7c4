"""Which of the measured models are of one family, so that the claims can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.checkpoint.errors import Failure
from core.checkpoint.gpt2 import BUILT_IN
from core.profile.profile import ModelProfile

FAMILY = tuple(BUILT_IN)
"""The models that the study is about."""
MAX_COMPARED_MODELS = 12
"""So many can be compared on one screen."""


Compared = ModelProfile | Failure


def profiles_in(models: Iterable[Compared]) -> list[ModelProfile]:
    """Those that could be read."""
    return [model for model in models if isinstance(model, ModelProfile)]


def claim_groups(models: Sequence[ModelProfile]) -> list[tuple[str, list[ModelProfile]]]:
    """The groups of which the study's claims are asked: its own four models, where all of them are there, and the rest.

    Returns:
        For each group what it is called, and its models.
    """
    family = [model for model in models if model.built_in and model.model in FAMILY]
    others = [model for model in models if model not in family]
    if len(family) < len(FAMILY):
        return [("the models compared", list(models))] if models else []
    return [("the study's models", family), *([("the other models", others)] if others else [])]

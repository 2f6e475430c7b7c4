"""What all outputs have in common: what a row is, and what stands for a model."""

from __future__ import annotations

from typing import Literal, NamedTuple

from core.checkpoint.errors import CheckpointError
from core.count.counter import Count

By = Literal["category", "layer", "module", "tensor"]
MOST_NAMES = 10
"""Names of the category other that an output lists at most."""
BY: tuple[By, ...] = ("category", "layer", "module", "tensor")


class Failure(NamedTuple):
    """A model that could not be read."""

    model: str
    error: CheckpointError


Result = Count | Failure

"""What all outputs have in common: what a row is, and what stands for a model."""

from __future__ import annotations

from core.checkpoint.errors import Failure
from core.count.counter import Count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

By: TypeAlias = "Literal['category', 'layer', 'module', 'tensor']"
BY: tuple[By, ...] = ("category", "layer", "module", "tensor")
MAX_UNRECOGNISED_NAMES = 10
"""Names of the category other that an output lists at most."""

Result = Count | Failure

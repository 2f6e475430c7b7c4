"""Numbers in a safetensors header as the crate reads them."""

from __future__ import annotations

LARGEST_COUNT = (1 << 64) - 1
"""A count or a size in the crate, a usize."""


def whole(text: str) -> int | float:
    """A JSON number without fraction; what no count in a header can be (-0, 30 digits) as a float, which none is.

    Python would take -0 for 0, and some of its versions minutes for a million digits.
    """
    return float(text) if len(text) > 20 or text == "-0" else int(text)


def no_constant(text: str) -> float:
    """Refuses `NaN` and `Infinity`, which Python's decoder takes and JSON has not."""
    raise ValueError(f"{text} is no JSON")

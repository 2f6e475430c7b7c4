"""What categories are called, and in which order they stand."""

from __future__ import annotations

from core.categories import CATEGORIES
from core.totals import Tally, Totals


def ordered_categories(totals: Totals) -> list[tuple[str, Tally]]:
    """The categories that hold parameters, in the order of `CATEGORIES`."""
    present = totals.categories
    return [(key, present[key]) for key in CATEGORIES if key in present and present[key].parameters]


def category_label(category: str, totals: Totals) -> str:
    """A category's word; norms are layer norms where they have biases, as in GPT-2."""
    if category == "norm" and (norms := totals.categories.get("norm")) and norms.biases:
        return "Layer norm"
    return CATEGORIES[category].label

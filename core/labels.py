"""What categories are called, and in which order they stand."""

from __future__ import annotations

from core.categories import CATEGORIES
from core.formats import short
from core.of_which import ORDER
from core.totals import Tally, Totals


def ordered_categories(totals: Totals) -> list[tuple[str, Tally]]:
    """The categories that hold parameters, in the order of `CATEGORIES`."""
    present = totals.categories
    return [(key, present[key]) for key in CATEGORIES if key in present and present[key].parameters]


def category_label(category: str, totals: Totals) -> str:
    """A category's word; norms are called by their kind where all are of one, as GPT-2's layer norms."""
    if category == "norm" and len(kinds := totals.of_which.get("norm", {})) == 1:
        (kind,) = kinds
        return kind[:1].upper() + kind[1:]
    return CATEGORIES[category].label


def ordered_parts(category: str, totals: Totals) -> dict[str, int]:
    """What is told apart in a category, with parameters, always in the same order."""
    parts = totals.of_which.get(category, {})
    return {name: parts[name] for name in ORDER if name in parts}


def parts_text(category: str, totals: Totals) -> str:
    """What is told apart in a category: `Attention: query 7.1M, key 7.1M, …`; "" where nothing is."""
    parts = ordered_parts(category, totals)
    if not parts or (category == "norm" and len(parts) < 2):
        return ""
    told = ", ".join(f"{name} {short(parameters)}" for name, parameters in parts.items())
    return f"{category_label(category, totals)}: {told}"

"""What categories are called, and in which order they stand."""

from __future__ import annotations

from core.classify.breakdown import ORDER
from core.classify.category import CATEGORIES
from core.count.totals import Tally, Totals
from core.text.escape import escaped
from core.text.numbers import percent, share, short
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.count.submodels import Submodel

_MAX_SUBMODELS_TOLD = 8


def ordered_categories(totals: Totals) -> list[tuple[str, Tally]]:
    """The categories that hold parameters, in the order of `CATEGORIES`."""
    present = totals.categories
    return [(key, present[key]) for key in CATEGORIES if key in present and present[key].parameters]


def category_label(category: str, totals: Totals) -> str:
    """A category's word; norms are called by their kind where all are of one, as GPT-2's layer norms."""
    if category == "norm" and len(kinds := totals.breakdown.get("norm", {})) == 1:
        (kind,) = kinds
        return kind[:1].upper() + kind[1:]
    return CATEGORIES[category].label


def ordered_breakdown(category: str, totals: Totals) -> dict[str, int]:
    """The breakdown of a category: names, each with its parameters, always in the same order."""
    breakdown = totals.breakdown.get(category, {})
    return {name: breakdown[name] for name in ORDER if name in breakdown}


def submodels_text(submodels: list[Submodel], parameters: int) -> str:
    """The submodels of a model with their shares, the largest first: `Parts %: language_model 93.55, …`."""
    largest = sorted(submodels, key=lambda submodel: -submodel[1].parameters)[:_MAX_SUBMODELS_TOLD]
    shares = [(shortened(escaped(name), 40), percent(share(totals.parameters, parameters))) for name, totals in largest]
    return f"Parts %: {', '.join(f'{name} {held}' for name, held in shares)}"


def breakdown_text(category: str, totals: Totals) -> str:
    """The breakdown of a category: `Attention %: query 25.00, key 25.00, …`; "" where it has none."""
    breakdown = ordered_breakdown(category, totals)
    if not breakdown or (category == "norm" and len(breakdown) < 2):
        return ""
    label = category_label(category, totals)
    if category == "mlp":
        return f"{label}, of which {', '.join(f'{name} {short(n)}' for name, n in breakdown.items())}"
    whole = totals.categories[category].parameters
    return f"{label} %: {', '.join(f'{name} {percent(share(n, whole))}' for name, n in breakdown.items())}"

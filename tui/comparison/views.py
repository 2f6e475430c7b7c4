"""The views of the comparison, and what each shows."""

from __future__ import annotations

from collections.abc import Sequence

from core.profile.profile import ModelProfile
from core.study.comparison import ComparisonRow, comparison, norms, trend
from core.text.numbers import exact
from tui.comparison.model_columns import Column
from tui.keys import comparison as keys
from tui.palette import Palette

SHARES, TABLE, TREND, NORMS, CLAIMS, WHAT_IF = range(6)
WITH_TABLE = {SHARES, TABLE, TREND, NORMS}
WITH_CHART = {SHARES, TREND, NORMS, WHAT_IF}


def rows_of(view: int, models: Sequence[ModelProfile], *, points: bool = False) -> list[ComparisonRow]:
    """The rows of a view's table.

    Args:
        view: which.
        models: what is compared.
        points: whether the shares' differences stand below them, where bars tell the shares.
    """
    if view == TREND:
        return trend(models)
    if view == NORMS:
        # The shares stand beside the bars.
        return [row for row in norms(models) if row.key != "norm_percent"]
    rows = comparison(models)
    if view == TABLE:
        return rows
    shares = [
        row._replace(label=rows[at - 1].label, head=True) if row.key.endswith("_percent") else row
        for at, row in enumerate(rows)
        if row.key.endswith("_percent") or (points and row.key.endswith("_points"))
    ]
    return [*rows[:1], *shares]


def status_of(view: int, column: Column, palette: Palette) -> str:
    """What is said below a view of the model that is chosen."""
    vertical = f"{keys.UP.key_in_words}, {keys.DOWN.key_in_words}".lower()
    sideways = f"{keys.LEFT.key_in_words}, {keys.RIGHT.key_in_words}".lower()
    if view == WHAT_IF:
        others = f"{keys.ASK.key} types them in; {keys.PRESET.key}: the next published"
        return f"{vertical}: layers; {sideways}: width; {others}"
    profile = column.profile
    if not profile:
        return f"{column.model}: {column.instead}"
    if view == CLAIMS:
        pages = f"{keys.PAGE_UP.key}, {keys.PAGE_DOWN.key}"
        return f"{vertical}: a claim; {pages}: all that is told of it; {sideways}: a model"
    if view == NORMS:
        # By its short name: a path would take a second line, which the table needs.
        formula = profile.formula("norm")
        told = f", {formula.text()}" if formula else ""
        return f"{column.name}: {exact(profile.tally('norm').parameters)} in norms{told}"
    facts = [f"{exact(profile.parameters)} parameters"]
    if view == TABLE:
        facts.append(f"{keys.LEARN.key} on a category tells what it is")
    elif profile.architecture:
        facts.insert(0, profile.architecture)
    return f"{profile.model}: {palette.dot.join(facts)}"

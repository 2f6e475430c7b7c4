"""Layers alike as runs, and the table that tells what each holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.count.totals import Totals
from core.text.escape import escaped
from core.text.numbers import exact, percent, share
from core.text.width import cells
from tui.charts.chart import DIM, Canvas

_SHARE_COLUMNS = 8
_MAX_NAME_COLUMNS = 24


class Run(NamedTuple):
    """Layers one after the other that hold the same.

    Attributes:
        name: of all of them, escaped: `h.0–11`.
        layers: how many they are.
        totals: of one of them.
    """

    name: str
    layers: int
    totals: Totals


def runs_of(layers: Sequence[tuple[str, Totals]]) -> list[Run]:
    """The runs of some layers, in their order."""
    runs: list[Run] = []
    first = ""
    for name, totals in layers:
        if runs and _held(runs[-1].totals) == _held(totals) and _list_of(first) == _list_of(name):
            number = name[len(_list_of(name)) :]
            runs[-1] = runs[-1]._replace(name=escaped(f"{first}–{number}"), layers=runs[-1].layers + 1)
        else:
            runs.append(Run(escaped(name), 1, totals))
            first = name
    return runs


def _held(totals: Totals) -> dict[str, int]:
    return {key: tally.parameters for key, tally in totals.categories.items() if tally.parameters}


def _list_of(layer: str) -> str:
    return layer.rstrip("0123456789")


def draw_runs(canvas: Canvas, runs: Sequence[Run], order: Sequence[str], row: int) -> None:
    """A line of titles, then a line a run: how many layers, the parameters of each, its categories in percent."""
    palette = canvas.palette
    names = [palette.shortened(run.name, min(_MAX_NAME_COLUMNS, canvas.width // 3)) for run in runs]
    times = [palette.plain(f"×{run.layers}") if run.layers > 1 else "" for run in runs]
    left = max(map(cells, names)) + 1 + max(map(len, times))
    counts = max(len(exact(run.totals.parameters)) for run in runs) + 2
    shown = order[: max(0, (canvas.width - left - counts) // _SHARE_COLUMNS)]
    canvas.words("Layers", 0, row, DIM)
    canvas.words("each", left + counts - len("each"), row, DIM)
    for place, key in enumerate(shown, 1):
        canvas.words(f"{palette.glyph(key)} %", left + counts + place * _SHARE_COLUMNS - 3, row, DIM)
    for at, (run, name, several) in enumerate(zip(runs, names, times), row + 1):
        canvas.words(name, 0, at)
        canvas.words(several, left - len(several), at, DIM)
        figure = exact(run.totals.parameters)
        canvas.words(figure, left + counts - len(figure), at)
        for place, key in enumerate(shown, 1):
            tally = run.totals.categories.get(key)
            text = percent(share(tally.parameters, run.totals.parameters)) if tally else palette.plain("–")
            canvas.words(text, left + counts + place * _SHARE_COLUMNS - len(text), at)

"""Layers as stacked bars of their categories: a row each, or upright where there are many."""

from __future__ import annotations

from dataclasses import dataclass

from core.classify.category import CATEGORIES
from core.count.labels import category_label
from core.count.totals import Totals, summed
from core.text.escape import escaped
from core.text.numbers import exact, percent, share, short
from core.text.width import cells
from tui.charts.chart import DIM, Canvas
from tui.charts.layer_columns import draw_columns
from tui.charts.layer_runs import draw_runs, runs_of
from tui.charts.legend import draw_legend
from tui.charts.stacks import ranks_of

_MAX_BAR_COLUMNS = 60
_MIN_NAME_COLUMNS = 8
_MIN_BAR_BESIDE_SHARES = 24
_SHARE_COLUMNS = 7
_MIN_ROWS_ABOVE_RUNS = 8
_MIN_LINES_WITH_TITLE = 6


@dataclass(frozen=True)
class LayerBars:
    """A bar a layer.

    Attributes:
        layers: their names and totals.
        named_by: the whole model's totals, by which categories have their names.
        parameters: of all that is shown beside the bars, layers or not.
    """

    layers: list[tuple[str, Totals]]
    named_by: Totals
    parameters: int

    def draw(self, canvas: Canvas) -> None:
        """Draws what the bars are, the bars with names and figures, and a legend, which names what none can show."""
        if not self.layers:
            canvas.words("No layers lie below this row.", 0, 0)
            return
        held = summed(totals.whole for _, totals in self.layers).parameters
        outside = f"; {short(self.parameters - held)} outside layers not drawn" if self.parameters > held else ""
        title = f"Parameters a layer{outside}"
        order = self._order()
        if len(self.layers) + 2 <= canvas.height:
            seen = self._rows(canvas, order, title)
            below = len(self.layers) + 1
        else:
            if canvas.height >= _MIN_LINES_WITH_TITLE:
                canvas.words(title, 0, 0)
            seen, below = self._upright(canvas, order)
        self._legend(canvas, order, held, min(below, canvas.height - 1), seen)

    def _order(self) -> list[str]:
        """The categories of the layers, the largest first."""
        sums: dict[str, int] = {}
        for _, totals in self.layers:
            for key, tally in totals.categories.items():
                sums[key] = sums.get(key, 0) + tally.parameters
        return sorted((key for key in sums if sums[key]), key=lambda key: -sums[key])

    def _parts(self, totals: Totals, order: list[str]) -> list[tuple[str, float]]:
        held = totals.categories
        return [(key, held[key].parameters) for key in order if key in held and held[key].parameters]

    def _rows(self, canvas: Canvas, order: list[str], title: str) -> set[str]:
        """A row a layer below the title; gives the categories that are seen."""
        largest = max(totals.parameters for _, totals in self.layers) or 1
        counts = len(exact(largest)) + 2
        room = max(_MIN_NAME_COLUMNS, canvas.width - counts - _MIN_BAR_BESIDE_SHARES - 1)
        names = [canvas.palette.shortened(escaped(name), room) for name, _ in self.layers]
        left = max(map(cells, names)) + 1
        bar = canvas.width - left - counts
        shares = _SHARE_COLUMNS * len(order)
        fits = bar - shares >= _MIN_BAR_BESIDE_SHARES and len(title) < left + bar - shares + counts
        beside = len(order) if fits else 0
        bar = max(1, min(_MAX_BAR_COLUMNS, bar - _SHARE_COLUMNS * beside))
        ranks, seen = ranks_of(order), set()
        canvas.words(title, 0, 0)
        for place, key in enumerate(order[:beside], 1):
            canvas.words(f"{canvas.palette.glyph(key)} %", left + bar + counts + _SHARE_COLUMNS * place - 3, 0, DIM)
        for row, (name, (_, totals)) in enumerate(zip(names, self.layers), 1):
            canvas.words(name, 0, row)
            # In the order of the tree and the table, where the same bars stand.
            seen |= canvas.stack((left, row), bar, self._parts(totals, list(CATEGORIES)), largest, ranks)
            figure = exact(totals.parameters)
            canvas.words(figure, left + bar + counts - len(figure), row)
            for place, key in enumerate(order[:beside], 1):
                tally = totals.categories.get(key)
                text = percent(share(tally.parameters, totals.parameters)) if tally else canvas.palette.plain("–")
                canvas.words(text, left + bar + counts + _SHARE_COLUMNS * place - len(text), row)
        return seen

    def _upright(self, canvas: Canvas, order: list[str]) -> tuple[set[str], int]:
        """A column a layer, and a table of the runs alike below; gives what is seen, and the first free row."""
        runs = runs_of(self.layers)
        room = canvas.height - 2 - _MIN_ROWS_ABOVE_RUNS
        table = len(runs) + 2 if len(runs) + 2 <= room else 0
        top = 1 if canvas.height >= _MIN_LINES_WITH_TITLE else 0
        stacks = [self._parts(totals, order) for _, totals in self.layers]
        names = [name for name, _ in self.layers]
        seen, below = draw_columns(canvas, top, canvas.height - 2 - table, (names, stacks), order)
        if table:
            draw_runs(canvas, runs, order, below)
            below += table
        return seen, below

    def _legend(self, canvas: Canvas, order: list[str], held: int, row: int, seen: set[str]) -> None:
        """Categories with their shares of the layers, those last that are too small to be drawn."""
        labels = []
        for key in order:
            part = share(sum(t.categories[key].parameters for _, t in self.layers if key in t.categories), held)
            labels.append((key, f"{category_label(key, self.named_by)} {percent(part)} %"))
        draw_legend(canvas, labels, row, seen=seen)

"""The submodels of a model as bars of their categories, and the names that no rule knows."""

from __future__ import annotations

from dataclasses import dataclass

from core.count.labels import category_label, ordered_categories
from core.count.submodels import Submodel
from core.count.totals import Totals
from core.count.unrecognised import UnrecognisedName
from core.text.escape import escaped
from core.text.numbers import percent, plural, share, short
from core.text.width import cells
from tui.charts.chart import Canvas
from tui.charts.legend import draw_legend
from tui.charts.stacks import ranks_of

_MAX_NAME_COLUMNS = 28
_MAX_BAR_COLUMNS = 60
_FIGURE_COLUMNS = len(" 100.00 %  100.0M")


@dataclass(frozen=True)
class SubmodelBars:
    """A horizontal bar a submodel, as long as its share of the model and in the colours of its categories.

    Attributes:
        submodels: of the model; none where it is one.
        unrecognised: the names in the category other, the largest first.
        whole: the model's totals.
    """

    submodels: list[Submodel]
    unrecognised: list[UnrecognisedName]
    whole: Totals

    def draw(self, canvas: Canvas) -> None:
        """Draws the submodels from the top, then the names."""
        below = self._draw_submodels(canvas)
        if self.unrecognised and below < canvas.height - 1:
            self._list_unrecognised(canvas, below)

    def _draw_submodels(self, canvas: Canvas) -> int:
        """Draws the submodels; gives the first free row."""
        if not self.submodels:
            canvas.words("No parts to tell apart, such as a vision tower.", 0, 0)
            return 2
        palette, whole = canvas.palette, self.whole.parameters
        room = canvas.height - (4 if self.unrecognised else 0)
        shown = self._fitting(max(2, room))
        names = [palette.shortened(escaped(name), min(_MAX_NAME_COLUMNS, canvas.width // 3)) for name, _ in shown]
        left = max(map(cells, names)) + 1
        bar = max(1, min(_MAX_BAR_COLUMNS, canvas.width - left - _FIGURE_COLUMNS))
        ranks, seen = ranks_of(self._order()), set()
        for row, (name, (_, totals)) in enumerate(zip(names, shown)):
            canvas.words(name, 0, row)
            seen |= canvas.stack((left, row), bar, self._parts(totals), whole, ranks)
            figure = f"{percent(share(totals.parameters, whole))} %"
            canvas.words(f"{figure:>8}  {short(totals.parameters):>6}", left + bar + 1, row)
        below = len(shown) + 1
        return self._legend(canvas, below, seen) if below < room else below

    def _order(self) -> list[str]:
        """The categories of the whole model, the largest first."""
        return [key for key, _ in sorted(ordered_categories(self.whole), key=lambda pair: -pair[1].parameters)]

    def _parts(self, totals: Totals) -> list[tuple[str, float]]:
        """A submodel's categories, in the model's order, so that each is drawn alike in all of them."""
        held = totals.categories
        return [(key, held[key].parameters) for key in self._order() if key in held]

    def _fitting(self, rows: int) -> list[Submodel]:
        """All submodels, or as many as there are rows for, the smallest together as the last."""
        if len(self.submodels) <= rows:
            return self.submodels
        largest = sorted(self.submodels, key=lambda submodel: -submodel[1].parameters)[: rows - 1]
        rest = Totals()
        for submodel in self.submodels:
            if submodel not in largest:
                rest.add(submodel[1])
        kept = [submodel for submodel in self.submodels if submodel in largest]
        return [*kept, (f"{len(self.submodels) - len(kept)} smaller ones", rest)]

    def _legend(self, canvas: Canvas, row: int, seen: set[str]) -> int:
        """What the colours are; gives the first free row."""
        draw_legend(canvas, [(key, category_label(key, self.whole)) for key in self._order()], row, seen=seen)
        return row + 2

    def _list_unrecognised(self, canvas: Canvas, top: int) -> None:
        """What the category other is, as far as there are rows."""
        palette, whole = canvas.palette, self.whole.parameters
        rows = canvas.height - top - 1
        shown = self.unrecognised if len(self.unrecognised) <= rows else self.unrecognised[: max(0, rows - 1)]
        canvas.words(palette.glyph("other"), 0, top, palette.rgb("other"))
        canvas.words("Other: names that no rule knows", 2, top)
        for row, each in enumerate(shown, top + 1):
            figures = f"{percent(share(each.parameters, whole)):>6} %  "
            times = f" {palette.plain('×')}{each.tensor_count}" if each.tensor_count > 1 else ""
            fitted = palette.shortened(escaped(each.name), canvas.width - len(figures) - len(times))
            canvas.words(figures + fitted + times, 0, row)
        if len(shown) < len(self.unrecognised):
            left = self.unrecognised[len(shown) :]
            figure = percent(share(sum(each.parameters for each in left), whole))
            canvas.words(f"{figure:>6} %  {plural(len(left), 'more name')}", 0, canvas.height - 1)

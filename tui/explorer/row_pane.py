"""The right pane: details, table and chart of the row under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from core.classify.category import CATEGORIES
from core.count.counter import Count
from core.count.labels import breakdown_text, submodels_text
from core.count.layer_totals import layers_below
from core.count.totals import Totals
from core.count.tree import ModuleNode, Run
from tui.charts.chart import Chart, Drawing
from tui.charts.layer_bars import LayerBars
from tui.charts.share_bars import ShareBars
from tui.charts.submodel_bars import SubmodelBars
from tui.charts.weight_bias_bars import KindBars
from tui.explorer.details import Details
from tui.explorer.layout import LOW_LINES
from tui.explorer.outline import OutlineRow
from tui.explorer.totals_table import TotalsTable
from tui.explorer.view_tabs import tabs_text
from tui.keys.explorer import EXPLORER_KEYS, EXPLORER_VIEWS
from tui.palette import Palette
from tui.widgets.line import Line

_LAYERS, _SUBMODELS = 1, 3
_LINES_ABOVE = 4
_MIN_CHART_LINES, _MAX_CHART_LINES = 8, 12
# As explore.tcss has it, where the pane stands beside the tree: 56 % of the screen at most.
_MAX_COLUMNS = 84
# Title, titles of the tree, status and keys; and the tree's rows.
_LINES_ELSEWHERE = 4
_MIN_TREE_LINES, _MIN_TREE_LINES_LOW = 1, 3
_MAX_BREAKDOWN_LINES, _MAX_BREAKDOWN_LINES_NARROW = 5, 2


class RowPane(Container, can_focus=True):
    """Shows one row of a model in one of four views; each part is drawn anew only when it differs."""

    BINDINGS: ClassVar[list[BindingType]] = EXPLORER_KEYS.bindings("right")

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._view = 0
        self._narrow = False
        self._height = LOW_LINES
        self._focused = False
        self._row: OutlineRow | None = None
        self._root: ModuleNode | None = None
        self._whole = Totals()
        self._count: Count | None = None

    def compose(self) -> ComposeResult:
        yield Details(self._palette, id="details")
        yield Line(tabs_text(self._view), id="views")
        with Container(id="charts"):
            yield TotalsTable(self._palette, id="totals")
            yield Chart(self._palette, id="chart")

    def wake(self) -> None:
        """Begins to draw charts: the numbers are painted before."""
        self.query_one(Chart).wake()

    def show(self, row: OutlineRow | None, root: ModuleNode | None, whole: Totals, count: Count | None = None) -> None:
        """Shows a row.

        Args:
            row: the one under the cursor; None while there is no tree.
            root: the model.
            whole: its totals, as far as they are known.
            count: the model, once all of it is counted.
        """
        grown = whole is not self._whole or count is not self._count
        self._row, self._root, self._whole, self._count = row, root, whole, count
        if grown:
            self.fit(self._narrow, self._height)
        totals = row.item.totals() if row and row.parent is not None else whole
        self.query_one(Details).show(row, root, self._breakdown(row, totals))
        self.query_one(TotalsTable).show(totals, whole)
        self.query_one(Chart).show(self._drawing(totals))

    def _breakdown(self, row: OutlineRow | None, totals: Totals) -> list[str]:
        """The submodels of the model, where the row is the model, and those of the row's categories."""
        model = row is None or row.parent is None
        submodels = self._count.submodels if self._count and model else []
        lines = [submodels_text(submodels, self._whole.parameters)] if submodels else []
        return lines + [text for text in (breakdown_text(key, totals) for key in CATEGORIES) if text]

    def _drawing(self, totals: Totals) -> Drawing:
        if self._view == 0:
            return ShareBars(totals, self._whole, beside_table=self._narrow)
        if self._view == _LAYERS:
            layers = layers_below(self._shown_nodes(), self._count.layers) if self._count else []
            return LayerBars(layers, self._whole, totals.parameters)
        if self._view == _SUBMODELS and self._count:
            return SubmodelBars(self._count.submodels, self._count.unrecognised, self._whole)
        if self._view == _SUBMODELS:
            return SubmodelBars([], [], self._whole)
        return KindBars(totals, self._whole, beside_table=self._narrow)

    def _shown_nodes(self) -> list[ModuleNode]:
        if not self._row:
            return []
        return self._row.item.nodes if isinstance(self._row.item, Run) else [self._row.item]

    def show_view(self, number: int) -> None:
        """Shows another view of the same row; past the last comes the first."""
        number %= len(EXPLORER_VIEWS)
        if number != self._view:
            self._view = number
            self.query_one("#views", Line).show(tabs_text(self._view))
            self.fit(self._narrow, self._height)
            self.show(self._row, self._root, self._whole, self._count)

    @property
    def category(self) -> str:
        """The category under the cursor; "" where there is none."""
        return self.query_one(TotalsTable).category

    def action_choose(self, step: int) -> None:
        """Moves the cursor over the categories."""
        self.query_one(TotalsTable).choose(step)

    async def action_learn(self) -> None:
        """The page on the category under the cursor; where none is shown, the help."""
        shown = self.query_one(TotalsTable).display and self.category
        await self.run_action("screen.learn" if shown else "app.help")

    def on_focus(self) -> None:
        self._focus(True)

    def on_blur(self) -> None:
        self._focus(False)

    def _focus(self, has: bool) -> None:
        self.query_one(TotalsTable).show_cursor(has)
        self._focused = has
        if self._narrow and self._height < LOW_LINES:
            self.fit(self._narrow, self._height)

    @property
    def view(self) -> int:
        """The number of the present view, from 0."""
        return self._view

    def fit(self, narrow: bool, height: int) -> None:
        """Fits the pane below the tree (narrow) or beside it.

        Args:
            narrow: whether the screen is too narrow for two panes.
            height: of the screen.

        Below it, the table stands left of the chart, and the pane is as high as they need, so that the tree has
        the rest; layers and submodels take the whole width. The details have as many lines as those of the model need.
        """
        self._narrow, self._height = narrow, height
        low = height < LOW_LINES
        table = self.query_one(TotalsTable)
        table.display = not narrow or self._view not in {_LAYERS, _SUBMODELS}
        breakdown_lines = self._fit_details(narrow, low)
        if not narrow:
            self.styles.height = "1fr"
            return
        above = breakdown_lines + (_LINES_ABOVE - 1 if low else _LINES_ABOVE)
        # Of a low screen the tree takes more beside a table, until one goes into this pane.
        tree = _MIN_TREE_LINES_LOW if low and table.display and not self._focused else _MIN_TREE_LINES
        room = max(0, height - above - tree - _LINES_ELSEWHERE)
        wanted = table.lines_of(self._whole)
        if self._view in {_LAYERS, _SUBMODELS}:
            wanted = max(wanted, _MIN_CHART_LINES)
        self.styles.height = above + min(wanted, _MAX_CHART_LINES, room)

    def _fit_details(self, narrow: bool, low: bool) -> int:
        """Gives the details their lines; gives how many of them tell what is breakdown_lines apart in the model."""
        details = self.query_one(Details)
        screen_columns = self.app.size.width
        width = screen_columns - 2 if narrow else min(_MAX_COLUMNS, screen_columns * 56 // 100) - 3
        most = _MAX_BREAKDOWN_LINES_NARROW if narrow else _MAX_BREAKDOWN_LINES
        breakdown_lines = details.fit(self._breakdown(None, self._whole), width, 0 if low else most, narrow)
        if low:
            details.styles.height = 1
        else:
            details.styles.height = breakdown_lines + (2 if narrow else 3)
        return breakdown_lines

"""The right pane: details, table and chart of the row under the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from core.outline import OutlineRow
from core.totals import Totals
from core.tree import ModuleNode, Run, layers_below
from tui.drawings.kind_bars import KindBars
from tui.drawings.layer_bars import LayerBars
from tui.drawings.share_bars import ShareBars
from tui.look import Look
from tui.widgets.chart import Chart, Drawing
from tui.widgets.details import Details
from tui.widgets.line import Line
from tui.widgets.totals_table import TotalsTable

VIEWS = ("Shares", "Layers", "Weights and biases")
LOW = 22
"""Screens with fewer lines have one line of details."""
_LINES_ABOVE = 4
_LEAST_CHART, _MOST_CHART = 8, 12
# Title, titles of the tree and one row of it, status and keys.
_LINES_ELSEWHERE = 5


class RowPane(Container, can_focus=True):
    """Shows one row of a model in one of three views; each part is drawn anew only when it differs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "screen.show_view_beside(1)", show=False),
        Binding("left,h", "screen.show_view_beside(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
        Binding("up,k", "choose(-1)", show=False),
        Binding("question_mark,enter", "learn", show=False),
    ]

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self._look = look
        self._view = 0
        self._narrow = False
        self._height = LOW
        self._row: OutlineRow | None = None
        self._root: ModuleNode | None = None
        self._whole = Totals()

    def compose(self) -> ComposeResult:
        yield Details(self._look, id="details")
        yield Line(self._tabs(), id="views")
        with Container(id="charts"):
            yield TotalsTable(self._look, id="totals")
            yield Chart(self._look, id="chart")

    def wake(self) -> None:
        """Begins to draw charts: the numbers are painted before."""
        self.query_one(Chart).wake()

    def show(self, row: OutlineRow | None, root: ModuleNode | None, whole: Totals) -> None:
        """Shows a row.

        Args:
            row: the one under the cursor; None while there is no tree.
            root: the model.
            whole: its totals, as far as they are known.
        """
        grown = whole is not self._whole
        self._row, self._root, self._whole = row, root, whole
        if grown:
            self.fit(self._narrow, self._height)
        totals = row.item.totals() if row and row.parent is not None else whole
        self.query_one(Details).show(row, root)
        self.query_one(TotalsTable).show(totals, whole)
        self.query_one(Chart).show(self._drawing(totals))

    def _drawing(self, totals: Totals) -> Drawing:
        if self._view == 0:
            return ShareBars(totals, self._whole, beside_table=self._narrow)
        if self._view == 1:
            layers = layers_below(self._shown_nodes())
            return LayerBars(layers, self._whole, totals.parameters)
        return KindBars(totals, self._whole, beside_table=self._narrow)

    def _shown_nodes(self) -> list[ModuleNode]:
        if not self._row:
            return []
        return self._row.item.nodes if isinstance(self._row.item, Run) else [self._row.item]

    def _tabs(self) -> Text:
        text = Text()
        for number, name in enumerate(VIEWS):
            style = Style(bold=number == self._view, reverse=number == self._view)
            text.append(f" {number + 1} {name} ", style + Style(meta={"@click": f"screen.show_view({number})"}))
            text.append(" ")
        return text

    def show_view(self, number: int) -> None:
        """Shows another view of the same row; past the last comes the first."""
        number %= len(VIEWS)
        if number != self._view:
            self._view = number
            self.query_one("#views", Line).show(self._tabs())
            self.fit(self._narrow, self._height)
            self.show(self._row, self._root, self._whole)

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
        self.query_one(TotalsTable).show_cursor(True)

    def on_blur(self) -> None:
        self.query_one(TotalsTable).show_cursor(False)

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
        the rest; layers take the whole width.
        """
        self._narrow, self._height = narrow, height
        table = self.query_one(TotalsTable)
        table.display = not (narrow and self._view == 1)
        if narrow:
            lines = max(_LEAST_CHART if self._view == 1 else 0, table.lines_of(self._whole))
            above = _LINES_ABOVE - (height < LOW)
            self.styles.height = above + min(lines, _MOST_CHART, max(0, height - above - _LINES_ELSEWHERE))
        else:
            self.styles.height = "1fr"

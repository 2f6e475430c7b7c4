"""The right pane: details, table and charts of the row under the cursor."""

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
from tui.charts.row_blocks import RowBlocks
from tui.explorer.details import Details
from tui.explorer.layout import LOW_LINES, pane_columns
from tui.explorer.outline import OutlineRow
from tui.explorer.totals_table import TotalsTable
from tui.keys.explorer import EXPLORER_KEYS, EXPLORER_VIEWS
from tui.palette import Palette
from tui.widgets.view_tabs import ViewTabs

_SHARES, _LAYERS, _KINDS, _SUBMODELS = range(4)
_WITH_TABLE = {_SHARES, _KINDS}
# Tabs, name and facts; a blank line below them where the panes stand side by side.
_LINES_ABOVE, _LINES_ABOVE_LOW = 3, 2
_BLOCK_LINES = 2
_MIN_CHART_LINES = 8
# Title, rule and titles of the tree, status and keys; and the tree's rows.
_LINES_ELSEWHERE = 5
_MIN_TREE_LINES, _MIN_TREE_LINES_LOW = 2, 3
_MAX_BREAKDOWN_LINES, _MAX_BREAKDOWN_LINES_NARROW = 5, 2


class RowPane(Container, can_focus=True):
    """Shows one row of a model in one of several views; each part is drawn anew only when it differs."""

    BINDINGS: ClassVar[list[BindingType]] = EXPLORER_KEYS.bindings("right")

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._view = _SHARES
        self._narrow = False
        self._height = LOW_LINES
        self._focused = False
        self._row: OutlineRow | None = None
        self._root: ModuleNode | None = None
        self._whole = Totals()
        self._count: Count | None = None

    def compose(self) -> ComposeResult:
        yield ViewTabs(EXPLORER_VIEWS, self._palette, id="views")
        yield Details(self._palette, id="details")
        yield TotalsTable(self._palette, id="totals")
        yield Chart(self._palette, id="chart")

    def on_mount(self) -> None:
        self._show_tabs()

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
            if self._view not in self.offered:
                self._view = _SHARES
            self._show_tabs()
            self.fit(self._narrow, self._height)
        totals = row.item.totals() if row and row.parent is not None else whole
        self.query_one(Details).show(row, root, self._breakdown(row, totals))
        self.query_one(TotalsTable).show(totals, whole, self._view == _KINDS)
        self.query_one(Chart).show(self._drawing(totals))

    def _breakdown(self, row: OutlineRow | None, totals: Totals) -> list[str]:
        """The submodels of the model, where the row is the model, and those of the row's categories."""
        model = row is None or row.parent is None
        submodels = self._count.submodels if self._count and model else []
        lines = [submodels_text(submodels, self._whole.parameters)] if submodels else []
        return lines + [text for text in (breakdown_text(key, totals) for key in CATEGORIES) if text]

    def _drawing(self, totals: Totals) -> Drawing:
        """What stands below the details, or below the table."""
        count = self._count
        layers = layers_below(self._shown_nodes(), count.layers) if count else []
        # What the first picture can do without is imported when it is asked for.
        if self._view == _LAYERS and not self._row:
            from tui.charts.sentence import Sentence

            return Sentence("the layers are seen once the tree is built")
        if self._view == _LAYERS:
            from tui.charts.layer_bars import LayerBars

            return LayerBars(layers, self._whole, totals.parameters)
        if self._view == _SUBMODELS and count:
            from tui.charts.submodel_bars import SubmodelBars

            return SubmodelBars(count.submodels, count.unrecognised, self._whole)
        of_model = self._row is None or self._row.parent is None
        return RowBlocks(layers, count.submodels if count and of_model else [], self._whole)

    def _shown_nodes(self) -> list[ModuleNode]:
        if not self._row:
            return []
        return self._row.item.nodes if isinstance(self._row.item, Run) else [self._row.item]

    @property
    def offered(self) -> list[int]:
        """The views that have something to show of the model; all but those while it is being read."""
        count = self._count
        empty = set()
        if not count or not (count.submodels or count.unrecognised):
            empty.add(_SUBMODELS)
        if count and not count.layers.heads:
            empty.add(_LAYERS)
        return [number for number in range(len(EXPLORER_VIEWS)) if number not in empty]

    def _show_tabs(self) -> None:
        self.query_one(ViewTabs).show_view(self._view, offered=self.offered)

    def show_view(self, number: int) -> None:
        """Shows another view of the same row, if there is anything to see in it."""
        if number != self._view and number in self.offered:
            self._view = number
            self._show_tabs()
            self.fit(self._narrow, self._height)
            self.show(self._row, self._root, self._whole, self._count)

    def view_beside(self, step: int) -> int:
        """The number of the next view, or of the one before; past the last comes the first."""
        offered = self.offered
        return offered[(offered.index(self._view) + step) % len(offered)]

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
        self.query_one(ViewTabs).show_focus(has)
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

        Below it, the pane is as high as what it shows needs, so that the tree has the rest. The details have as many
        lines as those of the model need.
        """
        self._narrow, self._height = narrow, height
        low = height < LOW_LINES
        table = self.query_one(TotalsTable)
        table.display = self._view in _WITH_TABLE
        # As high for every row, so that nothing below it moves with the cursor.
        table.styles.height = table.lines_of(self._whole)
        above = self._fit_details(narrow, low) + (_LINES_ABOVE_LOW if low else _LINES_ABOVE)
        if not narrow:
            self.styles.height = "1fr"
            return
        # Of a low screen the tree takes more beside a table, until one goes into this pane.
        tree = _MIN_TREE_LINES_LOW if low and table.display and not self._focused else _MIN_TREE_LINES
        room = max(0, height - above - tree - _LINES_ELSEWHERE)
        self.styles.height = above + min(self._wanted_lines(), room)

    def _wanted_lines(self) -> int:
        """The lines that the present view can use."""
        if self._view == _LAYERS:
            layers = layers_below(self._shown_nodes(), self._count.layers) if self._count else []
            return max(_MIN_CHART_LINES, len(layers) + 2)
        if self._view == _SUBMODELS:
            count = self._count
            return max(_MIN_CHART_LINES, len(count.submodels) + len(count.unrecognised) + 5 if count else 0)
        return TotalsTable.lines_of(self._whole) + (_BLOCK_LINES if self._count and self._count.layers.heads else 0)

    def _fit_details(self, narrow: bool, low: bool) -> int:
        """Gives the details their lines; gives how many of them tell what is told apart in the model."""
        details = self.query_one(Details)
        width = pane_columns(self.app.size.width) - 2
        most = _MAX_BREAKDOWN_LINES_NARROW if narrow else _MAX_BREAKDOWN_LINES
        if low or (narrow and self._view == _LAYERS):
            # The layers need the room more.
            most = 0
        breakdown_lines = details.fit(self._breakdown(None, self._whole), width, most, narrow)
        if low:
            details.styles.height = 1
        else:
            details.styles.height = breakdown_lines + (2 if narrow else 3)
        return breakdown_lines

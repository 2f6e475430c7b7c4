"""What a view of the comparison shows between its tabs and its status: a chart, a table, claims, sliders."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from core.profile.profile import ModelProfile
from core.study.claims import claims_of
from core.study.comparison import ComparisonRow, by_size
from core.study.groups import STUDYS_MODELS, claim_groups
from tui.charts.chart import Chart, Drawing
from tui.charts.model_bars import MODES, ModelBars
from tui.charts.norm_bars import NormBars
from tui.charts.trend_lines import TrendLines
from tui.comparison.claims_view import ClaimsView
from tui.comparison.model_columns import ModelColumns
from tui.comparison.table import ComparisonTable, Head
from tui.comparison.verdicts import Verdicts
from tui.comparison.views import CLAIMS, NORMS, SHARES, TABLE, TREND, WHAT_IF, WITH_CHART, WITH_TABLE, rows_of
from tui.comparison.what_if import WhatIfModel
from tui.comparison.what_if_panel import WhatIfPanel
from tui.palette import Palette

_LINES_ELSEWHERE = 4
_MIN_CHART_LINES = 8
_LINES_BESIDE_BARS = 2
"""Of the bars with a table below them: a blank one, and the verdicts."""
_MIN_LINES_WITH_WORDS = 6
"""Of a table in which something is said in place of a model's figures."""
_BEYOND_LAST = 1000
"""A row or claim behind all there are: the nearest there is will be taken."""


class ComparisonBody(Container):
    """All parts of all views; those of the present one are seen.

    Attributes:
        view: which of `COMPARISON_VIEWS` is shown, from 0.
    """

    def __init__(self, columns: ModelColumns, what_if: WhatIfModel, palette: Palette, *, id: str) -> None:
        """
        Args:
            columns: the models.
            what_if: the one that the user makes up.
            palette: how things are drawn.
            id: the widget's.
        """
        super().__init__(id=id)
        self.view = SHARES
        self._columns = columns
        self._what_if = what_if
        self._palette = palette
        self._mode = 0
        self._row = 0

    def compose(self) -> ComposeResult:
        yield WhatIfPanel(self._palette, id="what-if")
        yield Chart(self._palette, id="chart")
        yield ComparisonTable(self._palette, id="table")
        yield ClaimsView(self._palette, id="claims")
        yield Verdicts(self._palette, id="verdicts")

    @property
    def state(self) -> str:
        """What the bars stand for."""
        return list(MODES.values())[self._mode] if self.view == SHARES else ""

    @property
    def _chart(self) -> Chart:
        return self.query_one("#chart", Chart)

    @property
    def _table(self) -> ComparisonTable:
        return self.query_one(ComparisonTable)

    @property
    def sorted_by_size(self) -> bool:
        """Whether the columns are shown by size, and not as they stand."""
        return self.view == TREND

    @property
    def category(self) -> str:
        """The category of the row under the cursor; "" where there is none."""
        row = self._table.row if self.view == TABLE else None
        return row.category if row and row.category else ""

    def show(self, screen_lines: int) -> None:
        """Shows what is known of the models.

        Args:
            screen_lines: of the whole screen.
        """
        self._fit(screen_lines - _LINES_ELSEWHERE)
        if self.view in WITH_CHART:
            self._chart.show(self._drawing())
        if self.view in WITH_TABLE:
            self._show_table(screen_lines)
        if self.view in {SHARES, CLAIMS}:
            self._show_claims()
        if self.view == WHAT_IF:
            self.query_one(WhatIfPanel).show(self._what_if.shape, self._what_if.profile)

    def _show_claims(self) -> None:
        groups = [(title, models, claims_of(models)) for title, models in claim_groups(self._columns.profiles)]
        chosen = self._columns.chosen
        if self.view == CLAIMS:
            self.query_one(ClaimsView).show(groups, chosen.profile if chosen else None)
        else:
            # A mark at a claim that stands alone says something of the study's four, and of no others.
            studied = [claims for title, _, claims in groups if title == STUDYS_MODELS]
            self.query_one(Verdicts).show_claims(studied[0] if studied else [])

    def _heads(self) -> list[Head]:
        """What stands above the table's columns."""
        profiles = self._columns.profiles
        order = by_size(profiles) if self.sorted_by_size else profiles

        def place(profile: ModelProfile | None) -> int | None:
            return order.index(profile) if profile else None

        ordered = self._columns.ordered(self.sorted_by_size)
        return [Head(column.name, place(column.profile), column.instead) for column in ordered]

    def _rows(self, room: int) -> list[ComparisonRow]:
        """The rows of the table: below bars as many as there is room for, all, those of differences, or of shares."""
        profiles = self._columns.profiles
        if self.view != SHARES:
            return rows_of(self.view, profiles)
        room -= 1 + self._bar_lines + _LINES_BESIDE_BARS
        for rows in (rows_of(TABLE, profiles), rows_of(SHARES, profiles, points=True)):
            if len(rows) <= room:
                return rows
        return rows_of(SHARES, profiles)

    @property
    def _bar_lines(self) -> int:
        """The lines that show all bars."""
        return self._bars().lines(self._chart.size.width or self.app.size.width - 2)

    def _show_table(self, screen_lines: int) -> None:
        rows = self._rows(screen_lines - _LINES_ELSEWHERE)
        self._row = max(0, min(self._row, len(rows) - 1))
        chosen = self._columns.chosen
        place = self._columns.ordered(self.sorted_by_size).index(chosen) if chosen else 0
        self._table.show(self._heads(), rows, place, self._row if self.view == TABLE else None)

    def _bars(self) -> ModelBars:
        models = tuple((column.name, column.profile) for column in self._columns)
        return ModelBars(models, list(MODES)[self._mode], self._columns.place)

    def _drawing(self) -> Drawing:
        profiles, what_if = tuple(self._columns.profiles), self._what_if
        if self.view == SHARES:
            return self._bars()
        if self.view == NORMS:
            return NormBars(profiles, self._columns.profiles_before_chosen)
        if self.view == WHAT_IF:
            return TrendLines((*what_if.family, what_if.profile), what_if.profile)
        if what_if.changed:
            return TrendLines((*profiles, what_if.profile), what_if.profile)
        return TrendLines(profiles)

    # Keys.

    def next_bars(self) -> None:
        """Other bars, or those that were seen last."""
        if self.view == SHARES:
            self._mode = (self._mode + 1) % len(MODES)
        self.view = SHARES

    def move(self, rows: int) -> bool:
        """Moves the cursor over rows or claims; tells whether the view is to be shown anew."""
        if self.view == CLAIMS:
            self.query_one(ClaimsView).move(rows)
        elif self.view == TABLE:
            self._row += rows
        return self.view == TABLE

    def go_to_edge(self, edge: int) -> bool:
        """Puts the cursor on the first (0) or last (-1) row or claim; tells whether the view is to be shown anew."""
        place = 0 if edge == 0 else _BEYOND_LAST
        if self.view == CLAIMS:
            self.query_one(ClaimsView).go(place)
        else:
            self._row = place
        return self.view != CLAIMS

    def scroll_claim(self, pages: int) -> None:
        """Scrolls the claim under the cursor."""
        self.query_one(ClaimsView).scroll_pages(pages)

    @property
    def page_rows(self) -> int:
        """How many rows a page key moves by."""
        return max(1, self._table.size.height - 2)

    # Size.

    def _fit(self, room: int) -> None:
        """Gives each part of the present view its room.

        Args:
            room: lines for all parts.
        """
        view, chart, table = self.view, self._chart, self._table
        table.display = view in WITH_TABLE
        chart.display = view in WITH_CHART
        self.query_one(ClaimsView).display = view == CLAIMS
        self.query_one(Verdicts).display = view == SHARES
        self.query_one(WhatIfPanel).display = view == WHAT_IF
        chart.styles.height = "1fr"
        if view == SHARES and table.display and self._table_lines(room):
            # The table stands right below the bars, not at the bottom of a high screen.
            chart.styles.height = self._bar_lines + 1
        if view == TABLE:
            table.styles.height = "1fr"
        elif table.display:
            lines = self._table_lines(room)
            table.styles.height = lines
            table.display = lines > 0
            if view == NORMS:
                chart.styles.height = min(2 * len(self._columns.profiles) + 2, room - lines)

    def _table_lines(self, room: int) -> int:
        """The lines of a table that stands below a chart, which share some lines of room."""
        profiles = self._columns.profiles
        lines = 1 + len(self._rows(room))
        if len(profiles) < len(self._columns):
            lines = max(lines, _MIN_LINES_WITH_WORDS)
        if self.view != SHARES:
            return max(2, min(lines, room - _MIN_CHART_LINES))
        # The bars have their figures beside them: they go first.
        return lines if room - lines - _LINES_BESIDE_BARS >= self._bar_lines else 0

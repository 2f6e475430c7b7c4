"""The comparison: up to twelve models side by side, and the study's claims asked of them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.geometry import Size

from core.classify.user_rules import Rules
from core.count.labels import ordered_categories
from core.study.claims import claims_of
from core.study.comparison import ComparisonRow, by_size, comparison, norms, trend
from core.study.groups import asked_apart
from core.text.escape import escaped
from core.text.numbers import exact, plural, short
from core.text.width import shortened
from tui.charts.chart import Chart
from tui.charts.model_bars import MODES, ModelBars
from tui.charts.norm_bars import NormBars
from tui.charts.trend_lines import TrendLines
from tui.comparison.claims_view import ClaimsView
from tui.comparison.columns_screen import Column
from tui.comparison.table import ComparisonTable, Head
from tui.comparison.verdicts import Verdicts
from tui.comparison.what_if_panel import WhatIfPanel
from tui.comparison.what_if_screen import CLAIMS, NORMS, SHARES, TABLE, TREND, VIEWS, WHAT_IF, ImaginingScreen
from tui.keys import COMPARISON_KEYS
from tui.palette import Palette
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.view_tabs import ViewTabs

LEAST_WIDTH, LEAST_HEIGHT = 50, 14
_LINES_ELSEWHERE = 4
_LEAST_CHART = 8


class ComparisonScreen(ImaginingScreen):
    """Six views of the models that it has read."""

    KEYS = COMPARISON_KEYS
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n + 1), f"show_view({n})", show=False) for n in range(len(VIEWS))),
        Binding("tab", "show_view_beside(1)", show=False, priority=True),
        Binding("shift+tab", "show_view_beside(-1)", show=False, priority=True),
        Binding("right,l", "move(1, 0)", show=False),
        Binding("left,h", "move(-1, 0)", show=False),
        Binding("down,j", "move(0, 1)", show=False),
        Binding("up,k", "move(0, -1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("g,home", "edge(0)", show=False),
        Binding("G,end", "edge(-1)", show=False),
        Binding("b", "bars", "Other bars"),
        Binding("enter,space", "open", "Open the model"),
        Binding("m", "add", "Add models"),
        Binding("d,delete", "remove", "Leave the model out"),
        Binding("f", "first", "Make it the first"),
        Binding("r", "reload", "Read again"),
        Binding("x", "export", "Export"),
        Binding("question_mark", "learn", show=False),
    ]

    def __init__(self, models: list[str], palette: Palette, study: bool, rules: Rules | None = None) -> None:
        """
        Args:
            models: as the user named them.
            palette: how things are drawn.
            study: whether its claims are what is to be seen first.
            rules: what is asked before the built-in rules; the title says so.
        """
        super().__init__(models, palette, rules)
        self.study = study
        self._mode = 0
        self._row = 0

    def compose(self) -> ComposeResult:
        palette = self.palette
        yield Line("", id="title")
        yield ViewTabs(VIEWS, id="views")
        with Container(id="body"):
            yield WhatIfPanel(palette, id="what-if")
            yield Chart(palette, id="chart")
            yield ComparisonTable(palette, id="table")
            yield ClaimsView(palette, id="claims")
            yield Verdicts(palette, id="verdicts")
        yield self.field()
        yield Line("", id="status")
        yield KeyHints(
            [
                ("?", "help", "screen.learn"),
                ("q", "quit", "app.quit"),
                ("1-6", "views", "screen.show_view_beside(1)"),
                ("b", "bars", "screen.bars"),
                ("m", "add", "screen.add"),
                ("d", "leave out", "screen.remove"),
                ("f", "first", "screen.first"),
                ("Enter", "open", "screen.open"),
                ("x", "export", "screen.export"),
                ("r", "reload", "screen.reload"),
                ("Esc", "back", "screen.back"),
            ],
            id="keys",
        )
        yield Line("", id="small")

    def on_mount(self) -> None:
        self.query_one("#status", Line).wrap = True
        self.query_one("#chart", Chart).wake()
        self.begin()

    # What is shown.

    def show(self) -> None:
        if not self.is_mounted or not self.size.height:
            return
        self._fit(self.size)
        self._show_title()
        self._show_status()
        self.query_one(ViewTabs).show(self.view)
        if self.view in {SHARES, TREND, NORMS, WHAT_IF}:
            self._show_chart()
        if self.view in {SHARES, TABLE, TREND, NORMS}:
            self._show_table()
        if self.view in {SHARES, CLAIMS}:
            groups = [(title, models, claims_of(models)) for title, models in asked_apart(self.known)]
            if self.view == CLAIMS:
                self.query_one(ClaimsView).show(groups, self.chosen.measured if self.chosen else None)
            else:
                self.query_one(Verdicts).show_claims(groups[0][2] if groups else [])
        if self.view == WHAT_IF:
            self.query_one(WhatIfPanel).show(self.shape, self.imagined)

    def _show_title(self) -> None:
        known = by_size(self.known)
        text = f"{plural(len(self.columns), 'model')} compared"
        if self.study:
            text = f"The study: {text}, nine claims measured"
        if known:
            sizes = [short(known[0].parameters), short(known[-1].parameters)]
            text += f"{self.palette.dot}{' to '.join(dict.fromkeys(sizes))} parameters"
        if self.rules:
            text = f"rules: {escaped(shortened(self.rules.name, 30))}{self.palette.dot}{text}"
        self.query_one("#title", Line).show(self.palette.plain(text))

    def _show_status(self) -> None:
        column = self.chosen
        if not column:
            text = "no model: m adds some"
        elif self.said:
            text = self.said
        elif self.view == WHAT_IF:
            text = "up, down: layers; left, right: width; w types them in; p: the next published"
        elif self.view == CLAIMS and column.measured:
            text = "up, down: a claim; PgUp, PgDn: all that is told of it; left, right: a model"
        elif self.view == NORMS and column.measured:
            # By its short name: a path would take a second line, which the table needs.
            held, formula = column.measured.tally("norm").parameters, column.measured.formula("norm")
            text = f"{column.name}: {exact(held)} in norms" + (f", {formula.text()}" if formula else "")
        elif column.measured:
            model = column.measured
            facts = [f"{exact(model.parameters)} parameters"]
            if self.view == TABLE:
                facts.append("? on a category tells what it is")
            elif model.architecture:
                facts.insert(0, model.architecture)
            text = f"{model.model}: {self.palette.dot.join(facts)}"
        else:
            text = f"{column.model}: {column.instead}"
        self.query_one("#status", Line).show(self.palette.plain(escaped(text)))

    def _heads(self, sorted_by_size: bool) -> list[Head]:
        order = by_size(self.known) if sorted_by_size else self.known
        return [
            Head(column.name, order.index(column.measured) if column.measured else None, column.instead)
            for column in self._ordered(sorted_by_size)
        ]

    def _ordered(self, sorted_by_size: bool) -> list[Column]:
        if not sorted_by_size:
            return self.columns
        return sorted(self.columns, key=lambda c: (c.measured is None, c.measured.parameters if c.measured else 0))

    def _rows(self) -> list[ComparisonRow]:
        if self.view == TREND:
            return trend(self.known)
        if self.view == NORMS:
            # The shares stand beside the bars.
            return [row for row in norms(self.known) if row.key != "norm_percent"]
        rows = comparison(self.known)
        if self.view == TABLE:
            return rows
        shares = [
            row._replace(label=rows[at - 1].label, head=True)
            for at, row in enumerate(rows)
            if row.key.endswith("_percent")
        ]
        return [*rows[:1], *shares]

    def _show_table(self) -> None:
        ordered = self._ordered(self.view == TREND)
        rows = self._rows()
        self._row = max(0, min(self._row, len(rows) - 1))
        place = ordered.index(self.chosen) if self.chosen else 0
        chosen = self._row if self.view == TABLE else None
        self.query_one(ComparisonTable).show(self._heads(self.view == TREND), rows, place, chosen)

    def _show_chart(self) -> None:
        chart = self.query_one("#chart", Chart)
        known = tuple(self.known)
        if self.view == SHARES:
            models = tuple((c.name, c.measured) for c in self.columns)
            chart.show(ModelBars(models, list(MODES)[self._mode], self.place))
        elif self.view == NORMS:
            chart.show(NormBars(known, sum(column.measured is not None for column in self.columns[: self.place])))
        elif self.view == TREND:
            apart = (self.imagined,) if self.asked else ()
            chart.show(TrendLines(known + apart, *apart))
        else:
            chart.show(TrendLines((*self.family, self.imagined), self.imagined))

    # Keys.

    def action_show_view(self, number: int) -> None:
        if number != self.view:
            self.view = number % len(VIEWS)
            self.show()

    def action_show_view_beside(self, step: int) -> None:
        self.action_show_view((self.view + step) % len(VIEWS))

    def action_bars(self) -> None:
        """Other bars, where there are some."""
        self._mode = (self._mode + 1) % len(MODES) if self.view == SHARES else self._mode
        self.view = SHARES
        self.show()

    def action_move(self, columns: int, rows: int) -> None:
        if self.view == WHAT_IF:
            self.action_what_if("hidden_size" if columns else "layers", columns or -rows)
        elif columns:
            ordered = self._ordered(self.view == TREND)
            if self.chosen:
                place = max(0, min(ordered.index(self.chosen) + columns, len(ordered) - 1))
                self.choose(self.columns.index(ordered[place]))
        elif self.view == CLAIMS:
            self.query_one(ClaimsView).move(rows)
        elif self.view == TABLE:
            self._row += rows
            self.show()

    def action_page(self, pages: int) -> None:
        if self.view == CLAIMS:
            self.query_one(ClaimsView).scroll_pages(pages)
        else:
            self.action_move(0, pages * max(1, self.query_one(ComparisonTable).size.height - 2))

    def action_edge(self, edge: int) -> None:
        if self.view == CLAIMS:
            self.query_one(ClaimsView).go(0 if edge == 0 else 1000)
        else:
            self._row = 0 if edge == 0 else 1000
            self.show()

    @on(ComparisonTable.Chosen)
    def _clicked(self, event: ComparisonTable.Chosen) -> None:
        ordered = self._ordered(self.view == TREND)
        self.choose(self.columns.index(ordered[event.column]))

    @on(ViewTabs.Chosen)
    def _tab(self, event: ViewTabs.Chosen) -> None:
        self.action_show_view(event.number)

    def action_learn(self) -> None:
        """The page on the category of the row under the cursor; elsewhere the help."""
        row = self.query_one(ComparisonTable).row if self.view == TABLE else None
        model = self.chosen.measured if self.chosen else None
        if not row or not row.category or not model or not model.tally(row.category).parameters:
            self.app.action_help()  # type: ignore[attr-defined]
            return
        from tui.dialogs.category_page import CategoryPageScreen

        categories = [key for key, _ in ordered_categories(model.totals)]
        self.app.push_screen(CategoryPageScreen(model, categories, row.category, self.palette))

    def action_export(self) -> None:
        from tui.dialogs.export import ExportScreen
        from tui.dialogs.export_formats import comparison_formats

        def written(path: str | None) -> None:
            if path:
                self.notify(self.palette.plain(f"written: {path}"), markup=False)

        if self.known:
            drawing = self.app.export_screenshot(title="gpt2-explore")
            formats = comparison_formats(self.known, drawing, self.palette.ascii)
            self.app.push_screen(ExportScreen("study" if self.study else "comparison", formats), written)

    # Size.

    def on_resize(self, event: Resize) -> None:
        self.show()

    def _fit(self, size: Size) -> None:
        """Gives each part of the present view its room."""
        width, height = size
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-small")
        self.query_one("#small", Line).show(f"too small, {LEAST_WIDTH}x{LEAST_HEIGHT} at least")
        view, room = self.view, height - _LINES_ELSEWHERE
        chart, table = self.query_one("#chart", Chart), self.query_one(ComparisonTable)
        table.display = view in {SHARES, TABLE, TREND, NORMS}
        chart.display = view in {SHARES, TREND, NORMS, WHAT_IF}
        self.query_one(ClaimsView).display = view == CLAIMS
        self.query_one(Verdicts).display = view == SHARES
        self.query_one(WhatIfPanel).display = view == WHAT_IF
        chart.styles.height = "1fr"
        if view == TABLE:
            table.styles.height = "1fr"
        elif table.display:
            lines = 1 + len(self._rows())
            if any(column.measured is None for column in self.columns):
                lines = max(lines, 6)
            table.styles.height = lines = max(2, min(lines, room - _LEAST_CHART - (view == SHARES)))
            if view == NORMS:
                chart.styles.height = min(2 * len(self.known) + 2, room - lines)

"""The comparison: up to twelve models side by side, and the study's claims asked of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.widgets import Input

from core.classify.user_rules import Rules
from core.count.labels import ordered_categories
from core.study.comparison import by_size
from core.study.what_if import parsed
from core.text.escape import escaped
from core.text.numbers import exact, plural, short
from core.text.width import shortened
from tui.app_screen import AppScreen
from tui.comparison.body import ComparisonBody
from tui.comparison.model_columns import ModelColumns
from tui.comparison.table import ComparisonTable
from tui.comparison.views import (
    CLAIMS,
    TREND,
    WHAT_IF,
    status_of,
)
from tui.comparison.what_if import ShapeField, WhatIfModel
from tui.keys.comparison import ADD, COMPARISON_FOOTER, COMPARISON_KEYS, COMPARISON_VIEWS
from tui.messages import LoadMessage
from tui.palette import Palette
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.view_tabs import ViewTabs

MIN_COLUMNS, MIN_LINES = 50, 14
_MAX_RULES_NAME_COLUMNS = 30


class ComparisonScreen(AppScreen[None]):
    """Six views of the models that it has read.

    Attributes:
        palette: how things are drawn.
        columns: the models.
        what_if: the model that the user makes up.
        study: whether the study's claims are what is to be seen first.
    """

    KEYS = COMPARISON_KEYS
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = COMPARISON_KEYS.bindings("screen")

    def __init__(self, models: list[str], palette: Palette, study: bool, rules: Rules | None = None) -> None:
        """
        Args:
            models: as the user named them.
            palette: how things are drawn.
            study: whether its claims are what is to be seen first.
            rules: what is asked before the built-in rules; the title says so.
        """
        super().__init__()
        self.palette = palette
        self.columns = ModelColumns(models, rules, self.post_message)
        self.what_if = WhatIfModel()
        self.study = study
        self._said = self.columns.left_out

    def compose(self) -> ComposeResult:
        palette = self.palette
        yield Line("", id="title")
        yield ViewTabs(COMPARISON_VIEWS, palette, id="views")
        yield ComparisonBody(self.columns, self.what_if, palette, id="body")
        yield ShapeField(id="ask")
        yield Line("", id="status")
        yield KeyHints(COMPARISON_FOOTER, id="keys")
        yield Line("", id="small")

    def on_mount(self) -> None:
        self.query_one("#status", Line).wrap = True
        self.query_one(ViewTabs).show_focus(True)
        self.columns.begin()
        self._show()

    def on_unmount(self) -> None:
        self.columns.cancel()

    @on(LoadMessage)
    def _loaded(self, message: LoadMessage) -> None:
        self.columns.take(message)
        self._show()

    def add(self, models: list[str]) -> None:
        """Compares some more models; those that are there already are not read again."""
        self._said = self.columns.add(models) or self._said
        self._show()

    @property
    def _body(self) -> ComparisonBody:
        return self.query_one(ComparisonBody)

    # What is shown.

    def _show(self) -> None:
        if not self.is_mounted or not self.size.height:
            return
        width, height = self.size
        self.set_class(width < MIN_COLUMNS or height < MIN_LINES, "-small")
        self.query_one("#small", Line).show(f"too small, {MIN_COLUMNS}x{MIN_LINES} at least")
        self._show_title()
        self._show_status()
        self.query_one(ViewTabs).show_view(self._body.view, self._body.state)
        self._body.show(height)

    def _show_title(self) -> None:
        known = by_size(self.columns.profiles)
        rules, dot = self.columns.rules, self.palette.dot
        text = f"{plural(len(self.columns), 'model')} compared"
        if self.study:
            text = f"The study: {text}, nine claims measured"
        if known:
            sizes = [short(known[0].parameters), short(known[-1].parameters)]
            text += f"{dot}{' to '.join(dict.fromkeys(sizes))} parameters"
        if rules:
            text = f"rules: {escaped(shortened(rules.name, _MAX_RULES_NAME_COLUMNS))}{dot}{text}"
        self.query_one("#title", Line).show(self.palette.plain(text))

    def _show_status(self) -> None:
        column = self.columns.chosen
        text = f"no model: {ADD.key} adds some"
        if column:
            text = self._said or status_of(self._body.view, column, self.palette)
        self.query_one("#status", Line).show(self.palette.plain(escaped(text)))

    def _say(self, text: str) -> None:
        """Shows a line below, until the next key."""
        self._said = text
        self._show()
        self._said = ""

    # Views.

    def action_show_view(self, number: int) -> None:
        if number != self._body.view:
            self._body.view = number % len(COMPARISON_VIEWS)
            self._show()

    def action_show_view_beside(self, step: int) -> None:
        self.action_show_view((self._body.view + step) % len(COMPARISON_VIEWS))

    @on(ViewTabs.Chosen)
    def _tab(self, event: ViewTabs.Chosen) -> None:
        self.action_show_view(event.number)

    def action_bars(self) -> None:
        """Other bars, where there are some."""
        self._body.next_bars()
        self._show()

    # The cursor.

    def action_move(self, columns: int, rows: int) -> None:
        if self._body.view == WHAT_IF:
            self.action_what_if("hidden_size" if columns else "layers", columns or -rows)
        elif columns:
            self._choose_beside(columns)
        elif self._body.move(rows):
            self._show()

    def _choose_beside(self, columns: int) -> None:
        chosen = self.columns.chosen
        if chosen:
            ordered = self.columns.ordered(self._body.sorted_by_size)
            self._choose(max(0, min(ordered.index(chosen) + columns, len(ordered) - 1)))

    @on(ComparisonTable.Chosen)
    def _clicked(self, event: ComparisonTable.Chosen) -> None:
        self._choose(event.column)

    def _choose(self, shown: int) -> None:
        """Chooses a model by its place among the columns as they are shown."""
        place = list(self.columns).index(self.columns.ordered(self._body.sorted_by_size)[shown])
        if place != self.columns.place:
            self.columns.place, self._said = place, ""
            self._show()

    def action_page(self, pages: int) -> None:
        if self._body.view == CLAIMS:
            self._body.scroll_claim(pages)
        else:
            self.action_move(0, pages * self._body.page_rows)

    def action_edge(self, edge: int) -> None:
        if self._body.go_to_edge(edge):
            self._show()

    # The models.

    def action_remove(self) -> None:
        """Leaves the chosen model out."""
        self.columns.remove_chosen()
        self._show()

    def action_first(self) -> None:
        """Puts the chosen model first, from which the differences are."""
        self.columns.put_chosen_first()
        self._show()

    def action_reload(self) -> None:
        """Reads the chosen model again."""
        self.columns.reload_chosen()
        self._show()

    # The what-if model.

    def action_what_if(self, what: Literal["layers", "hidden_size"], step: int) -> None:
        """A step on one of the sliders."""
        self.what_if.step(what, step)
        self._show_what_if()

    def action_preset(self) -> None:
        """The next published shape."""
        self.what_if.next_preset()
        self._show_what_if()

    def _show_what_if(self) -> None:
        if self._body.view == TREND:
            shape, parameters = self.what_if.shape, exact(self.what_if.profile.parameters)
            held = f"{exact(shape.layers)} layers of {exact(shape.hidden_size)}"
            self._say(f"what if: {held}: {parameters} parameters; 6 tells more")
        else:
            self._body.view = WHAT_IF
            self._show()

    def action_ask(self) -> None:
        """Asks for layers and width."""
        self._body.view = WHAT_IF
        self.query_one(ShapeField).open()
        self._show()

    @on(Input.Submitted, "#ask")
    def _answer(self, event: Input.Submitted) -> None:
        try:
            shape = parsed(event.value)
        except ValueError as error:
            self._say(str(error))
            return
        self.query_one(ShapeField).close()
        self.what_if.set_shape(shape)
        self._show_what_if()

    # Other screens.

    def action_add(self) -> None:
        """Picks more models."""
        self.shell.pick(adding=True)

    def action_open(self) -> None:
        """Opens the chosen model in the explorer."""
        chosen = self.columns.chosen
        if chosen:
            self.shell.explore(chosen.model)

    def action_back(self) -> None:
        """Closes the field, or leaves."""
        field = self.query_one(ShapeField)
        if field.is_open:
            field.close()
            self._show()
        else:
            self.shell.leave()

    def action_learn(self) -> None:
        """The page on the category of the row under the cursor; elsewhere the help."""
        category = self._body.category
        model = self.columns.chosen.profile if self.columns.chosen else None
        if not category or not model or not model.tally(category).parameters:
            self.shell.show_help()
            return
        from tui.dialogs.category_page import CategoryPageScreen

        categories = [key for key, _ in ordered_categories(model.totals)]
        self.app.push_screen(CategoryPageScreen(model, categories, category, self.palette))

    def action_export(self) -> None:
        from tui.dialogs.export import open_export
        from tui.dialogs.export_formats import comparison_formats

        profiles = self.columns.profiles
        if profiles:
            drawing = self.app.export_screenshot(title="gpt2-explore")
            formats = comparison_formats(profiles, drawing, self.palette.ascii)
            open_export(self, self.palette, "study" if self.study else "comparison", formats)

    def on_resize(self, event: Resize) -> None:
        self._show()

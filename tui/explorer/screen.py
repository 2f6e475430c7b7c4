"""The explorer: a model's tree on one side, totals and charts of the row under the cursor on the other."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.geometry import Size
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker

from core.count.counter import Count
from core.text.escape import escaped
from tui.app_screen import AppScreen
from tui.crash import crash_report
from tui.explorer.divider import Divider
from tui.explorer.filter_field import FilterField, found_text
from tui.explorer.layout import TOO_SMALL, WIDE_COLUMNS, layout_classes
from tui.explorer.model_load import ModelLoad
from tui.explorer.outline import Outline
from tui.explorer.parameter_tree import ParameterTree
from tui.explorer.row_actions import copy_row, export_row, open_category_page
from tui.explorer.row_pane import RowPane
from tui.explorer.status_line import StatusLine
from tui.explorer.title import facts_line, title_text
from tui.explorer.totals_table import TotalsTable
from tui.keys.app import PICK
from tui.keys.explorer import (
    BACK,
    EXPLORER_FOOTER,
    EXPLORER_KEYS,
    EXPLORER_VIEWS,
    FACTS,
    FACTS_FOOTER,
    FAILED_FOOTER,
    RELOAD,
)
from tui.load import Load
from tui.messages import LoadMessage, ModelProfiled
from tui.palette import Palette
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.pane_rule import PaneRule, Title
from tui.widgets.view_tabs import ViewTabs

_FACTS = EXPLORER_VIEWS.index(FACTS)
REST_SECONDS = 0.1
"""How long the cursor rests on a row before that is shown."""


class ExplorerScreen(AppScreen[None]):
    """One model. Loads it in the background and shows whole totals while it does.

    Attributes:
        palette: how things are drawn.
        model_load: the model's load, and what is known of it.
    """

    KEYS = EXPLORER_KEYS
    AUTO_FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = EXPLORER_KEYS.bindings("screen")

    def __init__(self, load: Load, palette: Palette) -> None:
        """
        Args:
            load: the model, already being read.
            palette: how things are drawn.
        """
        super().__init__()
        self.palette = palette
        self.model_load = ModelLoad(load, self)
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        palette = self.palette
        yield Line(escaped(self.model), id="title")
        yield Line("", id="facts-line")
        with Container(id="body"):
            with Container(id="left"):
                yield PaneRule(palette, id="tree-rule")
                yield Line("", id="tree-header")
                yield ParameterTree(palette, id="tree")
            yield Divider(palette, id="divider")
            yield RowPane(palette, id="right")
        yield Line("", id="error")
        yield FilterField(id="filter")
        yield StatusLine(palette, id="status")
        yield KeyHints(EXPLORER_FOOTER, id="keys")
        yield KeyHints(FAILED_FOOTER, id="keys-failed")
        yield Line("", id="small")

    def on_mount(self) -> None:
        self.model_load.begin()

    def on_unmount(self) -> None:
        self.model_load.load.cancel()

    @property
    def model(self) -> str:
        """As the user named it."""
        return self.model_load.model

    @property
    def count(self) -> Count | None:
        """The model, once all is counted."""
        return self.model_load.count

    @property
    def _tree(self) -> ParameterTree:
        return self.query_one("#tree", ParameterTree)

    @property
    def _pane(self) -> RowPane:
        return self.query_one("#right", RowPane)

    @property
    def _filter(self) -> FilterField:
        return self.query_one("#filter", FilterField)

    # Reading.

    def open(self, model: str) -> None:
        """Shows a model instead of the present one."""
        self.model_load.open(model)

    def action_reload(self) -> None:
        """Reads the model, from the start."""
        self.model_load.open(self.model, again=True)

    @on(LoadMessage)
    def _loaded(self, message: LoadMessage) -> None:
        self.model_load.take(message)

    def load_begun(self) -> None:
        self.remove_class("-failed")
        self._show_tree(None)
        self._show_title()
        self.say(f"reading…  {BACK.key} cancels")
        self._show_row()

    def load_grown(self) -> None:
        self._show_row()

    def load_counted(self) -> None:
        self._show_title()
        self._show_row()

    def load_done(self) -> None:
        root, count = self.model_load.root, self.count
        if root and count:
            self._show_tree(Outline(root))
            self.query_one("#status", StatusLine).tell(count, self.size.width)
            self._show_row()

    def load_failed(self, sentence: str) -> None:
        name = "" if sentence.startswith(self.model) else f"{self.model}: "
        error = self.query_one("#error", Line)
        error.wrap = True
        advice = f"{RELOAD.key} reads it again, {PICK.key} opens another model."
        error.show(self.palette.plain(f"{escaped(name)}{sentence}\n\n{advice}"))
        self.add_class("-failed")
        self.say("not read")

    def say(self, text: str) -> None:
        """Shows a line below the panes."""
        self.query_one("#status", StatusLine).say(text)

    # Showing the row under the cursor.

    @on(ParameterTree.Moved)
    def _moved(self) -> None:
        self._show_header()  # a scroll bar that came or went moves its columns
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self._show_row)

    def _show_tree(self, outline: Outline | None) -> None:
        self._filter.close()
        self._tree.show(outline)
        self._fit(self.size if self.size.width else self.app.size)
        self._show_header()

    def _show_row(self) -> None:
        if self.has_class("-facts"):
            self.call_later(self._open_facts)
        self._pane.show(self._tree.row, self.model_load.root, self.model_load.totals, self.count)

    def _show_header(self) -> None:
        self.query_one("#tree-header", Line).show(self._tree.header())

        outline = self._tree.outline
        state = _state_of(outline) if outline else ""
        self.query_one("#tree-rule", PaneRule).show_titles([Title("Tree")], state)

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _show_focus(self) -> None:
        """Makes the rule of the pane with the focus heavy; while the filter has it, that of the tree it filters."""
        to_right = self._pane.has_focus
        self.query_one("#tree-rule", PaneRule).show_focus(not to_right)
        self.query_one(Divider).show_focus(to_right)

    def _show_title(self) -> None:
        text = title_text(self.model, self.model_load.load.rules, self.count, self.palette, self.size.width - 2)
        self.query_one("#title", Line).show(text)
        # After the figures are painted: what it tells takes some modules to import.
        self.call_after_refresh(self._show_facts_line)

    def _show_facts_line(self) -> None:
        if self.has_class("-tall"):
            self.query_one("#facts-line", Line).show(facts_line(self.count, self.palette, self.size.width - 2))

    async def action_show_view_beside(self, step: int) -> None:
        await self.action_show_view(self._pane.view_beside(step))

    @on(ViewTabs.Chosen)
    async def _view_chosen(self, event: ViewTabs.Chosen) -> None:
        await self.action_show_view(event.number)

    async def action_show_view(self, number: int) -> None:
        before = self._pane.view
        self._pane.show_view(number)
        shown = self._pane.view == _FACTS
        self.set_class(shown, "-facts")
        if shown:
            await self._open_facts()
        elif before == _FACTS:
            self._tree.focus()

    async def _open_facts(self) -> None:
        """Shows the facts; their widgets are made the first time, so that no start waits for them."""
        from tui.explorer.facts_view import FactsView

        if not self.query(FactsView):
            await self.mount(FactsView(self.palette, _FACTS, id="facts-view"), before="#error")
            await self.mount(KeyHints(FACTS_FOOTER, id="keys-facts"), after="#keys")
        self.query_one(FactsView).show(self.count, self._pane.offered)

    def action_metadata(self) -> None:
        """All keys of the files, with their values in full."""
        if self.count and self.count.source.metadata.count:
            from tui.dialogs.metadata_page import MetadataScreen

            self.app.push_screen(MetadataScreen(self.count.source.metadata, self.palette))

    # What the tree shows.

    def _rebuild(self) -> None:
        tree = self._tree
        if tree.outline:
            path = tree.row.item.path if tree.row else ""
            tree.outline.rebuild()
            tree.changed(tree.outline.index_of(path))
            self._show_header()

    def action_fold(self) -> None:
        outline = self._tree.outline
        if outline:
            outline.fold = not outline.fold
            self._rebuild()

    def action_sort(self) -> None:
        outline = self._tree.outline
        if outline:
            outline.by_size = not outline.by_size
            self.say("sorted by size" if outline.by_size else "in natural order")
            self._rebuild()

    def action_share_of(self) -> None:
        self._tree.of_parent = not self._tree.of_parent
        self._show_header()

    def action_other_pane(self) -> None:
        if self.has_class("-facts"):
            return
        to_right = self._tree.has_focus
        if to_right:
            self._pane.focus()
        else:
            self._tree.focus()
        if to_right and self.count:
            self.say("up, down: a category; ? tells what it is, and its formula; left, right: views")

    async def action_filter(self) -> None:
        if self.has_class("-facts"):
            await self.action_show_view(0)
        self._filter.open()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        tree, outline = self._tree, self._tree.outline
        if outline and outline.pattern != event.value:
            outline.pattern = event.value
            outline.rebuild()
            tree.changed(0)
            tree.go_to_match(1)
            self.say(found_text(outline))

    @on(Input.Submitted, "#filter")
    def _keep_filter(self) -> None:
        self._filter.keep()
        self._tree.focus()

    def action_match(self, step: int) -> None:
        self._tree.go_to_match(step)

    # Other screens.

    async def action_back(self) -> None:
        """Closes the facts or the filter, or cancels a load whose totals are not known yet; else goes back."""
        if self._filter.is_open:
            self._filter.close()
            self._tree.focus()
        elif self.model_load.under_way and not self.count:
            self.model_load.cancel()
        elif self.has_class("-facts"):
            await self.action_show_view(0)
        else:
            self.shell.leave()

    def action_about(self) -> None:
        """The notes in full: the line below the panes has room for the first alone."""
        if self.count:
            from tui.dialogs.about import AboutScreen

            self.app.push_screen(AboutScreen(self.count, self.palette))

    def action_compare(self) -> None:
        """Compares the model with others."""
        self.shell.compare(self.model)

    @on(TotalsTable.Asked)
    def action_learn(self) -> None:
        """The page on the category under the right pane's cursor."""
        if self.count and self._pane.category:
            # In a thread: what the page tells takes half a second of a model of 90,000 tensors.
            self.run_worker(self.model_load.profile, thread=True, group="profile", exclusive=True, exit_on_error=False)

    @on(Worker.StateChanged)
    def _profile_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.error:
            self.say(f"the page cannot be made: {crash_report(event.worker.error)}")

    @on(ModelProfiled)
    def _profiled(self, message: ModelProfiled) -> None:
        category = self._pane.category
        if message.load_id == self.model_load.load.load_id and category and self.app.screen is self:
            open_category_page(self, self.palette, message.profile, self.model_load.totals, category)

    def action_copy(self) -> None:
        if self._tree.row:
            copy_row(self, self.palette, self.model, self._tree.row)

    def action_export(self) -> None:
        if self.count:
            export_row(self, self.palette, self.model, self.count, self._tree.row)

    # Size.

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size)
        self.query_one("#status", StatusLine).tell_again(self.size.width)
        self.call_after_refresh(self._show_header)

    def _fit(self, size: Size) -> None:
        """Arranges the panes for a size."""
        width, height = size
        for name, holds in layout_classes(width, height).items():
            self.set_class(holds, name)
        self._pane.fit(width < WIDE_COLUMNS, height - self.has_class("-tall"))
        self._show_title()
        self.query_one("#small", Line).show(TOO_SMALL)


def _state_of(outline: Outline) -> str:
    """How the rows stand: `natural order`, `by size, all rows`."""
    order = "by size" if outline.by_size else "natural order"
    return order if outline.fold else f"{order}, nothing folded"

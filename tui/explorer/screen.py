"""The explorer: a model's tree on one side, totals and charts of the row under the cursor on the other."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.geometry import Size
from textual.timer import Timer
from textual.widgets import Input

from core.count.labels import ordered_categories
from core.text.escape import escaped
from core.text.numbers import exact
from core.text.width import shortened
from tui.explorer.loading_screen import LoadingScreen
from tui.explorer.outline import MOST_MATCHES, Outline
from tui.explorer.parameter_tree import ParameterTree
from tui.explorer.row_pane import LOW, RowPane
from tui.explorer.totals_table import TotalsTable
from tui.keys import EXPLORER_KEYS
from tui.load import Load
from tui.messages import ModelProfiled
from tui.palette import Palette
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line

REST_SECONDS = 0.1
LEAST_WIDTH, LEAST_HEIGHT = 50, 14
WIDE = 110


class ExplorerScreen(LoadingScreen):
    """One model. Loads it in the background and shows whole totals while it does."""

    KEYS = EXPLORER_KEYS
    AUTO_FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_view(0)", show=False),
        Binding("2", "show_view(1)", show=False),
        Binding("3", "show_view(2)", show=False),
        Binding("4", "show_view(3)", show=False),
        Binding("tab,shift+tab", "other_pane", show=False, priority=True),
        Binding("f", "fold", "Fold or unfold runs"),
        Binding("s", "sort", "Sort by size or naturally"),
        Binding("p", "share_of", "Shares of the whole or the module above"),
        Binding("slash", "filter", "Filter by name"),
        Binding("n", "match(1)", show=False),
        Binding("N", "match(-1)", show=False),
        Binding("i", "about", "Notes"),
        Binding("m", "compare", "Compare"),
        Binding("r", "reload", "Read again"),
        Binding("y", "copy", "Copy the row"),
        Binding("x", "export", "Export"),
        Binding("escape", "back", show=False),
    ]

    def __init__(self, load: Load, palette: Palette) -> None:
        """
        Args:
            load: the model, already being read.
            palette: how things are drawn.
        """
        super().__init__(load, palette)
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        palette = self.palette
        yield Line(escaped(self.model), id="title")
        with Container(id="body"):
            with Container(id="left"):
                yield Line("", id="tree-header")
                yield ParameterTree(palette, id="tree")
            yield RowPane(palette, id="right")
        yield Line("", id="error")
        yield Input(placeholder="part of a name; Enter keeps the filter, Esc clears it", id="filter", compact=True)
        yield Line("", id="status")
        yield KeyHints(
            [
                ("?", "help", "app.help"),
                ("q", "quit", "app.quit"),
                ("/", "filter", "screen.filter"),
                ("f", "fold", "screen.fold"),
                ("s", "sort", "screen.sort"),
                ("p", "share of", "screen.share_of"),
                ("1-4", "views", "screen.show_view_beside(1)"),
                ("Tab", "pane", "screen.other_pane"),
                ("o", "models", "app.pick"),
                ("x", "export", "screen.export"),
                ("y", "copy", "screen.copy"),
                ("r", "reload", "screen.reload"),
                ("m", "compare", "screen.compare"),
                ("i", "notes", "screen.about"),
            ],
            id="keys",
        )
        yield KeyHints(
            [
                ("?", "help", "app.help"),
                ("q", "quit", "app.quit"),
                ("r", "reload", "screen.reload"),
                ("o", "models", "app.pick"),
                ("m", "compare", "screen.compare"),
                ("Esc", "back", "screen.back"),
            ],
            id="keys-failed",
        )
        yield Line("", id="small")

    def on_mount(self) -> None:
        self.begin()
        # plotext takes some 35 ms to import: the numbers are painted first.
        self.call_after_refresh(self.query_one(RowPane).wake)

    # Showing the row under the cursor.

    @on(ParameterTree.Moved)
    def _moved(self) -> None:
        self._header()  # a scroll bar that came or went moves its columns
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self.show_row)

    def show_tree(self, outline: Outline | None) -> None:
        self._close_filter()
        self.query_one(ParameterTree).show(outline)
        self._fit(self.size if self.size.width else self.app.size)
        self._header()

    def show_row(self) -> None:
        self.query_one(RowPane).show(self.query_one(ParameterTree).row, self.root, self.totals, self.counted)

    def action_show_view_beside(self, step: int) -> None:
        self.query_one(RowPane).show_view(self.query_one(RowPane).view + step)

    def action_show_view(self, number: int) -> None:
        self.query_one(RowPane).show_view(number)

    # Keys.

    def _tree(self) -> tuple[ParameterTree, Outline | None]:
        tree = self.query_one("#tree", ParameterTree)
        return tree, tree.outline

    def _header(self) -> None:
        tree, _ = self._tree()
        self.query_one("#tree-header", Line).show(tree.header())

    def _rebuild(self) -> None:
        tree, outline = self._tree()
        if outline:
            path = tree.row.item.path if tree.row else ""
            outline.rebuild()
            tree.changed(outline.index_of(path))
            self._header()

    def action_fold(self) -> None:
        _, outline = self._tree()
        if outline:
            outline.fold = not outline.fold
            self._rebuild()

    def action_sort(self) -> None:
        _, outline = self._tree()
        if outline:
            outline.by_size = not outline.by_size
            self.say("sorted by size" if outline.by_size else "in natural order")
            self._rebuild()

    def action_share_of(self) -> None:
        tree, _ = self._tree()
        tree.of_parent = not tree.of_parent
        self._header()

    def action_other_pane(self) -> None:
        tree, right = self.query_one("#tree"), self.query_one("#right")
        to_right = tree.has_focus
        (right if to_right else tree).focus()
        if to_right and self.counted:
            self.say("up, down: a category; ? tells what it is, and its formula; left, right: views")

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("-open")
        field.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        tree, outline = self._tree()
        if outline and outline.pattern != event.value:
            outline.pattern = event.value
            outline.rebuild()
            tree.changed(0)
            self._next_match(1)
            shown = f", the first {exact(MOST_MATCHES)} shown" if outline.matches > MOST_MATCHES else ""
            found = (
                f"{exact(outline.matches)} found{shown}; Enter, then n and N go through them" if outline.matches else ""
            )
            nothing = "no name has that in it; Esc shows all again" if event.value else ""
            self.say(found or nothing)

    @on(Input.Submitted, "#filter")
    def _keep_filter(self) -> None:
        self.query_one("#filter").set_class(bool(self.query_one("#filter", Input).value), "-open")
        self.query_one("#tree").focus()

    def action_match(self, step: int) -> None:
        self._next_match(step)

    def _next_match(self, step: int) -> None:
        tree, outline = self._tree()
        if not outline or not outline.pattern:
            return
        rows = len(outline.rows)
        for distance in range(1, rows + 1):
            index = (tree.cursor + step * distance) % rows
            if outline.is_match(index):
                tree.go(index)
                return

    def action_back(self) -> None:
        field = self.query_one("#filter", Input)
        if self.loading_model:
            self.cancel()
        elif field.has_class("-open"):
            self._close_filter()
            self.query_one("#tree").focus()
        else:
            self.app.action_leave()  # type: ignore[attr-defined]

    def action_about(self) -> None:
        """The notes in full: the line below the panes has room for the first alone."""
        if self.counted:
            from tui.dialogs.about import AboutScreen

            self.app.push_screen(AboutScreen(self.counted, self.palette))

    def action_compare(self) -> None:
        """Compares the model with others."""
        self.app.action_compare(self.model)  # type: ignore[attr-defined]

    @on(TotalsTable.Asked)
    def action_learn(self) -> None:
        """The page on the category under the right pane's cursor."""
        if self.counted and self.query_one(RowPane).category:
            self.run_worker(self._measure, thread=True, group="measure", exclusive=True, exit_on_error=False)

    def _measure(self) -> None:
        """In a thread: what the page tells takes half a second of a model of 90,000 tensors."""
        from core.profile.profile import ModelProfile

        counted, load_id = self.counted, self.load.load_id
        if counted:
            self.post_message(ModelProfiled(load_id, ModelProfile(counted)))

    @on(ModelProfiled)
    def _measured(self, message: ModelProfiled) -> None:
        from tui.dialogs.category_page import CategoryPageScreen

        category = self.query_one(RowPane).category
        if message.load_id == self.load.load_id and category and self.app.screen is self:
            categories = [key for key, _ in ordered_categories(self.totals)]
            self.app.push_screen(CategoryPageScreen(message.measured, categories, category, self.palette))

    def _close_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("-open")

    def action_copy(self) -> None:
        tree, _ = self._tree()
        if row := tree.row:
            name = row.item.path or self.model
            self.app.copy_to_clipboard(f"{escaped(name)}\t{row.item.parameters}")
            shown = self.palette.plain(shortened(row.label, 60))
            self.notify(f"{shown}: name and parameters copied", markup=False, timeout=2)

    def action_export(self) -> None:
        from tui.dialogs.export import ExportScreen
        from tui.dialogs.export_formats import export_formats

        if not self.counted:
            return
        tree, _ = self._tree()
        shown = self.counted
        if tree.row and tree.row.parent is not None:
            shown = self.counted.of_module(tree.row.item.path, tree.row.item.totals())
        drawing = self.app.export_screenshot(title=escaped(self.model))
        stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in self.model).strip("-.")[-60:] or "model"

        def written(path: str | None) -> None:
            if path:
                self.notify(self.palette.plain(f"written: {path}"), markup=False)

        self.app.push_screen(ExportScreen(stem, export_formats(self.counted, shown, drawing)), written)

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size)
        self.tell_again()
        self.call_after_refresh(self._header)

    def _fit(self, size: Size) -> None:
        """Arranges the panes for a size."""
        width, height = size
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(small, "-small")
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < WIDE, "-narrow")
        self.set_class(height < LOW, "-low")
        self.query_one(RowPane).fit(width < WIDE, height)
        self.show_title()
        least = f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
        self.query_one("#small", Line).show(f"too small, {least} at least")

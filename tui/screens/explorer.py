"""The explorer: a model's tree on one side, totals and charts of the row under the cursor on the other."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import get_current_worker

from core.counter import Count
from core.escape import escaped
from core.formats import exact, plural
from core.outline import MOST_MATCHES, Outline, OutlineRow
from core.summary import summary
from core.totals import Totals
from core.tree import ModuleNode, Run, layers_below
from tui.keys import EXPLORER_KEYS
from tui.load import load
from tui.look import Look
from tui.messages import LoadCounted, LoadDone, LoadFailed, LoadProgress
from tui.widgets.details import Details
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.parameter_tree import ParameterTree
from tui.widgets.totals_table import TotalsTable

VIEWS = ("Shares", "Layers", "Weights and biases")
REST_SECONDS = 0.1
LEAST_WIDTH, LEAST_HEIGHT = 50, 14


class ExplorerScreen(Screen[None]):
    """One model. Loads it in the background and shows whole totals while it does."""

    KEYS = EXPLORER_KEYS
    AUTO_FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_view(0)", show=False),
        Binding("2", "show_view(1)", show=False),
        Binding("3", "show_view(2)", show=False),
        Binding("tab,shift+tab", "other_pane", show=False, priority=True),
        Binding("f", "fold", "Fold or unfold runs"),
        Binding("s", "sort", "Sort by size or naturally"),
        Binding("p", "share_of", "Shares of the whole or the module above"),
        Binding("slash", "filter", "Filter by name"),
        Binding("n", "match(1)", show=False),
        Binding("N", "match(-1)", show=False),
        Binding("r", "reload", "Read again"),
        Binding("y", "copy", "Copy the row"),
        Binding("x", "export", "Export"),
        Binding("escape", "back", show=False),
    ]

    def __init__(self, model: str, look: Look) -> None:
        super().__init__()
        self.model = model
        self.look = look
        self.counted: Count | None = None
        self._root: ModuleNode | None = None
        self._totals = Totals()
        self._load_id = 0
        self._loading = False
        self._view = 0
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        look = self.look
        yield Line(escaped(self.model), id="title")
        with Container(id="body"):
            with Container(id="left"):
                yield Line("", id="tree-header")
                yield ParameterTree(look, id="tree")
            with Container(id="right") as right:
                right.can_focus = True
                yield Details(look, id="details")
                yield Line(id="views")
                with Container(id="charts"):
                    yield TotalsTable(look, id="totals")
        yield Input(placeholder="part of a name; Enter keeps the filter, Esc clears it", id="filter", compact=True)
        yield Line("", id="status")
        yield KeyHints(
            [
                ("?", "help", "app.help"),
                ("q", "quit", "app.quit"),
                ("/", "filter", "screen.filter"),
                ("f", "fold", "screen.fold"),
                ("s", "sort", "screen.sort"),
                ("p", "% of", "screen.share_of"),
                ("1 2 3", "views", "screen.next_view"),
                ("Tab", "pane", "screen.other_pane"),
                ("o", "models", "app.pick"),
                ("x", "export", "screen.export"),
                ("y", "copy", "screen.copy"),
                ("r", "reload", "screen.reload"),
            ],
            id="keys",
        )
        yield Line("", id="small")

    def on_mount(self) -> None:
        self._show_views()
        self.action_reload()
        # plotext takes some 35 ms to import: the numbers are painted first.
        self.call_after_refresh(self._add_chart)

    # Loading.

    def action_reload(self) -> None:
        """Reads the model, from the start."""
        self._load_id += 1
        self._loading = True
        self._root, self.counted, self._totals = None, None, Totals()
        self.query_one("#tree", ParameterTree).show(None)
        self._say("reading…  Esc cancels")
        self._show_row()
        load_id = self._load_id

        def work() -> None:
            worker = get_current_worker()
            load(self.model, load_id, self.post_message, lambda: worker.is_cancelled)

        self.run_worker(work, thread=True, group="load", exclusive=True, exit_on_error=True)

    @on(LoadProgress)
    def _progress(self, message: LoadProgress) -> None:
        if message.load_id == self._load_id and self._loading:
            snapshot = message.snapshot
            self._totals = snapshot.totals
            done = snapshot.progress
            shards = f"{done.shards_done} of {plural(done.shards_total, 'shard')}, " if done.shards_total > 1 else ""
            self._say(f"reading… {shards}{plural(snapshot.tensor_count, 'tensor')}  Esc cancels")
            self._show_row()

    @on(LoadCounted)
    def _counted(self, message: LoadCounted) -> None:
        if message.load_id == self._load_id and self._loading:
            self.counted = message.count
            self._totals = message.count.totals
            self._show_title()
            self._show_row()
            if len(message.count.tensors) > 20_000:
                self._say("building the tree…")

    @on(LoadDone)
    def _done(self, message: LoadDone) -> None:
        if message.load_id == self._load_id and self._loading:
            self._loading = False
            self._root = message.root
            self.counted = message.count
            tree = self.query_one("#tree", ParameterTree)
            tree.show(Outline(message.root))
            notes = message.count.notes
            more = f"  (+{len(notes) - 1} more: x exports them)" if len(notes) > 1 else ""
            self._say(f"note: {notes[0]}{more}" if notes else "")
            self._header()
            self._show_row()

    @on(LoadFailed)
    def _failed(self, message: LoadFailed) -> None:
        if message.load_id == self._load_id and self._loading:
            self._loading = False
            self._say(f"{escaped(self.model)}: {message.sentence}", error=True)

    def _say(self, text: str, error: bool = False) -> None:
        status = self.query_one("#status", Line)
        status.set_class(error, "-error")
        status.wrap = error
        status.show(self.look.plain(escaped(text)))

    def _show_title(self) -> None:
        text = escaped(self.model)
        if self.counted:
            text += self.look.dot + summary(self.counted, "·")
        self.query_one("#title", Line).show(self.look.plain(text))

    # Showing the row under the cursor.

    @on(ParameterTree.Moved)
    def _moved(self) -> None:
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self._show_row)

    def _shown_totals(self) -> Totals:
        row = self.query_one("#tree", ParameterTree).row
        return row.item.totals() if row and row.parent is not None else self._totals

    def _show_row(self) -> None:
        tree = self.query_one("#tree", ParameterTree)
        totals, row = self._shown_totals(), tree.row
        self.query_one(Details).show(row, self._root)
        self.query_one(TotalsTable).show(totals, self._totals)
        for chart in self.query(".chart"):
            if not chart.display:
                continue
            if chart.id in {"bars", "kinds"}:
                chart.show(totals, self._totals)  # type: ignore[attr-defined]
            else:
                chart.show(layers_below(_nodes(row)))  # type: ignore[attr-defined]

    async def _add_chart(self) -> None:
        """Mounts the chart of the present view, the first time it is shown."""
        name = ("bars", "layers", "kinds")[self._view]
        charts = self.query_one("#charts")
        if not self.query(f"#{name}"):
            if name == "bars":
                from tui.widgets.share_bars import ShareBars as Chart
            elif name == "layers":
                from tui.widgets.layer_bars import LayerBars as Chart  # type: ignore[assignment]
            else:
                from tui.widgets.kind_bars import KindBars as Chart  # type: ignore[assignment]
            chart = Chart(self.look, id=name)
            chart.add_class("chart")
            await charts.mount(chart)
        for other in self.query(".chart"):
            other.display = other.id == name
        self._show_row()

    def _show_views(self) -> None:
        text = Text()
        for number, name in enumerate(VIEWS):
            style = Style(bold=number == self._view, reverse=number == self._view)
            text.append(f" {number + 1} {name} ", style + Style(meta={"@click": f"screen.show_view({number})"}))
            text.append(" ")
        self.query_one("#views", Line).show(text)

    def action_next_view(self) -> None:
        self.action_show_view((self._view + 1) % len(VIEWS))

    def action_show_view(self, number: int) -> None:
        if number != self._view:
            self._view = number
            self._show_views()
            narrow_chart = number == 1 and self.has_class("-narrow")
            self.query_one("#totals").display = not narrow_chart
            self.call_later(self._add_chart)

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
            self._say("sorted by size" if outline.by_size else "in natural order")
            self._rebuild()

    def action_share_of(self) -> None:
        tree, _ = self._tree()
        tree.of_parent = not tree.of_parent
        self._header()

    def action_other_pane(self) -> None:
        tree, right = self.query_one("#tree"), self.query_one("#right")
        (right if tree.has_focus else tree).focus()

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
            found = f"{exact(outline.matches)} found{shown}; n and N go through them" if event.value else ""
            self._say(found)

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
        if self._loading:
            self._loading = False
            self._load_id += 1
            self.workers.cancel_group(self, "load")
            self._say("cancelled; r reads the model again, o picks another")
        elif field.has_class("-open"):
            field.value = ""
            field.remove_class("-open")
            self.query_one("#tree").focus()
        else:
            self.app.action_pick()  # type: ignore[attr-defined]

    def action_copy(self) -> None:
        tree, _ = self._tree()
        if row := tree.row:
            name = row.item.path or self.model
            self.app.copy_to_clipboard(f"{escaped(name)}\t{row.item.parameters}")
            self.notify(f"{row.label}: name and parameters copied", markup=False, timeout=2)

    def action_export(self) -> None:
        from tui.exports import export_formats
        from tui.screens.export import ExportScreen

        if not self.counted:
            return
        drawing = self.app.export_screenshot(title=self.model)
        stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in self.model).strip("-.")[-60:] or "model"

        def written(path: str | None) -> None:
            if path:
                self.notify(f"written: {path}", markup=False)

        self.app.push_screen(ExportScreen(stem, export_formats(self.counted, drawing)), written)

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(small, "-small")
        self.set_class(width >= 110, "-wide")
        self.set_class(width < 110, "-narrow")
        self.set_class(height < 22, "-low")
        self.query_one("#totals").display = not (self._view == 1 and width < 110)
        least = f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
        self.query_one("#small", Line).show(f"too small, {least} at least")
        self.call_after_refresh(self._header)


def _nodes(row: OutlineRow | None) -> list[ModuleNode]:
    if not row:
        return []
    return row.item.nodes if isinstance(row.item, Run) else [row.item]

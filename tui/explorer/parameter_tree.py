"""The tree of modules and tensors, drawn from an `Outline` line by line."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.count.labels import ordered_categories
from tui.charts.stacks import ranks_of
from tui.explorer.outline import Outline, OutlineRow
from tui.explorer.tree_row import RowStyles, TreeColumns, figure_segments, header_line, name_segments
from tui.keys.explorer import EXPLORER_KEYS
from tui.palette import Palette


class ParameterTree(ScrollView, can_focus=True):
    """Rows with name, parameters, share and a bar; only what is in view is ever drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "parameter-tree--cursor",
        "parameter-tree--dim",
        "parameter-tree--match",
    }

    BINDINGS: ClassVar[list[BindingType]] = EXPLORER_KEYS.bindings("tree")

    cursor = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor stands on another row, or the row's place changed."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._outline: Outline | None = None
        self._of_parent = False
        self._columns = TreeColumns()
        self._arranged_for = 0
        self._ranks: dict[str, int] = {}

    # What the screen does with it.

    @property
    def outline(self) -> Outline | None:
        """The rows; None while nothing is loaded."""
        return self._outline

    @property
    def row(self) -> OutlineRow | None:
        """The row under the cursor."""
        rows = self._outline.rows if self._outline else []
        return rows[self.cursor] if self.cursor < len(rows) else None

    @property
    def of_parent(self) -> bool:
        """Whether shares are of the module above and not of the whole model."""
        return self._of_parent

    @of_parent.setter
    def of_parent(self, value: bool) -> None:
        self._of_parent = value
        self.refresh()

    def show(self, outline: Outline | None) -> None:
        """Draws other rows, the cursor on the first."""
        self._outline = outline
        self._ranks = ranks_of(key for key, _ in ordered_categories(outline.root.totals())) if outline else {}
        self.changed(0)
        self.scroll_to(0, 0, animate=False)

    def changed(self, cursor: int) -> None:
        """Draws anew after the outline's rows changed; the cursor goes to a row."""
        rows = len(self._outline.rows) if self._outline else 0
        # Rows are as wide as the tree, whatever its width: another size here would have all of the screen sent again.
        self.virtual_size = Size(1, rows)
        self._arrange()
        self.cursor = max(0, min(cursor, rows - 1))
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def header(self) -> str:
        """The line of titles that stands above the rows; "" before there is any width."""
        if not self.size.width:
            return ""
        self._arrange()
        return header_line(self._columns, self._of_parent, self._palette).ljust(self.size.width)

    # Drawing.

    def _arrange(self) -> None:
        self._arranged_for = self.size.width
        self._columns = TreeColumns.fitting(self.scrollable_content_region.width or self.size.width)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        if width != self._arranged_for:
            # The first picture is drawn before the first resize is told of.
            self._arrange()
        rows = self._outline.rows if self._outline else []
        if index >= len(rows):
            return Strip.blank(width, self.rich_style)
        row, styles = rows[index], self._styles(index)
        name = name_segments(row, self._columns, styles, self._palette)
        whole, columns, palette = self._whole(row), self._columns, self._palette
        figures = figure_segments(row, whole, columns, styles, palette, ranks=self._ranks)
        return Strip([*name, *figures]).adjust_cell_length(width, styles.bar).crop(0, width)

    def _styles(self, index: int) -> RowStyles:
        cursor = index == self.cursor
        base = self.get_component_rich_style("parameter-tree--cursor") if cursor else self.rich_style
        dim = base if cursor else base + self.get_component_rich_style("parameter-tree--dim", partial=True)
        name = base
        if self._outline and self._outline.is_match(index):
            name = base + self.get_component_rich_style("parameter-tree--match", partial=True)
        mark = self._palette.cursor if cursor else " "
        return RowStyles(base, dim, name, self.rich_style, mark, not self.app.no_color)

    def _whole(self, row: OutlineRow) -> int:
        """The parameters that a row's share is of."""
        if self._of_parent and row.parent:
            return row.parent.parameters
        return self._outline.root.parameters if self._outline else 0

    # The cursor.

    def watch_cursor(self, before: int, now: int) -> None:
        if before == now:
            return
        for index in (before, now):
            # The cursor's ground ends before the bar, which need not be sent again.
            self.refresh(Region(0, index - self.scroll_offset.y, self._columns.before_bar, 1))
        self._reveal()
        self.post_message(self.Moved())

    def _reveal(self) -> None:
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if not height:
            return
        if self.cursor < top:
            self.scroll_to(0, self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(0, self.cursor - height + 1, animate=False)

    def _reveal_children(self) -> None:
        """Scrolls so far that what was opened is seen, the cursor's row still among it."""
        if not self._outline or not self.row or not self.row.opened:
            return
        height = self.scrollable_content_region.height
        last = self._outline.end_of(self.cursor) - 1
        top = min(self.cursor, last - height + 1)
        if top > self.scroll_offset.y:
            self.scroll_to(0, top, animate=False)

    def go(self, index: int) -> None:
        """Puts the cursor on a row, or the nearest there is."""
        last = len(self._outline.rows) - 1 if self._outline else 0
        self.cursor = max(0, min(index, last))

    def go_to_match(self, step: int) -> None:
        """Puts the cursor on the next (1) or previous (-1) row of the filter; past the last comes the first."""
        outline = self._outline
        if not outline or not outline.pattern:
            return
        rows = len(outline.rows)
        for distance in range(1, rows + 1):
            index = (self.cursor + step * distance) % rows
            if outline.is_match(index):
                self.go(index)
                return

    def action_move(self, rows: int) -> None:
        self.go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.go(self.cursor + pages * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, edge: int) -> None:
        self.go(0 if edge == 0 else len(self._outline.rows) - 1 if self._outline else 0)

    def action_expand(self) -> None:
        row = self.row
        if not self._outline or not row or not row.opens:
            return
        if row.opened:
            self.go(self.cursor + 1)
        else:
            self._outline.open(self.cursor)
            self.changed(self.cursor)
            self._reveal_children()

    def action_collapse(self) -> None:
        row = self.row
        if self._outline and row:
            if row.opened:
                self._outline.close(self.cursor)
                self.changed(self.cursor)
            else:
                self.go(self._outline.parent_of(self.cursor))

    def action_toggle_row(self) -> None:
        row = self.row
        if self._outline and row and row.opens:
            self._outline.toggle(self.cursor)
            self.changed(self.cursor)
            self._reveal_children()

    def action_expand_level(self) -> None:
        self._expand(1)

    def action_expand_all(self) -> None:
        self._expand(None)

    def _expand(self, levels: int | None) -> None:
        if self._outline and self.row:
            self._outline.open_below(self.cursor, levels)
            self.changed(self.cursor)
            self._reveal_children()

    def action_collapse_here(self) -> None:
        """Closes the row, or, where it is closed, the one it lies in."""
        row = self.row
        if self._outline and row:
            index = self.cursor if row.opened else self._outline.parent_of(self.cursor)
            self._outline.close(index)
            self.changed(index)

    def on_click(self, event: events.Click) -> None:
        if not self._outline or event.y >= self.size.height:
            return
        index = event.y + self.scroll_offset.y
        if index < len(self._outline.rows):
            again = index == self.cursor
            self.cursor = index
            row = self._outline.rows[index]
            on_arrow = event.x <= self._columns.arrow(row.depth) + 1
            if row.opens and (again or on_arrow):
                self.action_toggle_row()

    def on_resize(self) -> None:
        # The rows themselves are drawn anew with any new size.
        self._arrange()
        self._reveal()
        self.post_message(self.Moved())

    def watch_show_vertical_scrollbar(self) -> None:
        # It takes a column from the rows, and no resize tells of that.
        self._arrange()
        self.refresh()
        self.post_message(self.Moved())

    def refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))

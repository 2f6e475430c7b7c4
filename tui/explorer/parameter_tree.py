"""The tree of modules and tensors, drawn from an `Outline` line by line."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.classify.category import ROLES
from core.count.labels import ordered_categories
from core.text.numbers import percent, share, short
from tui.explorer.outline import Outline, OutlineRow
from tui.palette import Palette

_COUNT_WIDTH = 7
_SHARE_WIDTH = 7
_LEAST_NAME = 24
_ROOMY_NAME = 40


class ParameterTree(ScrollView, can_focus=True):
    """Rows with name, parameters, share and a bar; only what is in view is ever drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "parameter-tree--cursor",
        "parameter-tree--dim",
        "parameter-tree--match",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("right,l", "expand", "Open, or into it", show=False),
        Binding("left,h", "collapse", "Close, or out of it", show=False),
        Binding("enter,space", "toggle_row", "Open or close", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "A page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "A page up", show=False),
        Binding("g,home", "edge(0)", "First row", show=False),
        Binding("G,end", "edge(-1)", "Last row", show=False),
        Binding("e", "expand_level", "Expand one level", show=False),
        Binding("E", "expand_all", "Expand all below", show=False),
        Binding("c", "collapse_here", "Collapse", show=False),
    ]

    cursor = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor stands on another row, or the row's place changed."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._look = palette
        self._outline: Outline | None = None
        self._of_parent = False
        self._name_width = 0
        self._bar_width = 0
        self._step = 2
        self._arranged_for = 0

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
        self.changed(0)
        self.scroll_to(0, 0, animate=False)

    def changed(self, cursor: int) -> None:
        """Draws anew after the outline's rows changed; the cursor goes to a row."""
        rows = len(self._outline.rows) if self._outline else 0
        self.virtual_size = Size(self.size.width, rows)
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
        share_of = "% above" if self._of_parent else "% whole"
        line = (
            self._look.fit("    Name", self._name_width)
            + "Params".rjust(_COUNT_WIDTH)
            + " "
            + share_of.rjust(_SHARE_WIDTH)
        )
        return line.ljust(self.size.width)

    # Drawing.

    def _arrange(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self._arranged_for = self.size.width
        fixed = _COUNT_WIDTH + 1 + _SHARE_WIDTH + 1
        self._bar_width = max(0, min(16, (width - fixed - _LEAST_NAME - 1) // 2))
        self._name_width = max(8, width - fixed - (self._bar_width + 1 if self._bar_width else 0))
        self._step = 2 if self._name_width >= _ROOMY_NAME else 1

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        if width != self._arranged_for:
            # The first picture is drawn before the first resize is told of.
            self._arrange()
        rows = self._outline.rows if self._outline else []
        if index >= len(rows):
            return Strip.blank(width, self.rich_style)
        row = rows[index]
        cursor = index == self.cursor
        base = self.get_component_rich_style("parameter-tree--cursor") if cursor else self.rich_style
        dim = base if cursor else base + self.get_component_rich_style("parameter-tree--dim", partial=True)
        segments = [*self._name_cells(row, index, base, dim), *self._figure_cells(row, base, dim, cursor)]
        return Strip(segments).adjust_cell_length(width, base).crop(0, width)

    def _indent(self, row: OutlineRow) -> int:
        return min(self._step * row.depth, max(0, self._name_width - 14))

    def _name_cells(self, row: OutlineRow, index: int, base: Style, dim: Style) -> list[Segment]:
        palette, item = self._look, row.item
        arrow = (palette.opened if row.opened else palette.closed) if row.opens else " "
        indent = self._indent(row)
        style = base
        if self._outline and self._outline.is_match(index):
            style = base + self.get_component_rich_style("parameter-tree--match", partial=True)
        name_width = self._name_width - indent - 4
        text = palette.fit(row.label, name_width)
        categories = [key for key, _ in ordered_categories(item.totals())]
        glyph = Segment("  ", base)
        if len(categories) == 1:
            color = Style(color=palette.color(categories[0])) if not self.app.no_color else Style()
            glyph = Segment(palette.glyph(categories[0]) + " ", base + color)
        return [glyph, Segment(" " * indent + arrow + " ", dim), Segment(text, style)]

    def _figure_cells(self, row: OutlineRow, base: Style, dim: Style, cursor: bool) -> list[Segment]:
        item, outline = row.item, self._outline
        assert outline
        whole = row.parent.parameters if self._of_parent and row.parent else outline.root.parameters
        part = share(item.parameters, whole)
        figures = f"{short(item.parameters):>{_COUNT_WIDTH}} {percent(part):>{_SHARE_WIDTH}}"
        if not item.parameters:
            return [Segment(f"{self._aside(row):>{_COUNT_WIDTH + 1 + _SHARE_WIDTH}}", dim)]
        segments = [Segment(figures, base)]
        if self._bar_width:
            segments += [Segment(" ", base), *self._bar(row, part / 100, base, cursor)]
        return segments

    def _bar(self, row: OutlineRow, part: float, base: Style, cursor: bool) -> list[Segment]:
        """A bar in the colours of the categories, each as long as its part."""
        whole = self._look.bar(part, self._bar_width)
        if cursor or self.app.no_color:
            return [Segment(whole, base)]
        segments, start, sum_before = [], 0, 0
        for key, tally in ordered_categories(row.item.totals()):
            sum_before += tally.parameters
            end = round(len(whole) * sum_before / row.item.parameters)
            if end > start:
                segments.append(Segment(whole[start:end], base + Style(color=self._look.color(key))))
                start = end
        return segments

    @staticmethod
    def _aside(row: OutlineRow) -> str:
        """What a row without parameters is instead."""
        roles = list(row.item.totals().not_counted)
        return ROLES[roles[0]].short if len(roles) == 1 else "no parameters"

    # The cursor.

    def watch_cursor(self, before: int, now: int) -> None:
        if before == now:
            return
        self.refresh_line(before)
        self.refresh_line(now)
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

    def action_move(self, rows: int) -> None:
        self.go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.go(self.cursor + pages * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, edge: int) -> None:
        self.go(0 if edge == 0 else len(self._outline.rows) - 1 if self._outline else 0)

    def action_expand(self) -> None:
        if not self._outline or not (row := self.row) or not row.opens:
            return
        if row.opened:
            self.go(self.cursor + 1)
        else:
            self._outline.open(self.cursor)
            self.changed(self.cursor)
            self._reveal_children()

    def action_collapse(self) -> None:
        if self._outline and (row := self.row):
            if row.opened:
                self._outline.close(self.cursor)
                self.changed(self.cursor)
            else:
                self.go(self._outline.parent_of(self.cursor))

    def action_toggle_row(self) -> None:
        if self._outline and (row := self.row) and row.opens:
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
        if self._outline and (row := self.row):
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
            on_arrow = event.x <= self._indent(row) + 3
            if row.opens and (again or on_arrow):
                self.action_toggle_row()

    def on_resize(self) -> None:
        self.changed(self.cursor)

    def watch_show_vertical_scrollbar(self) -> None:
        # It takes a column from the rows, and no resize tells of that.
        self._arrange()
        self.refresh()
        self.post_message(self.Moved())

    def refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))

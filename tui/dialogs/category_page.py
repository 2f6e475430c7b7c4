"""The page to learn from: what a category is, and how its size comes about in the model at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType

from core.profile.profile import ModelProfile
from core.study.category_pages import CategoryPage, category_page
from core.text.escape import escaped
from core.text.width import shortened, wrapped
from tui.dialogs.page import PageScreen
from tui.keys.action import nth_keys
from tui.keys.dialogs import CLOSE_PAGE, DIALOG_KEYS, NEXT_PAGE, PAGE_BEFORE
from tui.palette import Palette

_MAX_SHAPE_ROWS = 12


class CategoryPageScreen(PageScreen):
    """A box over the screen with the page of one category; Left and Right turn to the others'."""

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("category")

    def __init__(self, model: ModelProfile, categories: Sequence[str], category: str, palette: Palette) -> None:
        """
        Args:
            model: the one at hand.
            categories: those that it has.
            category: one of them, whose page is opened.
            palette: how things are drawn.
        """
        super().__init__(palette, f"{nth_keys(0, PAGE_BEFORE, NEXT_PAGE)} other categories, {CLOSE_PAGE.key} closes")
        self._model = model
        self._categories = list(categories)
        self._category = category

    def action_turn(self, step: int) -> None:
        number = self._categories.index(self._category) + step
        self._category = self._categories[number % len(self._categories)]
        self.show_page()
        self.query_one("#box").scroll_home(animate=False)

    def page(self, width: int) -> tuple[str, Text]:
        page, palette = category_page(self._category, self._model), self.palette
        color = "" if self.app.no_color else palette.color(self._category)
        text = Text(end="")

        def lines(said: str, style: str = "", lead: str = "") -> None:
            for number, line in enumerate(wrapped(palette.plain(said), "", width - len(lead))):
                text.append((" " * len(lead) if number else lead) + line + "\n", style)

        for number, line in enumerate(wrapped(palette.plain(page.text), "", width - 2)):
            text.append("  " if number else palette.glyph(self._category) + " ", color)
            text.append(line + "\n")
        text.append("\n")
        if page.formula:
            lines("How its size comes about", "bold")
            for number, line in enumerate(page.formula):
                lines(line, "bold" if line == page.formula[-1] else "", "  = " if number else "    ")
            lines(page.counted, "dim", "    ")
            text.append("\n")
            for symbol, size, classification in page.symbols:
                text.append(f"    {symbol}", "bold")
                text.append(f" = {size:>9}  {palette.plain(classification)}\n")
        else:
            lines("Its shapes make no short formula; below are the tensors that were summed.")
            lines(page.counted, "dim", "    ")
        text.append("\n")
        lines("Made of", "bold")
        self._shapes(text, page, width)
        text.rstrip()
        return page.title, text

    def _shapes(self, text: Text, page: CategoryPage, width: int) -> None:
        shown = [tuple(map(self.palette.plain, row)) for row in page.shapes[:_MAX_SHAPE_ROWS]]
        if not shown:
            return
        times, shape, held = (max(len(row[at]) for row in shown) for at in (0, 2, 3))
        room = max(8, width - 4 - times - shape - held - 6)
        for row in shown:
            name = self.palette.fit(shortened(escaped(row[1]), room), room)
            text.append(f"  {row[0]:>{times}} {name}  {row[2]:>{shape}}  {row[3]:>{held}}\n")
        if len(page.shapes) > len(shown):
            text.append(f"  and {len(page.shapes) - len(shown)} more\n", "dim")

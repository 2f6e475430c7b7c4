"""All that is to be said of a model beside its figures: where it comes from, what is not counted, every note."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType

from core.count.counter import Count
from core.report.as_text import summary_lines
from core.report.summary import remarks
from core.text.escape import escaped
from core.text.width import wrapped
from tui.dialogs.page import PageScreen
from tui.keys.dialogs import CLOSE_NOTES, DIALOG_KEYS
from tui.palette import Palette


class AboutScreen(PageScreen):
    """A box over the screen with a model's notes in full; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("notes")

    def __init__(self, count: Count, palette: Palette) -> None:
        """
        Args:
            count: the model.
            palette: how things are drawn.
        """
        super().__init__(palette, f"arrows scroll, {CLOSE_NOTES.key} closes")
        self._count = count

    def page(self, width: int) -> tuple[str, Text]:
        palette, source, text = self.palette, self._count.source, Text(end="")

        def lines(said: str, style: str = "") -> None:
            for line in wrapped(palette.plain(escaped(said)), "  ", width):
                text.append(line + "\n", style)

        lines(source.model, "bold")
        for line in summary_lines(self._count, "", palette.plain, width):
            text.append(line + "\n")
        read_from = source.source if source.source == source.format else f"{source.format}, {source.source}"
        lines(f"read from: {read_from}", "dim")
        said = list(remarks(self._count))
        for sentence in said or ["Nothing else is to be said: all that is stored is counted, once."]:
            text.append("\n")
            lines(sentence)
        text.rstrip()
        return "Notes", text

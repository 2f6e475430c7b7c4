"""All that is to be said of a model beside its figures: where it comes from, what is not counted, every note."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from core.counter import Count
from core.escape import escaped
from core.summary import remarks
from core.text_report import summary_lines, wrapped
from tui.look import Look
from tui.screens.steady import Steady
from tui.widgets.line import Line

_MARGIN = 6
_WIDEST = 92


class AboutScreen(Steady, ModalScreen[None]):
    """A box over the screen with a model's notes in full; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,i,question_mark,q,f1,enter", "dismiss", "Close")]

    def __init__(self, count: Count, look: Look) -> None:
        """
        Args:
            count: the model.
            look: how things are drawn.
        """
        super().__init__()
        self._count = count
        self._look = look

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box") as box:
            box.border_title = "Notes"
            box.border_subtitle = "arrows scroll, Esc closes"
            page = Line("", id="page")
            page.wrap = True
            yield page

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        look, source, text = self._look, self._count.source, Text(end="")
        width = max(24, min(self.app.size.width, _WIDEST) - _MARGIN)

        def lines(said: str, style: str = "") -> None:
            for line in wrapped(look.plain(escaped(said)), "  ", width):
                text.append(line + "\n", style)

        lines(source.model, "bold")
        for line in summary_lines(self._count, "", look.plain, width):
            text.append(line + "\n")
        read_from = source.source if source.source == source.format else f"{source.format}, {source.source}"
        lines(f"read from: {read_from}", "dim")
        said = list(remarks(self._count))
        for sentence in said or ["Nothing else is to be said: all that is stored is counted, once."]:
            text.append("\n")
            lines(sentence)
        text.rstrip()
        self.query_one("#page", Line).show(text)

"""Writing the table or the screen to a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.text.escape import escaped
from tui.textual_fixes.options import SteadyOptionList
from tui.textual_fixes.screens import Steady
from tui.widgets.line import Line

Writer = Callable[[], str]


class ExportScreen(Steady, ModalScreen[str | None]):
    """Asks what and where; gives the path written, or None. A file that exists is not touched unless asked twice."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Close")]

    def __init__(self, stem: str, formats: dict[str, tuple[str, Writer]]) -> None:
        """
        Args:
            stem: the file's name without its ending.
            formats: what can be written, by its ending: how it is called, and what makes its content.
        """
        super().__init__()
        self._stem = stem
        self._formats = formats
        self._asked = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = "Export"
            box.border_subtitle = "Enter: the name, then write; Esc closes"
            yield SteadyOptionList(*(name for name, _ in self._formats.values()), id="formats", markup=False)
            yield Input(id="path", placeholder="file")
            yield Line("", id="said")

    def on_mount(self) -> None:
        self.query_one("#formats", SteadyOptionList).highlighted = 0
        self.query_one("#formats").focus()

    def _ending(self) -> str:
        return list(self._formats)[self.query_one("#formats", SteadyOptionList).highlighted or 0]

    @on(SteadyOptionList.OptionHighlighted)
    def _name_file(self) -> None:
        self.query_one("#path", Input).value = free_name(self._stem, self._ending())
        self._asked = ""

    @on(SteadyOptionList.OptionSelected)
    def _to_path(self) -> None:
        self.query_one("#path").focus()

    @on(Input.Submitted)
    def _write(self, event: Input.Submitted) -> None:
        path = os.path.expanduser(event.value.strip())
        said = self.query_one("#said", Line)
        if not path:
            said.show("a file name is wanted")
            return
        content = self._formats[self._ending()][1]()
        try:
            with open(path, "w" if self._asked == path else "x", encoding="utf-8", newline="") as file:
                file.write(content)
        except FileExistsError:
            self._asked = path
            said.show("that file exists: Enter again overwrites it")
        except (OSError, ValueError) as error:
            said.show(f"not written: {getattr(error, 'strerror', None) or error}")
        else:
            self.dismiss(escaped(path))


def free_name(stem: str, ending: str) -> str:
    """A file name that is not taken in the current folder."""
    name, number = f"{stem}.{ending}", 2
    while os.path.lexists(name):
        name, number = f"{stem}-{number}.{ending}", number + 1
    return name

"""Writing the table or the screen to a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from core.text.escape import escaped
from tui.dialogs.whole_file import NotAFile, write_whole_file
from tui.keys.action import ENTER
from tui.keys.dialogs import CLOSE_EXPORT, DIALOG_KEYS
from tui.palette import Palette
from tui.textual_fixes.options import SafeOptionList
from tui.textual_fixes.screens import SafeScreen
from tui.widgets.line import Line

Writer = Callable[[], str]
_MAX_STEM_CHARACTERS = 60


class ExportScreen(SafeScreen, ModalScreen[str | None]):
    """Asks what and where; gives the path written, or None. A file that exists is not touched unless asked twice."""

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("export")

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
            box.border_subtitle = f"{ENTER}: the name, then write; {CLOSE_EXPORT.key} closes"
            yield SafeOptionList(*(name for name, _ in self._formats.values()), id="formats", markup=False)
            yield Input(id="path", placeholder="file")
            yield Line("", id="said")

    def on_mount(self) -> None:
        self.query_one("#formats", SafeOptionList).highlighted = 0
        self.query_one("#formats").focus()

    def _ending(self) -> str:
        return list(self._formats)[self.query_one("#formats", SafeOptionList).highlighted or 0]

    @on(SafeOptionList.OptionHighlighted)
    def _name_file(self) -> None:
        self.query_one("#path", Input).value = free_name(self._stem, self._ending())
        self._asked = ""

    @on(SafeOptionList.OptionSelected)
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
            write_whole_file(path, content, overwrite=self._asked == path)
        except NotAFile as error:
            said.show(f"not written: {error}")
        except FileExistsError:
            self._asked = path
            said.show(f"that file exists: {ENTER} again overwrites it")
        except OSError as error:
            said.show(f"not written: {error.strerror or error}")
        except ValueError as error:
            said.show(f"not written: {error}")
        else:
            self.dismiss(escaped(path))


def open_export(screen: Screen[None], palette: Palette, stem: str, formats: dict[str, tuple[str, Writer]]) -> None:
    """Opens the dialogue over a screen, which then tells what was written.

    Args:
        screen: the one at hand.
        palette: how things are drawn.
        stem: the file's name without its ending.
        formats: what can be written, by its ending: how it is called, and what makes its content.
    """

    def written(path: str | None) -> None:
        if path:
            screen.notify(palette.plain(f"written: {path}"), markup=False)

    screen.app.push_screen(ExportScreen(stem, formats), written)


def file_stem(model: str) -> str:
    """A tame file name without an ending from a model's name."""
    tame = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in model)
    return tame.strip("-.")[-_MAX_STEM_CHARACTERS:] or "model"


def free_name(stem: str, ending: str) -> str:
    """A file name that is not taken in the current folder."""
    name, number = f"{stem}.{ending}", 2
    while os.path.lexists(name):
        name, number = f"{stem}-{number}.{ending}", number + 1
    return name

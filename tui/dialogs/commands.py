"""The command palette: every command and theme, filtered by what is typed."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.widgets.option_list import Option

from tui.keys.action import ENTER, KeyTable
from tui.keys.dialogs import CLOSE_COMMANDS, DIALOG_KEYS
from tui.palette import Palette
from tui.textual_fixes.options import SafeOptionList
from tui.textual_fixes.screens import SafeScreen


class CommandScreen(SafeScreen, ModalScreen[str | None]):
    """Gives the action chosen, or None.

    In place of Textual's own palette, which in 8.2 fails in four ways when keys come faster than its workers.
    """

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("commands")

    def __init__(self, keys: KeyTable, themes: list[str], palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._commands = [(row.does, row.keys, row.command.target) for row in keys.rows if row.command]
        self._commands += [(f"theme: {name}", "", f"app.set_theme('{name}')") for name in themes]

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = "Commands"
            box.border_subtitle = f"{ENTER} runs, {CLOSE_COMMANDS.key} closes"
            yield Input(placeholder="type to filter", id="find", compact=True)
            yield SafeOptionList(id="commands", markup=False)

    def on_mount(self) -> None:
        self._fill()

    @on(Input.Changed)
    def _fill(self) -> None:
        words = self.query_one("#find", Input).value.lower().split()
        options = []
        for number, (does, keys, _) in enumerate(self._commands):
            if all(word in does.lower() for word in words):
                line = Text(self._palette.plain(f"{does:52}{keys}"), no_wrap=True, overflow="ellipsis")
                options.append(Option(line, id=str(number)))
        commands = self.query_one("#commands", SafeOptionList)
        commands.clear_options()
        commands.add_options(options)
        commands.highlighted = 0 if options else None

    @on(Input.Submitted)
    def _run(self) -> None:
        option = self.query_one("#commands", SafeOptionList).highlighted_option
        if option and option.id is not None:
            self.dismiss(self._commands[int(option.id)][2])

    @on(SafeOptionList.OptionSelected)
    def _chosen(self, event: SafeOptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self.dismiss(self._commands[int(event.option.id)][2])

    def action_list(self, action: str) -> None:
        getattr(self.query_one("#commands", SafeOptionList), f"action_{action}")()

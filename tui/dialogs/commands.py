"""The command palette: every command and theme, filtered by what is typed."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.widgets.option_list import Option

from tui.keys import Key
from tui.palette import Palette
from tui.textual_fixes.options import SteadyOptionList
from tui.textual_fixes.screens import Steady


class CommandScreen(Steady, ModalScreen[str | None]):
    """Gives the action chosen, or None.

    In place of Textual's own palette, which in 8.2 fails in four ways when keys come faster than its workers.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list('cursor_down')", show=False, priority=True),
        Binding("up", "list('cursor_up')", show=False, priority=True),
        Binding("pagedown", "list('page_down')", show=False, priority=True),
        Binding("pageup", "list('page_up')", show=False, priority=True),
        Binding("escape,ctrl+p", "dismiss", show=False, priority=True),
    ]

    def __init__(self, keys: list[Key], themes: list[str], palette: Palette) -> None:
        super().__init__()
        self._look = palette
        self._commands = [(f"{key.does}", key.keys, key.action) for key in keys if key.action]
        self._commands += [(f"theme: {name}", "", f"app.set_theme('{name}')") for name in themes]

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = "Commands"
            box.border_subtitle = "Enter runs, Esc closes"
            yield Input(placeholder="type to filter", id="find", compact=True)
            yield SteadyOptionList(id="commands", markup=False)

    def on_mount(self) -> None:
        self._fill()

    @on(Input.Changed)
    def _fill(self) -> None:
        words = self.query_one("#find", Input).value.lower().split()
        options = []
        for number, (does, keys, _) in enumerate(self._commands):
            if all(word in does.lower() for word in words):
                line = Text(self._look.plain(f"{does:52}{keys}"), no_wrap=True, overflow="ellipsis")
                options.append(Option(line, id=str(number)))
        commands = self.query_one("#commands", SteadyOptionList)
        commands.clear_options()
        commands.add_options(options)
        commands.highlighted = 0 if options else None

    @on(Input.Submitted)
    def _run(self) -> None:
        option = self.query_one("#commands", SteadyOptionList).highlighted_option
        if option and option.id is not None:
            self.dismiss(self._commands[int(option.id)][2])

    @on(SteadyOptionList.OptionSelected)
    def _chosen(self, event: SteadyOptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self.dismiss(self._commands[int(event.option.id)][2])

    def action_list(self, action: str) -> None:
        getattr(self.query_one("#commands", SteadyOptionList), f"action_{action}")()

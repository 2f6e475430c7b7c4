"""The application: a thin shell around the screens."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.scrollbar import ScrollBar

from core.checkpoint.gpt2 import BUILT_IN
from core.classify.user_rules import Rules
from tui.explorer.screen import ExplorerScreen
from tui.load import Load
from tui.palette import Palette

_BAR_ENDS = ScrollBar.renderer.VERTICAL_BARS


class ExploreApp(App[int]):
    """Opens the explorer on a model, or the picker."""

    CSS_PATH = "explore.tcss"
    TITLE = "gpt2-explore"
    ENABLE_COMMAND_PALETTE = False
    # Selecting with the mouse fails in Textual 8.2 where a click falls beside all widgets (AttributeError); terminals
    # select with Shift held.
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "All keys"),
        Binding("o", "pick", "Open another model"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+p", "commands", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]

    def __init__(self, models: list[str], palette: Palette, rules: Rules | None = None, study: bool = False) -> None:
        """
        Args:
            models: those to open: none for the picker, one for the explorer, several for the comparison.
            palette: how things are drawn.
            rules: what is asked before the built-in rules.
            study: whether they are compared for the study's claims.
        """
        super().__init__()
        # Textual would turn colours into greys, which are colours too.
        self._filters = [NoColor() if isinstance(each, Monochrome) else each for each in self._filters]
        self._models = models
        self._look = palette
        self._rules = rules
        if palette.ascii:
            self.add_class("-ascii")
        # Its ends are drawn in eighths of a cell, which ASCII lacks; spaces there draw whole cells.
        ScrollBar.renderer.VERTICAL_BARS = [" "] * 8 if palette.ascii else _BAR_ENDS
        self.failure: Exception | None = None

        self._study = study
        self._first = Load(models[0], 0, rules) if len(models) == 1 and not study else None

    def get_default_screen(self) -> Screen[Any]:
        if self._first:
            return ExplorerScreen(self._first, self._look)
        if self._models:
            return self._comparison(self._models, self._study)
        return super().get_default_screen()

    def on_mount(self) -> None:
        self.animation_level = "none"
        if not self._models:
            self.action_pick()

    def _open(self, model: str) -> None:
        if isinstance(self.screen, ExplorerScreen):
            self.screen.open(model)
        else:
            self.push_screen(ExplorerScreen(Load(model, 0, self._rules), self._look))

    def action_pick(self, adding: bool = False) -> None:
        """Opens the picker.

        Args:
            adding: whether what is picked is for the comparison, be it one model.
        """
        from tui.picker.screen import Picked, PickerScreen

        def picked(picked: Picked | None) -> None:
            if picked is None:
                if len(self.screen_stack) < 2 and not self._models:
                    self.exit(0)
            elif picked.study or adding or len(picked.models) > 1:
                self._compare(picked.models, picked.study)
            else:
                self._open(picked.models[0])

        self.push_screen(PickerScreen(self._look, adding, self._rules), picked)

    def action_compare(self, model: str) -> None:
        """Puts a model into the comparison, and opens that."""
        self._compare([model], False)

    def action_explore(self, model: str) -> None:
        """Opens a model over the comparison."""
        self.push_screen(ExplorerScreen(Load(model, 0, self._rules), self._look))

    def action_leave(self) -> None:
        """Goes back to the screen below, or to the picker where there is none."""
        if len(self.screen_stack) > 1 and hasattr(self.screen_stack[-2], "KEYS"):
            self.pop_screen()
        else:
            self.action_pick()

    def _comparison(self, models: list[str], study: bool) -> Screen[Any]:
        from tui.comparison.screen import ComparisonScreen

        return ComparisonScreen(models, self._look, study, self._rules)

    def _compare(self, models: list[str], study: bool) -> None:
        """Adds to the comparison that is open below, or opens one."""
        from tui.comparison.columns_screen import ComparingScreen

        if study:
            models = [*BUILT_IN, *models]
        found = next((screen for screen in self.screen_stack if isinstance(screen, ComparingScreen)), None)
        if not found:
            self.push_screen(self._comparison(models, study))
            return
        while self.screen is not found:
            self.pop_screen()
        found.add(models)

    def action_help(self) -> None:
        """Shows all keys of the screen at hand."""
        from tui.dialogs.help import HelpScreen

        keys = getattr(self.screen, "KEYS", None)
        if keys:
            self.push_screen(HelpScreen(keys, self._look))

    def action_interrupt(self) -> None:
        """Ends as Ctrl+C does everywhere."""
        self.exit(130)

    def action_commands(self) -> None:
        """Shows all commands and themes."""
        from tui.dialogs.commands import CommandScreen

        if keys := getattr(self.screen, "KEYS", None):
            screen = CommandScreen(keys, sorted(self.available_themes), self._look)
            self.push_screen(screen, self._run_command)

    async def _run_command(self, action: str | None) -> None:
        if action:
            part, _, name = action.partition(".")
            if part == "tree":
                await self.run_action(name, self.screen.query_one("#tree"))
            else:
                await self.run_action(action, self.screen)

    def action_set_theme(self, name: str) -> None:
        """Changes the colours."""
        if name in self.available_themes:
            self.theme = name

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print a traceback; `tui.start` writes it to a file and says where it lies. What is being left
        # may miss what is gone already, or was never made: that is no failure.
        if not self._exit:
            self.failure = self.failure or error
            self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

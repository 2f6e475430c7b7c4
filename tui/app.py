"""The application: a thin shell around the screens."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen

from core.checkpoint.gpt2 import BUILT_IN
from core.classify.user_rules import Rules
from tui.app_screen import AppScreen
from tui.explorer.screen import ExplorerScreen
from tui.keys.app import APP_KEYS
from tui.load import Load
from tui.palette import Palette
from tui.terminal import has_job_control
from tui.textual_fixes.app import FailureKept, NoSelection, draw_scrollbar_ends, without_greys
from tui.textual_fixes.driver import SafeDriver

if TYPE_CHECKING:
    from tui.picker.state import PickerState


class ExploreApp(FailureKept, NoSelection, App[int]):
    """Opens the explorer on a model, or the picker."""

    CSS_PATH = "explore.tcss"
    TITLE = "gpt2-explore"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = APP_KEYS.bindings("app")

    def __init__(self, models: list[str], palette: Palette, rules: Rules | None = None, study: bool = False) -> None:
        """
        Args:
            models: those to open: none for the picker, one for the explorer, several for the comparison.
            palette: how things are drawn.
            rules: what is asked before the built-in rules.
            study: whether they are compared for the study's claims.
        """
        self._palette = palette
        super().__init__()
        self.watch_theme()
        self._filters = without_greys(self._filters)
        draw_scrollbar_ends(palette.ascii)
        self._models = models
        self._rules = rules
        self._picker_state: PickerState | None = None
        if palette.ascii:
            self.add_class("-ascii")

        self._study = study
        self._first = Load(models[0], 0, rules) if len(models) == 1 and not study else None

    def get_driver_class(self) -> type[Driver]:
        return SafeDriver

    def get_default_screen(self) -> Screen[Any]:
        if self._first:
            return ExplorerScreen(self._first, self._palette)
        if self._models:
            return self._comparison(self._models, self._study)
        return super().get_default_screen()

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.app_resume_signal.subscribe(self, self._draw_anew)
        if not self._models:
            self.pick()

    def watch_theme(self) -> None:
        """Has categories in the colours that are told apart on the theme's ground."""
        self._palette.light = not self.current_theme.dark

    def _draw_anew(self, _: App[int]) -> None:
        """Draws all of the screen, after the shell has had the terminal: else only what differs would be drawn."""
        self.refresh(layout=True)

    # What screens ask for.

    def pick(self, adding: bool = False) -> None:
        """Opens the picker.

        Args:
            adding: whether what is picked is for the comparison, be it one model.
        """
        self._pick_for(self._compare if adding else None)

    def _pick_for(self, take: Callable[[list[str], bool], None] | None, question: str = "") -> None:
        from tui.picker.screen import PickerScreen
        from tui.picker.state import PickerState

        before = self._picker_state or PickerState()
        if take:
            # What a comparison asks for is marked for it alone.
            state = PickerState(entries=before.entries, counted=before.counted, order=before.order)
        else:
            self._picker_state = state = replace(before, filter="")
        self.push_screen(PickerScreen(self._palette, state, take, question, self._rules))

    def compare(self, model: str) -> None:
        """Puts a model into the comparison that it was opened from, or asks for a second one to compare it with."""
        if self._open_comparison():
            self._compare([model], False)
            return
        self._pick_for(lambda models, study: self._compare([model, *models], study), f"compare {model} with …")

    def show_compared(self, models: list[str], study: bool) -> None:
        """Opens a comparison over the present screen."""
        self.push_screen(self._comparison([*BUILT_IN, *models] if study else models, study))

    def explore(self, model: str) -> None:
        """Opens a model over the present screen."""
        self.push_screen(ExplorerScreen(Load(model, 0, self._rules), self._palette))

    def leave(self) -> None:
        """Goes back to the screen below, and leaves the program where there is none."""
        if len(self.screen_stack) > 1 and isinstance(self.screen_stack[-2], AppScreen):
            self.pop_screen()
        else:
            self.exit(0)

    def show_help(self) -> None:
        """Shows all keys of the screen at hand."""
        from tui.dialogs.help import HelpScreen

        if isinstance(self.screen, AppScreen):
            self.push_screen(HelpScreen(self.screen.KEYS, self._palette))

    def _comparison(self, models: list[str], study: bool) -> Screen[Any]:
        from tui.comparison.screen import ComparisonScreen

        return ComparisonScreen(models, self._palette, study, self._rules)

    def _open_comparison(self) -> AppScreen[Any] | None:
        from tui.comparison.screen import ComparisonScreen

        return next((screen for screen in self.screen_stack if isinstance(screen, ComparisonScreen)), None)

    def _compare(self, models: list[str], study: bool) -> None:
        """Adds to the comparison that is open below, or opens one in place of the picker that asked."""
        from tui.comparison.screen import ComparisonScreen

        found = self._open_comparison()
        if not isinstance(found, ComparisonScreen):
            self.pop_screen()
            self.show_compared(models, study)
            return
        while self.screen is not found:
            self.pop_screen()
        found.add([*BUILT_IN, *models] if study else models)

    # Keys.

    def action_pick(self) -> None:
        """Opens the picker."""
        self.pick()

    def action_help(self) -> None:
        """Shows all keys of the screen at hand."""
        self.show_help()

    def action_interrupt(self) -> None:
        """Ends as Ctrl+C does everywhere."""
        self.exit(130)

    def action_suspend_process(self) -> None:
        """Goes back to the shell as Ctrl+Z does everywhere, where there is one that can bring it to the fore again."""
        if not has_job_control():
            self.bell()
        elif self._driver and self._driver.can_suspend:
            self._suspend_signal()
            # All of the job, as the terminal does it: a `make` that started this program stops too.
            os.killpg(os.getpgrp(), signal.SIGTSTP)

    def action_commands(self) -> None:
        """Shows all commands and themes."""
        from tui.dialogs.commands import CommandScreen

        if isinstance(self.screen, AppScreen):
            screen = CommandScreen(self.screen.KEYS, sorted(self.available_themes), self._palette)
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

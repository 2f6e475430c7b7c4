"""The list of models to pick from."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input
from textual.widgets.option_list import Option
from textual.worker import Worker

from core.classify.user_rules import Rules
from core.locate.catalog import Entry
from core.locate.completion import completed, is_typed_path
from core.text.escape import escaped
from core.text.width import beginning, shortened
from tui.app_screen import AppScreen
from tui.crash import crash_report
from tui.keys.action import Hint
from tui.keys.picker import (
    ADDING_FOOTER,
    COMPLETE_HINT,
    MARK_HINT,
    PICKER_FOOTER,
    PICKER_KEYS,
    SORT_HINT,
)
from tui.messages import ModelCounted, ModelsFound
from tui.palette import Palette
from tui.picker.columns import Columns
from tui.picker.rows import STUDY, shown_entries
from tui.picker.search import Search
from tui.picker.state import ORDERS, PickerState
from tui.picker.status import full_name, status_text
from tui.textual_fixes.options import SafeOptionList
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line

_MAX_RULES_NAME_COLUMNS = 20
_FULL_LINES = 3
"""For the name in full."""
_ROWS = 500
"""That are made at once; more are as the cursor comes to their end."""

Take = Callable[[list[str], bool], None]


class PickerScreen(AppScreen[None]):
    """All models that there are to pick; what is picked opens over it, so that one comes back to it as it was."""

    BINDINGS: ClassVar[list[BindingType]] = PICKER_KEYS.bindings("screen")
    AUTO_FOCUS = "#find"
    KEYS = PICKER_KEYS

    def __init__(
        self,
        palette: Palette,
        state: PickerState,
        take: Take | None = None,
        question: str = "",
        rules: Rules | None = None,
    ) -> None:
        """
        Args:
            palette: how things are drawn.
            state: how the picker was left.
            take: is given the models picked and whether the study is asked for, where a comparison asks for some; None
                where what is picked is opened.
            question: what is asked for; "" for the usual.
            rules: by which the model chosen will be counted; the title says so.
        """
        super().__init__()
        self._palette = palette
        self._state = state
        self._take = take
        self._question = question
        self._rules = rules
        self._shown: list[Entry] = []
        self._names: list[str] = []
        self._made = _ROWS
        self._choosing = False
        self._searching = True
        self._broken_off = ""
        self._said = ""
        self._search = Search(self.post_message)
        self._found_now: list[Entry] = []

    def compose(self) -> ComposeResult:
        adding = "add models to the comparison" if self._take else "where do a model's parameters sit?"
        question = escaped(self._question) or adding
        rules = ""
        if self._rules:
            rules = f"{self._palette.dot}rules: {escaped(shortened(self._rules.name, _MAX_RULES_NAME_COLUMNS))}"
        yield Line(self._palette.plain(f"gpt2-explore: {question}{rules}"), id="title")
        yield Input(self._state.filter, placeholder="type to filter: words, a path, a hub id", id="find")
        yield Line("", id="columns")
        yield SafeOptionList(id="models", markup=False)
        yield Line("", id="full")
        yield Line("", id="status")
        yield KeyHints(self._footer(), id="keys")

    def on_mount(self) -> None:
        self.query_one("#full", Line).wrap = True

    # The search.

    @on(events.ScreenResume)
    def _come_back(self) -> None:
        """Looks again: there may be other models now than when the screen was left."""
        self._searching, self._found_now, self._broken_off = True, [], ""
        number, counted = self._search.begin(), set(self._state.counted)
        self.run_worker(lambda: self._search.run(number, counted), thread=True, group="catalog", exit_on_error=False)
        self.query_one("#find", Input).value = self._state.filter
        self._fill()

    @on(events.ScreenSuspend)
    def _go(self) -> None:
        """Leaves the machine to the screen that comes."""
        self._search.cancel()

    def on_unmount(self) -> None:
        self._search.cancel()

    @on(Worker.StateChanged)
    def _search_changed(self, event: Worker.StateChanged) -> None:
        """Tells what ended the search, where that is not its end."""
        if event.worker.error:
            self._searching = False
            self._broken_off = f"the search broke off: {crash_report(event.worker.error)}"
            self._fill()

    @on(ModelsFound)
    def _found(self, message: ModelsFound) -> None:
        if message.search != self._search.number:
            return
        self._found_now += message.entries
        self._searching = not message.done
        # While it looks again, what was there before stays in view.
        if message.done or len(self._found_now) >= len(self._state.entries):
            self._state.entries = list(self._found_now)
            self._fill()

    @on(ModelCounted)
    def _counted(self, message: ModelCounted) -> None:
        entry = message.entry
        self._state.counted[entry.model, entry.changed] = message.parameters
        if self._state.order == "parameters":
            self._fill()
        elif entry in self._shown:
            self._draw_row(self._shown.index(entry))

    # What is shown.

    def on_resize(self) -> None:
        self._fill()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self._state.filter:
            self._choosing, self._made = False, _ROWS
            self._state.filter = event.value
            self._said = ""
            self._fill()

    def _columns(self) -> Columns:
        longest = max((len(entry.model) for entry in self._state.entries), default=0)
        return Columns.fitting(self.size.width, longest)

    def _line(self, place: int) -> Text:
        return self._columns().line(self._shown[place], self._names[place], self._state, self._palette)

    def _draw_row(self, place: int) -> None:
        """Draws a row anew, where it is among those that are made."""
        if place < len(self._names):
            self.query_one("#models", SafeOptionList).replace_option_prompt_at_index(place, self._line(place))

    def _fill(self) -> None:
        """Shows the models anew: the cursor on the best match, or where it was."""
        if not self.is_mounted or not self.size.width:
            return
        models = self.query_one("#models", SafeOptionList)
        columns = self._columns()
        self.query_one("#columns", Line).show(columns.head(self._palette))
        self._shown = shown_entries(self._state)
        best = bool(self._state.filter) and not self._choosing
        chosen = [] if best else [n for n, entry in enumerate(self._shown) if entry.model == self._state.chosen]
        place = chosen[0] if chosen else 0
        self._made = max(self._made, place + _ROWS)
        self._names = columns.names(self._shown[: self._made], self._palette)
        models.clear_options()
        lines = [columns.line(*row, self._state, self._palette) for row in zip(self._shown, self._names)]
        models.add_options(map(Option, lines))
        if self._shown:
            models.highlighted = place
        self._show_status()

    @on(SafeOptionList.OptionHighlighted)
    def _chosen(self, event: SafeOptionList.OptionHighlighted) -> None:
        entry = self._highlighted()
        # One that is on its way while the list is filled anew is of the list before.
        if entry and event.option_index == self.query_one("#models", SafeOptionList).highlighted:
            self._state.chosen = entry.model
            self._show_status()

    def _show_status(self) -> None:
        state, palette = self._state, self._palette
        text = self._said or status_text(state, self._shown, self._searching, self._broken_off, bool(self._take))
        self.query_one("#status", Line).show(palette.plain(text))
        entry = self._highlighted()
        self.query_one("#full", Line).show(
            full_name(entry, _FULL_LINES * (self.size.width - 2), palette) if entry else ""
        )
        self.query_one("#keys", KeyHints).use(self._footer())

    def _footer(self) -> list[Hint]:
        hints = ADDING_FOOTER if self._take else PICKER_FOOTER
        words = {MARK_HINT: COMPLETE_HINT if self._completes else MARK_HINT}
        words[SORT_HINT] = SORT_HINT._replace(word=f"sort: {self._state.order}")
        return [words.get(each, each) for each in hints]

    # Keys.

    @property
    def _completes(self) -> bool:
        """Whether Tab goes on with a path: while it is typed, until an arrow goes into the list."""
        return is_typed_path(self._state.filter) and not self._choosing

    def _highlighted(self) -> Entry | None:
        place = self.query_one("#models", SafeOptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    @on(Input.Submitted)
    def action_open(self) -> None:
        """Opens the model under the cursor, or what is typed where it is a path or nothing in the list."""
        typed, entry = self._state.filter.strip(), self._highlighted()
        is_path = self._completes and os.path.lexists(os.path.expanduser(typed))
        if typed and (is_path or not entry):
            self._state.chosen = ""
            self._pick(typed, False)
        elif entry:
            self._pick("" if entry is STUDY else entry.model, entry is STUDY)

    def _pick(self, model: str, study: bool) -> None:
        if self.app.screen is not self:
            return  # a second click or key, while what the first asked for comes
        if self._take:
            self._take(self._picked(model), study)
        elif study:
            self.shell.show_compared(self._state.marked, True)
        else:
            self.shell.explore(model)

    def _picked(self, model: str) -> list[str]:
        """The models marked; a lone one with the one that is chosen."""
        marked = self._state.marked
        picked = list(marked) if len(marked) > 1 or not model or model in marked else [*marked, model]
        self._state.marked = []
        return picked

    def action_compare(self) -> None:
        """Compares those marked, or the one marked with the one under the cursor."""
        entry = self._highlighted()
        models = list(self._state.marked)
        if len(models) < 2 and entry and entry is not STUDY and entry.model not in models:
            models.append(entry.model)
        if self._take and models:
            self._take(self._picked(models[-1]), False)
        elif len(models) > 1:
            self.shell.show_compared(models, False)
        else:
            self._say(f"{MARK_HINT.key} marks the models to compare, two at least")

    def _say(self, text: str) -> None:
        """Shows a line below, until something else is to be said."""
        self._said = text
        self._show_status()
        self._said = ""

    def action_mark(self) -> None:
        """Completes the path that is being typed; else marks the model under the cursor, and goes to the next."""
        if self._completes:
            self._complete()
            return
        entry = self._highlighted()
        if not entry or entry is STUDY:
            return
        self._state.mark(entry.model)
        self._draw_row(self.query_one("#models", SafeOptionList).highlighted or 0)
        self.action_list("cursor_down")
        self._show_status()

    def _complete(self) -> None:
        find = self.query_one("#find", Input)
        path, choices = completed(find.value)
        if path != find.value:
            find.value = path
            find.cursor_position = len(path)
        elif len(choices) > 1:
            self._say(beginning(escaped("  ".join(choices)), self.size.width - 2))
        else:
            self._say("nothing else begins so")

    def action_sort(self) -> None:
        """Sorts by the next of the orders."""
        self._state.next_order()
        self._choosing = self._choosing or self._state.order != ORDERS[0]
        self._fill()

    @on(SafeOptionList.OptionSelected)
    def _clicked(self, event: SafeOptionList.OptionSelected) -> None:
        if event.option_index < len(self._shown):
            entry = self._shown[event.option_index]
            self._pick("" if entry is STUDY else entry.model, entry is STUDY)

    def action_list(self, action: str) -> None:
        """Moves in the list."""
        self._choosing = True
        models = self.query_one("#models", SafeOptionList)
        if self._made < len(self._shown) and (models.highlighted or 0) + self.size.height >= self._made:
            self._made += _ROWS
            self._fill()
        getattr(models, f"action_{action}")()

    def action_leave(self) -> None:
        """Clears the filter, or goes back."""
        find = self.query_one("#find", Input)
        if find.value:
            find.value = ""
        else:
            self.shell.leave()

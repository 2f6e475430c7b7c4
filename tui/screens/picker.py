"""The list of models to pick from."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input
from textual.widgets.option_list import Option, OptionDoesNotExist
from textual.worker import get_current_worker

from core.catalog import Entry, entries
from core.counter import Count, count_stepwise
from core.errors import CheckpointError
from core.escape import escaped, shortened
from core.formats import exact, size
from core.locate import locate
from core.readers.open import open_reader
from core.rules import Rules
from tui.keys import PICKER_KEYS
from tui.look import Look
from tui.messages import ModelCounted, ModelsFound
from tui.screens.steady import Steady
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.steady_options import SteadyOptionList

_BATCH = 50
_MOST_COUNTED = 200


class PickerScreen(Steady, Screen[str | None]):
    """Built-in models, the hub cache's, files below the current folder; gives the model chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list('cursor_down')", show=False, priority=True),
        Binding("up", "list('cursor_up')", show=False, priority=True),
        Binding("pagedown", "list('page_down')", show=False, priority=True),
        Binding("pageup", "list('page_up')", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
        Binding("f1", "app.help", show=False),
    ]
    AUTO_FOCUS = "#find"
    KEYS = PICKER_KEYS

    def __init__(self, look: Look, given: list[str], rules: Rules | None = None) -> None:
        """
        Args:
            look: how things are drawn.
            given: models named on the command line, which come first.
            rules: by which the model chosen will be counted; the title says so.
        """
        super().__init__()
        self._look = look
        self._entries = [Entry(model, "given", None, None) for model in given]
        self._searching = True
        self._rules = rules
        self._known: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        rules = f"{self._look.dot}rules: {escaped(shortened(self._rules.name, 20))}" if self._rules else ""
        yield Line(f"gpt2-explore: where do a model's parameters sit?{self._look.plain(rules)}", id="title")
        yield Input(placeholder="type to filter", id="find")
        yield Line(self._columns("Model", "From", "Parameters", "On disk"), id="columns")
        yield SteadyOptionList(id="models", markup=False)
        yield Line("", id="status")
        hints = [
            ("Enter", "open", "screen.open"),
            ("Esc", "back or quit", "screen.leave"),
            ("F1", "help", "app.help"),
            ("Ctrl+Q", "quit", "app.quit"),
        ]
        yield KeyHints(hints, id="keys")

    def on_mount(self) -> None:
        self.run_worker(self._search, thread=True, group="catalog", exclusive=True, exit_on_error=False)

    def on_resize(self) -> None:
        self.query_one("#columns", Line).show(self._columns("Model", "From", "Parameters", "On disk"))
        self._fill()

    def _search(self) -> None:
        """In a thread: finds the models, then reads the headers of those whose parameters are not known."""
        worker = get_current_worker()
        batch: list[Entry] = []
        unknown: list[str] = []
        for entry in entries(".", lambda: worker.is_cancelled):
            batch.append(entry)
            if entry.parameters is None and len(unknown) < _MOST_COUNTED:
                unknown.append(entry.model)
            if len(batch) >= _BATCH:
                self.post_message(ModelsFound(batch, False))
                batch = []
        self.post_message(ModelsFound(batch, True))
        for model in unknown:
            if worker.is_cancelled:
                return
            self.post_message(ModelCounted(model, _parameters_of(model, lambda: worker.is_cancelled)))

    @on(ModelsFound)
    def _found(self, message: ModelsFound) -> None:
        self._entries += message.entries
        self._searching = not message.done
        self._fill()

    @on(ModelCounted)
    def _counted(self, message: ModelCounted) -> None:
        models = self.query_one("#models", SteadyOptionList)
        for number, entry in enumerate(self._entries):
            if entry.model == message.model:
                held = "unreadable" if message.parameters is None else exact(message.parameters)
                self._known[entry.model] = held
                with suppress(OptionDoesNotExist):
                    models.replace_option_prompt(str(number), Text(self._line(entry), no_wrap=True))

    def _columns(self, *cells: str) -> str:
        width = max(40, self.size.width - 6)
        return f"{self._look.fit(cells[0], width - 42)}  {cells[1]:10} {cells[2]:>15} {cells[3]:>11}"

    @on(Input.Changed)
    def _fill(self) -> None:
        if not self.is_mounted:
            return
        models = self.query_one("#models", SteadyOptionList)
        words = self.query_one("#find", Input).value.lower().split()
        shown = [n for n, entry in enumerate(self._entries) if all(word in entry.model.lower() for word in words)]
        options = [Option(Text(self._line(self._entries[n]), no_wrap=True), id=str(n)) for n in shown]
        highlighted = models.highlighted
        models.clear_options()
        models.add_options(options)
        if options:
            models.highlighted = min(highlighted or 0, len(options) - 1)
        state = "looking…" if self._searching else f"{len(shown)} of {len(self._entries)} models"
        where = escaped(_shown_folder())
        nothing = "" if shown or self._searching else "; Enter opens what you typed as a path or hub id"
        self.query_one("#status", Line).show(self._look.plain(f"{state}{nothing}; files below {where}"))

    def _line(self, entry: Entry) -> str:
        known = self._known.get(entry.model, "")
        parameters = exact(entry.parameters) if entry.parameters is not None else known
        held = size(entry.bytes) if entry.bytes is not None else ""
        return self._columns(escaped(entry.model), entry.source, parameters, held)

    @on(Input.Submitted)
    def action_open(self) -> None:
        option = self.query_one("#models", SteadyOptionList).highlighted_option
        typed = self.query_one("#find", Input).value.strip()
        if option and option.id is not None:
            self.dismiss(self._entries[int(option.id)].model)
        elif typed:
            self.dismiss(typed)

    @on(SteadyOptionList.OptionSelected)
    def _clicked(self, event: SteadyOptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self.dismiss(self._entries[int(event.option.id)].model)

    def action_list(self, action: str) -> None:
        getattr(self.query_one("#models", SteadyOptionList), f"action_{action}")()

    def action_leave(self) -> None:
        find = self.query_one("#find", Input)
        if find.value:
            find.value = ""
        else:
            self.dismiss(None)


def _parameters_of(model: str, cancelled: Callable[[], bool]) -> int | None:
    try:
        # A list asks nothing of the hub.
        reader = open_reader(locate(model)._replace(ask="never"))
        for step in count_stepwise(reader, cancelled, keep_tensors=False):
            if isinstance(step, Count):
                return step.totals.parameters
    except CheckpointError:
        pass
    return None


def _shown_folder() -> str:
    """The current folder, the home folder as `~`."""
    try:
        folder = os.getcwd()
    except OSError:
        return "a folder that is gone"
    home = os.path.expanduser("~")
    return "~" + folder[len(home) :] if folder == home or folder.startswith(home + os.sep) else folder

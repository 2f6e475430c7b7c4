"""The list of models to pick from."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input
from textual.widgets.option_list import Option, OptionDoesNotExist
from textual.worker import Worker, get_current_worker

from core.checkpoint.errors import CheckpointError
from core.classify.user_rules import Rules
from core.count.counter import Count, count_stepwise
from core.locate.catalog import Entry, entries
from core.locate.location import locate
from core.readers.open_checkpoint import open_reader
from core.text.escape import escaped
from core.text.numbers import exact, size
from core.text.width import shortened
from tui.app_screen import AppScreen
from tui.crash import crash_report
from tui.keys.picker import ADDING_FOOTER, OPEN, PICKER_FOOTER, PICKER_KEYS
from tui.messages import ModelCounted, ModelsFound
from tui.palette import Palette
from tui.textual_fixes.options import SafeOptionList
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line

_BATCH_ENTRIES = 50
_MAX_COUNTED_MODELS = 200
_MIN_NAME_COLUMNS = 24
_MAX_RULES_NAME_COLUMNS = 20

_STUDY = Entry("The study: GPT-2 and nine claims", "study", None, None)


class Picked(NamedTuple):
    """What was picked.

    Attributes:
        models: one to open, or several to compare.
        study: whether the study's four are to be compared with them.
    """

    models: list[str]
    study: bool = False


class FindField(Input):
    """Takes what is typed, but for the `m` that marks: bindings of others on letters do not reach beyond a field."""

    BINDINGS: ClassVar[list[BindingType]] = PICKER_KEYS.bindings("find")


class PickerScreen(AppScreen[Picked | None]):
    """Built-in models, the hub cache's, files below the current folder; gives what was picked, or None."""

    BINDINGS: ClassVar[list[BindingType]] = PICKER_KEYS.bindings("screen")
    AUTO_FOCUS = "#find"
    KEYS = PICKER_KEYS

    def __init__(self, palette: Palette, adding: bool = False, rules: Rules | None = None) -> None:
        """
        Args:
            palette: how things are drawn.
            adding: whether what is picked joins a comparison.
            rules: by which the model chosen will be counted; the title says so.
        """
        super().__init__()
        self._palette = palette
        self._adding = adding
        self._entries: list[Entry] = []
        self._marked: list[str] = []
        self._choosing = False
        self._searching = True
        self._broken_off = ""
        self._rules = rules
        self._known: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        question = "add models to the comparison" if self._adding else "where do a model's parameters sit?"
        rules = ""
        if self._rules:
            rules = f"{self._palette.dot}rules: {escaped(shortened(self._rules.name, _MAX_RULES_NAME_COLUMNS))}"
        yield Line(f"gpt2-explore: {question}{self._palette.plain(rules)}", id="title")
        yield FindField(placeholder="type to filter", id="find")
        yield Line(self._columns("Model", "From", "Parameters", "On disk"), id="columns")
        yield SafeOptionList(id="models", markup=False)
        yield Line("", id="status")
        yield KeyHints(ADDING_FOOTER if self._adding else PICKER_FOOTER, id="keys")

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
        told = False
        for entry in entries(".", lambda: worker.is_cancelled):
            if not told and entry.source != "built-in":
                batch.append(_STUDY)
                told = True
            batch.append(entry)
            if entry.parameters is None and len(unknown) < _MAX_COUNTED_MODELS:
                unknown.append(entry.model)
            if len(batch) >= _BATCH_ENTRIES:
                self.post_message(ModelsFound(batch, False))
                batch = []
        self.post_message(ModelsFound(batch if told else [*batch, _STUDY], True))
        for model in unknown:
            if worker.is_cancelled:
                return
            self.post_message(ModelCounted(model, _parameters_of(model, lambda: worker.is_cancelled)))

    @on(Worker.StateChanged)
    def _search_changed(self, event: Worker.StateChanged) -> None:
        """Tells what ended the search, where that is not its end."""
        if event.worker.error:
            self._searching = False
            self._broken_off = f"the search broke off: {crash_report(event.worker.error)}"
            self._fill()

    @on(ModelsFound)
    def _found(self, message: ModelsFound) -> None:
        self._entries += message.entries
        self._searching = not message.done
        self._fill()

    @on(ModelCounted)
    def _counted(self, message: ModelCounted) -> None:
        models = self.query_one("#models", SafeOptionList)
        for number, entry in enumerate(self._entries):
            if entry.model == message.model:
                held = "unreadable" if message.parameters is None else exact(message.parameters)
                self._known[entry.model] = held
                with suppress(OptionDoesNotExist):
                    models.replace_option_prompt(str(number), Text(self._line(entry), no_wrap=True))

    def _columns(self, *cells: str) -> str:
        """A line of the list; where names have little room, the size on disk and the source give way to them."""
        name, source, parameters, held = cells
        beside = [f" {source:10}", f" {parameters:>15}", f" {held:>11}"]
        room = self.size.width - 9
        for least in (2, 0):
            if room - len("".join(beside)) < _MIN_NAME_COLUMNS:
                del beside[least]
        return self._palette.fit(name, max(8, room - len("".join(beside)))) + " " + "".join(beside)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._choosing = False
        self._fill()

    def _fill(self) -> None:
        if not self.is_mounted:
            return
        models = self.query_one("#models", SafeOptionList)
        words = self.query_one("#find", Input).value.lower().split()
        shown = [n for n, entry in enumerate(self._entries) if all(word in entry.model.lower() for word in words)]
        options = [Option(Text(self._line(self._entries[n]), no_wrap=True), id=str(n)) for n in shown]
        highlighted = models.highlighted
        models.clear_options()
        models.add_options(options)
        if options:
            models.highlighted = min(highlighted or 0, len(options) - 1)
        self._show_status(shown)

    def _show_status(self, shown: list[int]) -> None:
        found = sum(self._entries[number] is not _STUDY for number in shown)
        there = sum(entry is not _STUDY for entry in self._entries)
        state = "looking…" if self._searching else self._broken_off or f"{found} of {there} models"
        if self._marked:
            compared = "them" if len(self._marked) > 1 else "it with the one chosen"
            state = f"{len(self._marked)} marked: {OPEN.key} compares {compared}; {state}"
        where = escaped(_shown_folder())
        nothing = "" if shown or self._searching else f"; {OPEN.key} opens what you typed as a path or hub id"
        self.query_one("#status", Line).show(self._palette.plain(f"{state}{nothing}; files below {where}"))

    def _line(self, entry: Entry) -> str:
        known = self._known.get(entry.model, "")
        parameters = exact(entry.parameters) if entry.parameters is not None else known
        held = size(entry.bytes) if entry.bytes is not None else ""
        mark = ("* " if self._palette.ascii else "✓ ") if entry.model in self._marked else ""
        return self._columns(mark + escaped(entry.model), entry.source, parameters, held)

    @on(Input.Submitted)
    def action_open(self) -> None:
        typed = self.query_one("#find", Input).value.strip()
        entry = self._highlighted()
        if entry:
            self._pick(entry)
        elif typed:
            self.dismiss(Picked([*self._marked, typed]))

    def _highlighted(self) -> Entry | None:
        option = self.query_one("#models", SafeOptionList).highlighted_option
        return self._entries[int(option.id)] if option and option.id is not None else None

    def _pick(self, entry: Entry) -> None:
        """Leaves with the models marked; a lone one is compared with the one under the cursor."""
        models = list(self._marked)
        if entry is not _STUDY and len(models) < 2 and entry.model not in models:
            models.append(entry.model)
        self.dismiss(Picked(models, entry is _STUDY))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A letter is typed into the field, unless the arrows have just been in the list.
        if action == "mark_chosen" and not self._choosing:
            return False
        return super().check_action(action, parameters)

    def action_mark_chosen(self) -> None:
        """Marks or unmarks by its key."""
        self.action_mark()

    def action_mark(self) -> None:
        """Marks or unmarks the model under the cursor, and goes to the next."""
        entry = self._highlighted()
        if not entry or entry is _STUDY:
            return
        if entry.model in self._marked:
            self._marked.remove(entry.model)
        else:
            self._marked.append(entry.model)
        self._fill()
        self.action_list("cursor_down")

    @on(SafeOptionList.OptionSelected)
    def _clicked(self, event: SafeOptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self._pick(self._entries[int(event.option.id)])

    def action_list(self, action: str) -> None:
        self._choosing = True
        getattr(self.query_one("#models", SafeOptionList), f"action_{action}")()

    def action_leave(self) -> None:
        find = self.query_one("#find", Input)
        if find.value:
            find.value = ""
        else:
            self.dismiss(None)


def _parameters_of(model: str, cancelled: Callable[[], bool]) -> int | None:
    try:
        # A list asks nothing of the hub.
        reader = open_reader(locate(model).replaced(ask="never"))
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

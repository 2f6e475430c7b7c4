"""A screen that reads several models at once while it is shown."""

from __future__ import annotations

from abc import abstractmethod

from textual import on
from textual.message import Message
from textual.screen import Screen

from core.classify.user_rules import Rules
from core.profile.profile import ModelProfile, short_names
from core.study.groups import MOST_MODELS
from core.text.numbers import plural
from tui.messages import LoadBroke, LoadFailed, LoadMessage, LoadProgress, ModelProfiled
from tui.palette import Palette
from tui.profile_load import ProfileLoad
from tui.textual_fixes.screens import Steady


class Column:
    """One model: its load, and what came of it.

    Attributes:
        model: as the user named it.
        name: short and safe to show, told apart from the others'.
        load: the present one.
        measured: the model, once it is.
        instead: what is to be said while it is not.
    """

    def __init__(self, model: str, load: ProfileLoad) -> None:
        self.model = model
        self.name = ""
        self.load = load
        self.measured: ModelProfile | None = None
        self.instead = "reading…"


class ComparingScreen(Steady, Screen[None]):
    """Owns the loads of its models and all that is known of these; a subclass shows it.

    Attributes:
        palette: how things are drawn.
        columns: the models, in their order.
        place: which of them is chosen.
        said: what the last key had to say.
        rules: what is asked before the built-in rules.
    """

    def __init__(self, models: list[str], palette: Palette, rules: Rules | None = None) -> None:
        super().__init__()
        self.rules = rules
        self.palette = palette
        self.columns: list[Column] = []
        self.place = 0
        self.said = ""
        self._loads = 0
        self._began = False
        self._add(models)

    @abstractmethod
    def show(self) -> None:
        """Shows what is known."""

    @property
    def known(self) -> list[ModelProfile]:
        """The models that are read."""
        return [column.measured for column in self.columns if column.measured]

    @property
    def chosen(self) -> Column | None:
        """The model under the cursor."""
        return self.columns[self.place] if self.columns else None

    @property
    def models(self) -> list[str]:
        """As the user named them."""
        return [column.model for column in self.columns]

    def begin(self) -> None:
        """Takes what the loads have to say, from the first picture on."""
        for column in self.columns:
            column.load.deliver(self._take, self.post_message)
        self._began = True
        self.show()

    def add(self, models: list[str]) -> None:
        """Compares some more models; those that are there already are not read again."""
        before = len(self.columns)
        self._add(models)
        if self._began:
            for column in self.columns[before:]:
                column.load.deliver(self._take, self.post_message)
        if len(self.columns) > before:
            self.place = before
        self.show()

    def _add(self, models: list[str]) -> None:
        wanted = [model for model in dict.fromkeys(models) if model not in self.models]
        room = MOST_MODELS - len(self.columns)
        if len(wanted) > room:
            beyond = ", ".join(short_names(wanted[room:]).values())
            self.said = f"{plural(MOST_MODELS, 'model')} can be compared; left out: {beyond}"
        for model in wanted[:room]:
            self.columns.append(Column(model, self._load(model)))
        self._tell_apart()

    def _tell_apart(self) -> None:
        names = short_names(self.models)
        for column in self.columns:
            column.name = names[column.model]
            if column.measured:
                column.measured.name = column.name

    def _load(self, model: str) -> ProfileLoad:
        self._loads += 1
        return ProfileLoad(model, self._loads, self.rules)

    def _take(self, message: Message) -> None:
        """What a load says; that of a model which is left out meanwhile, or read again, is dropped."""
        if not isinstance(message, LoadMessage):
            return
        column = next((each for each in self.columns if each.load.load_id == message.load_id), None)
        if not column:
            return
        if isinstance(message, ModelProfiled):
            column.measured = message.measured
            column.measured.name = column.name
        elif isinstance(message, LoadProgress):
            done = message.snapshot.progress
            shards = f"{done.shards_done} of {done.shards_total} shards, " if done.shards_total > 1 else ""
            column.instead = f"reading… {shards}{plural(message.snapshot.totals.parameters, 'parameter')}"
        elif isinstance(message, LoadFailed):
            column.instead = f"not read: {message.sentence}"
        elif isinstance(message, LoadBroke):
            raise message.error
        if self._began:
            self.show()

    @on(LoadMessage)
    def _loaded(self, message: LoadMessage) -> None:
        self._take(message)

    def say(self, text: str) -> None:
        """Shows a line below, until the next key."""
        self.said = text
        self.show()
        self.said = ""

    def choose(self, place: int) -> None:
        """Chooses a model."""
        if place != self.place:
            self.place, self.said = place, ""
            self.show()

    def action_remove(self) -> None:
        """Leaves the chosen model out."""
        if self.columns:
            self.columns.pop(self.place).load.cancel()
            self._tell_apart()
            self.place = max(0, min(self.place, len(self.columns) - 1))
            self.show()

    def action_first(self) -> None:
        """Puts the chosen model first, from which the differences are."""
        if self.columns:
            self.columns.insert(0, self.columns.pop(self.place))
            self.place = 0
            self.show()

    def action_reload(self) -> None:
        """Reads the chosen model again."""
        if column := self.chosen:
            column.load.cancel()
            column.measured, column.instead = None, "reading…"
            column.load = self._load(column.model)
            column.load.deliver(self._take, self.post_message)
            self.show()

    def action_add(self) -> None:
        """Picks more models."""
        self.app.action_pick(adding=True)  # type: ignore[attr-defined]

    def action_open(self) -> None:
        """Opens the chosen model in the explorer."""
        if column := self.chosen:
            self.app.action_explore(column.model)  # type: ignore[attr-defined]

    def leave(self) -> None:
        """Goes back to where it was opened from."""
        self.app.action_leave()  # type: ignore[attr-defined]

    def on_unmount(self) -> None:
        for column in self.columns:
            column.load.cancel()

"""The models that are compared: their loads, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.message import Message

from core.classify.user_rules import Rules
from core.profile.profile import ModelProfile, short_names
from core.study.groups import MAX_COMPARED_MODELS
from core.text.numbers import plural
from tui.messages import LoadBroke, LoadFailed, LoadMessage, LoadProgress, ModelProfiled
from tui.profile_load import ProfileLoad

Post = Callable[[Message], object]


class Column:
    """One model: its load, and what came of it.

    Attributes:
        model: as the user named it.
        name: short and safe to show, told apart from the others'.
        load: the present one.
        profile: the model, once it is read.
        instead: what is to be said while it is not.
    """

    def __init__(self, model: str, load: ProfileLoad) -> None:
        self.model = model
        self.name = ""
        self.load = load
        self.profile: ModelProfile | None = None
        self.instead = "reading…"


class ModelColumns:
    """The models in their order, one of them chosen.

    Attributes:
        place: which of them is chosen.
        rules: what is asked before the built-in rules.
    """

    def __init__(self, models: list[str], rules: Rules | None, post: Post) -> None:
        """
        Args:
            models: as the user named them; they are being read from here on.
            rules: what is asked before the built-in rules.
            post: has a message of a load handed to `take`, in the screen's own thread.
        """
        self.place = 0
        self.rules = rules
        self._columns: list[Column] = []
        self._post = post
        self._loads = 0
        self._began = False
        self.left_out = self._append(models)

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns)

    @property
    def models(self) -> list[str]:
        """As the user named them."""
        return [column.model for column in self._columns]

    @property
    def chosen(self) -> Column | None:
        """The model under the cursor."""
        return self._columns[self.place] if self._columns else None

    @property
    def profiles(self) -> list[ModelProfile]:
        """The models that are read."""
        return [column.profile for column in self._columns if column.profile]

    @property
    def profiles_before_chosen(self) -> int:
        """How many models are read that stand before the chosen one."""
        return sum(column.profile is not None for column in self._columns[: self.place])

    def ordered(self, by_size: bool) -> list[Column]:
        """The columns as they stand, or by size, those that are not read last."""
        if not by_size:
            return list(self._columns)
        return sorted(self._columns, key=lambda c: (c.profile is None, c.profile.parameters if c.profile else 0))

    def begin(self) -> None:
        """Takes what the loads have to say, from the first picture on."""
        self._began = True
        for column in self._columns:
            column.load.deliver(self.take, self._post)

    def add(self, models: list[str]) -> str:
        """Compares some more models, the first of which is chosen; those that are there already are not read again.

        Returns:
            What is to be said where there was no room for all; "" otherwise.
        """
        before = len(self._columns)
        said = self._append(models)
        if self._began:
            for column in self._columns[before:]:
                column.load.deliver(self.take, self._post)
        if len(self._columns) > before:
            self.place = before
        return said

    def _append(self, models: list[str]) -> str:
        wanted = [model for model in dict.fromkeys(models) if model not in self.models]
        room = MAX_COMPARED_MODELS - len(self._columns)
        for model in wanted[:room]:
            self._columns.append(Column(model, self._load(model)))
        self._name_apart()
        if len(wanted) <= room:
            return ""
        beyond = ", ".join(short_names(wanted[room:]).values())
        return f"{plural(MAX_COMPARED_MODELS, 'model')} can be compared; left out: {beyond}"

    def _name_apart(self) -> None:
        names = short_names(self.models)
        for column in self._columns:
            column.name = names[column.model]
            if column.profile:
                column.profile.name = column.name

    def _load(self, model: str) -> ProfileLoad:
        self._loads += 1
        return ProfileLoad(model, self._loads, self.rules)

    def take(self, message: Message) -> None:
        """Takes in what a load says; that of a model which is left out meanwhile, or read again, is dropped."""
        if not isinstance(message, LoadMessage):
            return
        column = next((each for each in self._columns if each.load.load_id == message.load_id), None)
        if not column:
            return
        if isinstance(message, ModelProfiled):
            column.profile = message.profile
            column.profile.name = column.name
        elif isinstance(message, LoadProgress):
            done = message.snapshot.progress
            shards = f"{done.shards_done} of {done.shards_total} shards, " if done.shards_total > 1 else ""
            column.instead = f"reading… {shards}{plural(message.snapshot.totals.parameters, 'parameter')}"
        elif isinstance(message, LoadFailed):
            column.instead = f"not read: {message.sentence}"
        elif isinstance(message, LoadBroke):
            raise message.error

    def remove_chosen(self) -> None:
        """Leaves the chosen model out."""
        if self._columns:
            self._columns.pop(self.place).load.cancel()
            self._name_apart()
            self.place = max(0, min(self.place, len(self._columns) - 1))

    def put_chosen_first(self) -> None:
        """Puts the chosen model first, from which the differences are."""
        if self._columns:
            self._columns.insert(0, self._columns.pop(self.place))
            self.place = 0

    def reload_chosen(self) -> None:
        """Reads the chosen model again."""
        column = self.chosen
        if column:
            column.profile, column.instead = None, "reading…"
            self._loads += 1
            column.load = column.load.next(column.model, self._loads, again=False)
            column.load.deliver(self.take, self._post)

    def cancel(self) -> None:
        """Ends all loads."""
        for column in self._columns:
            column.load.cancel()

"""What an action is, and how bindings, hints, help and commands are made from a table of them."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

_ARROWS = {"up", "down", "left", "right"}
_NAMES = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
    "escape": "Esc",
    "slash": "/",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}


class Action(NamedTuple):
    """What keys and clicks do.

    Attributes:
        id: by which a user's key map names it; no two have the same.
        keys: Textual's names of its keys, separated by commas; "" where only clicks and commands run it.
        on: what it is bound on: `app`, `screen`, or a widget's id; "" for what a widget of Textual's binds itself.
        run: the method that it runs there, with its arguments; with `app.` or `screen.` before it, one of those.
        word: what the footer calls it; "" where that does not.
        tooltip: what it does, in a few words.
        priority: whether its keys are taken before the widget with the focus sees them.
    """

    id: str
    keys: str
    on: str
    run: str
    word: str = ""
    tooltip: str = ""
    priority: bool = False

    @property
    def target(self) -> str:
        """What it runs, told from the outside: `screen.fold`."""
        return self.run if self.run.startswith(("app.", "screen.")) else f"{self.on}.{self.run}"

    @property
    def key_names(self) -> list[str]:
        """Its keys as people name them."""
        return [key_name(key) for key in self.keys.split(",") if key]

    @property
    def key(self) -> str:
        """The first of its keys as people name it."""
        return self.key_names[0]

    @property
    def key_in_words(self) -> str:
        """The first of its keys in a sentence, where an arrow is a word: `Left`."""
        first = self.keys.partition(",")[0]
        return first.title() if first in _ARROWS else key_name(first)

    def binding(self) -> Binding:
        """The same for Textual."""
        return Binding(
            self.keys,
            self.run,
            self.tooltip or self.word,
            show=False,
            priority=self.priority,
            tooltip=self.tooltip,
            id=self.id,
        )


class HelpRow(NamedTuple):
    """A row of the help: the actions of one meaning, and what they do.

    Attributes:
        does: what they do.
        actions: those actions.
        command: what the list of commands runs; None where a command would make no sense.
        named: the keys as they are to be arranged; "" for one after the other.
    """

    does: str
    actions: tuple[Action, ...]
    command: Action | None
    named: str

    @property
    def keys(self) -> str:
        """The keys as people name them."""
        return self.named or "  ".join(name for action in self.actions for name in action.key_names)


class Hint(NamedTuple):
    """A key in the footer, what it does, and what a click on it runs."""

    key: str
    word: str
    target: str


class KeyTable(NamedTuple):
    """All keys of a screen.

    Attributes:
        rows: the help's.
        others: actions that have no row of their own: their keys are told in another's.
    """

    rows: tuple[HelpRow, ...]
    others: tuple[Action, ...] = ()

    @property
    def actions(self) -> list[Action]:
        """All actions, each once."""
        told = [action for row in self.rows for action in row.actions]
        return list(dict.fromkeys([*told, *self.others]))

    def bindings(self, on: str) -> list[BindingType]:
        """The bindings of the app, the screen or a widget."""
        return [action.binding() for action in self.actions if action.on == on and action.keys]


def row(does: str, *actions: Action, named: str = "") -> HelpRow:
    """A row of the help that is no command."""
    return HelpRow(does, actions, None, named)


def command(does: str, *actions: Action, named: str = "") -> HelpRow:
    """A row of the help that is a command too, which runs the first of the actions."""
    return HelpRow(does, actions, actions[0], named)


def hint(action: Action) -> Hint:
    """An action's place in the footer."""
    return Hint(action.key, action.word, action.target)


def hint_of_range(first: Action, last: Action, click: Action) -> Hint:
    """The place in the footer of actions on keys in a row, such as `1-4`; a click runs an action of its own."""
    return Hint(f"{first.key}-{last.key}", click.word, click.target)


def key_name(key: str) -> str:
    """A key as people name it: `ctrl+q` is Ctrl+Q."""
    if len(key) == 1:
        return key
    return _NAMES.get(key) or "+".join(part.upper() if len(part) == 1 else part.title() for part in key.split("+"))


def nth_keys(number: int, *actions: Action) -> str:
    """The keys of actions that belong together: `← →` are the first ones, `h l` the second.

    Args:
        number: which of each action's keys, from 0.
        actions: in the order they are told.
    """
    return " ".join(action.key_names[number] for action in actions)


ENTER = key_name("enter")
"""What Textual's own fields and lists take themselves; no action is bound to it there."""

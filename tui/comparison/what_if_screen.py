"""The what-if model of the comparison: its sliders, and the field where its size is typed."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.classify.user_rules import Rules
from core.profile.profile import ModelProfile
from core.study.groups import FAMILY
from core.study.what_if import measured, next_preset, parsed, stepped
from core.text.numbers import exact
from tui.comparison.columns_screen import ComparingScreen
from tui.palette import Palette

VIEWS = ("Shares", "Table", "Trend", "Norms", "Claims", "What if")
SHARES, TABLE, TREND, NORMS, CLAIMS, WHAT_IF = range(6)


class ImaginingScreen(ComparingScreen):
    """Owns a GPT-2 of any size beside the models that are read.

    Attributes:
        view: which of `VIEWS` is shown.
        shape: the what-if model's.
        imagined: the model of this shape.
        asked: whether anybody has changed it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "what_if('layers', -1)", show=False),
        Binding("right_square_bracket", "what_if('layers', 1)", show=False),
        Binding("left_curly_bracket", "what_if('hidden_size', -1)", show=False),
        Binding("right_curly_bracket", "what_if('hidden_size', 1)", show=False),
        Binding("p", "preset", show=False),
        Binding("w", "ask", show=False),
        Binding("escape", "back", show=False),
    ]

    def __init__(self, models: list[str], palette: Palette, rules: Rules | None = None) -> None:
        super().__init__(models, palette, rules)
        self.view = SHARES
        self.shape = BUILT_IN["gpt2"]
        self.asked = False

    @cached_property
    def imagined(self) -> ModelProfile:
        """The model of the present shape."""
        return measured(self.shape)

    @cached_property
    def _published(self) -> list[ModelProfile]:
        return [measured(BUILT_IN[name], name) for name in FAMILY]

    @property
    def family(self) -> list[ModelProfile]:
        """The published models, but for one that the what-if model is."""
        return [model for model in self._published if model.parameters != self.imagined.parameters]

    @staticmethod
    def field() -> Input:
        """The field for layers and width, closed."""
        asked = "layers width, such as 96 12288; vocabulary and context may follow"
        return Input(placeholder=asked, id="ask", compact=True)

    def action_what_if(self, what: Literal["layers", "hidden_size"], step: int) -> None:
        """A step on one of the sliders."""
        self._imagine(stepped(self.shape, what, step))

    def action_preset(self) -> None:
        """The next published shape."""
        self._imagine(next_preset(self.shape))

    def _imagine(self, shape: Gpt2Shape) -> None:
        self.asked = True
        if shape != self.shape:
            self.shape = shape
            self.__dict__.pop("imagined", None)
        if self.view == TREND:
            held = f"{exact(shape.layers)} layers of {exact(shape.hidden_size)}"
            self.say(f"what if: {held}: {exact(self.imagined.parameters)} parameters; 6 tells more")
        else:
            self.view = WHAT_IF
            self.show()

    def action_ask(self) -> None:
        """Asks for layers and width."""
        self.view = WHAT_IF
        field = self.query_one("#ask", Input)
        field.add_class("-open")
        field.focus()
        self.show()

    @on(Input.Submitted, "#ask")
    def _answer(self, event: Input.Submitted) -> None:
        try:
            shape = parsed(event.value)
        except ValueError as error:
            self.say(str(error))
            return
        self._close()
        self._imagine(shape)

    def _close(self) -> None:
        field = self.query_one("#ask", Input)
        field.value = ""
        field.remove_class("-open")
        self.set_focus(None)

    def action_back(self) -> None:
        """Closes the field, or leaves."""
        if self.query_one("#ask", Input).has_class("-open"):
            self._close()
            self.show()
        else:
            self.leave()

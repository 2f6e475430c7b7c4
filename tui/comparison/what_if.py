"""The what-if model of the comparison: a GPT-2 of any size beside the models that are read."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from textual.widgets import Input

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.profile.profile import ModelProfile
from core.study.groups import FAMILY
from core.study.what_if import next_preset, stepped, what_if_profile


class WhatIfModel:
    """A shape that the user changes, and the model of that shape.

    Attributes:
        shape: the present one.
        changed: whether the user has set the shape, be it to what it was.
    """

    def __init__(self) -> None:
        self.shape = BUILT_IN["gpt2"]
        self.changed = False
        self._profile: ModelProfile | None = None

    @property
    def profile(self) -> ModelProfile:
        """The model of the present shape."""
        if self._profile is None:
            self._profile = what_if_profile(self.shape)
        return self._profile

    @cached_property
    def _published(self) -> list[ModelProfile]:
        return [what_if_profile(BUILT_IN[name], name) for name in FAMILY]

    @property
    def family(self) -> list[ModelProfile]:
        """The published models, but for one that the what-if model is."""
        return [model for model in self._published if model.parameters != self.profile.parameters]

    def step(self, what: Literal["layers", "hidden_size"], step: int) -> None:
        """Takes the next larger (1) or smaller (-1) shape in layers or width."""
        self.set_shape(stepped(self.shape, what, step))

    def next_preset(self) -> None:
        """Takes the next published shape."""
        self.set_shape(next_preset(self.shape))

    def set_shape(self, shape: Gpt2Shape) -> None:
        """Takes any shape."""
        self.changed = True
        if shape != self.shape:
            self.shape = shape
            self._profile = None


class ShapeField(Input):
    """The field in which layers and width are typed; closed unless it is asked for."""

    def __init__(self, *, id: str) -> None:
        wanted = "layers width, such as 96 12288; vocabulary and context may follow"
        super().__init__(placeholder=wanted, id=id, compact=True)

    @property
    def is_open(self) -> bool:
        """Whether it is seen."""
        return self.has_class("-open")

    def open(self) -> None:
        """Shows it and lets the user type."""
        self.add_class("-open")
        self.focus()

    def close(self) -> None:
        """Empties and hides it."""
        self.value = ""
        self.remove_class("-open")
        self.screen.set_focus(None)

"""A line or a few of text that is drawn anew only when it differs."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class Line(Widget):
    """Text as it is, never markup, cut at the widget's edge unless it may wrap."""

    def __init__(self, text: str | Text = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text = Text(text) if isinstance(text, str) else text
        self.wrap = False

    @property
    def text(self) -> str:
        """What stands there."""
        return self._text.plain

    def show(self, text: str | Text) -> None:
        """Shows another text."""
        new = Text(text) if isinstance(text, str) else text
        if new != self._text or new.spans != self._text.spans:
            self._text = new
            self.refresh(layout=self.wrap)

    def render(self) -> Text:
        shown = self._text.copy()
        shown.no_wrap = not self.wrap
        shown.overflow = "crop"
        return shown

"""The rule above a pane that names its views, the present one marked; a click opens another."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from core.text.width import cells
from tui.keys.action import Action
from tui.palette import Palette
from tui.widgets.pane_rule import PaneRule, Title


class ViewTabs(PaneRule):
    """`━ [1 Shares]─2 Layers─3 Kinds ━━━ state ━`."""

    class Chosen(Message):
        """Another view was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, views: Sequence[Action], palette: Palette, *, id: str) -> None:
        """
        Args:
            views: what opens each, from the left.
            palette: how things are drawn.
            id: the widget's.
        """
        super().__init__(palette, id=id)
        self._views = views
        self._offered: Sequence[int] = range(len(views))
        self._view = 0
        self._state = ""

    def show_view(self, view: int, state: str = "", offered: Sequence[int] | None = None) -> None:
        """Marks a view as the present one.

        Args:
            view: its place.
            state: what is said at the right end, where there is room for it.
            offered: the places of those there is something to see in; None for all.
        """
        self._view, self._state = view, state
        self._offered = range(len(self._views)) if offered is None else offered
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self.show_titles([Title(label, number == self._view) for number, label in self._labels()], self._state)

    def on_click(self, event: events.Click) -> None:
        end = self.FIRST_COLUMN
        for number, label in self._labels():
            end += cells(label) + 1
            if event.x < end:
                self.post_message(self.Chosen(number))
                return

    def _labels(self) -> list[tuple[int, str]]:
        """The views that are offered, with keys; of the present one alone the name where there is no room for all."""
        labels = [(number, self._label(number)) for number in self._offered]
        width = self.size.width or self.app.size.width
        if sum(cells(label) + 1 for _, label in labels) + self.FIRST_COLUMN <= width:
            return labels
        return [(number, label if number == self._view else self._views[number].key) for number, label in labels]

    def _label(self, number: int) -> str:
        view = self._views[number]
        label = f"{view.key} {view.tooltip}"
        return f"[{label}]" if number == self._view else label

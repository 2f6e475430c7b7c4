"""The tabs of the explorer's views, which can be clicked."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from tui.keys.explorer import EXPLORER_VIEWS
from tui.widgets.view_tabs import tab_label


def tabs_text(view: int) -> Text:
    """All views, the present one marked.

    Args:
        view: its number, from 0.
    """
    text = Text()
    for number, action in enumerate(EXPLORER_VIEWS):
        style = Style(bold=number == view, reverse=number == view)
        text.append(tab_label(action), style + Style(meta={"@click": action.target}))
        text.append(" ")
    return text

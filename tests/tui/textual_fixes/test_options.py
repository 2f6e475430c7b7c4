"""The list of options bears keys and clicks while it is being changed."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.events import Click

from tui.textual_fixes.options import SteadyOptionList


class ListApp(App[None]):
    """A list and nothing else; an action comes before it has a size."""

    def __init__(self, early: str = "") -> None:
        super().__init__()
        self._early = early

    def compose(self) -> ComposeResult:
        yield SteadyOptionList(*map(str, range(50)))

    def on_mount(self) -> None:
        if self._early:
            getattr(self.query_one(SteadyOptionList), f"action_{self._early}")()


@pytest.mark.parametrize("action", ["page_up", "page_down"])
async def test_a_page_key_before_the_lines_are_laid_out(action: str) -> None:
    app = ListApp(action)
    async with app.run_test() as pilot:
        options = app.query_one(SteadyOptionList)
        await pilot.press("end", "pageup")
        assert options.highlighted is not None
        assert 0 < options.highlighted < 49
        await pilot.press("pagedown", "pagedown")
        assert options.highlighted == 49


async def test_a_click_on_an_option_that_has_just_gone() -> None:
    app = ListApp()
    async with app.run_test() as pilot:
        options = app.query_one(SteadyOptionList)
        options.clear_options()
        options.add_options(["a", "b"])
        await pilot.pause()
        before = options.highlighted

        style = Style(meta={"option": 9})
        options.post_message(Click(options, 3, 9, 0, 0, 1, False, False, False, style=style))
        await pilot.pause()
        assert options.highlighted == before != 1
        assert await pilot.click(SteadyOptionList, offset=(3, 2))
        assert options.highlighted == 1

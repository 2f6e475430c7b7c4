"""The list of options bears keys and clicks while it is being changed."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.events import Click
from textual.widgets import OptionList

from tui.textual_fixes.options import SafeOptionList


class ListApp(App[None]):
    """A list and nothing else; an action comes before it has a size."""

    def __init__(self, early: str = "") -> None:
        super().__init__()
        self._early = early

    def compose(self) -> ComposeResult:
        yield SafeOptionList(*map(str, range(50)))

    def on_mount(self) -> None:
        if self._early:
            getattr(self.query_one(SafeOptionList), f"action_{self._early}")()


@pytest.mark.parametrize("action", ["page_up", "page_down"])
async def test_a_page_key_before_the_lines_are_laid_out(action: str) -> None:
    app = ListApp(action)
    async with app.run_test() as pilot:
        options = app.query_one(SafeOptionList)
        await pilot.press("end", "pageup")
        assert options.highlighted is not None
        assert 0 < options.highlighted < 49
        await pilot.press("pagedown", "pagedown")
        assert options.highlighted == 49


async def test_a_click_on_an_option_that_has_just_gone() -> None:
    app = ListApp()
    async with app.run_test() as pilot:
        options = app.query_one(SafeOptionList)
        options.clear_options()
        options.add_options(["a", "b"])
        await pilot.pause()
        before = options.highlighted

        style = Style(meta={"option": 9})
        options.post_message(Click(options, 3, 9, 0, 0, 1, False, False, False, style=style))
        await pilot.pause()
        assert options.highlighted == before != 1
        assert await pilot.click(SafeOptionList, offset=(3, 2))
        assert options.highlighted == 1


# Whether the work-arounds are still needed.


class PlainListApp(App[None]):
    """Textual's own list."""

    def compose(self) -> ComposeResult:
        yield OptionList(*map(str, range(50)))


async def test_textual_fails_at_a_page_key_before_the_lines_are_laid_out() -> None:
    class EarlyApp(PlainListApp):
        def on_mount(self) -> None:
            getattr(self.query_one(OptionList), "action_page_up")()  # noqa: B009  # it has no types

    with pytest.raises(KeyError):
        async with EarlyApp().run_test():
            pass


async def test_textual_fails_at_a_click_on_an_option_that_has_just_gone() -> None:
    app = PlainListApp()
    with pytest.raises(IndexError):  # noqa: PT012  # leaving the app raises it
        async with app.run_test() as pilot:
            options = app.query_one(OptionList)
            options.clear_options()
            options.add_options(["a", "b"])
            await pilot.pause()
            style = Style(meta={"option": 9})
            options.post_message(Click(options, 3, 9, 0, 0, 1, False, False, False, style=style))
            await pilot.pause()

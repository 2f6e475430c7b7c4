"""A screen is left once, whatever keys wait in the queue."""

from __future__ import annotations

import pytest
from textual.app import App, ScreenStackError
from textual.screen import ModalScreen

from tui.textual_fixes.screens import SafeScreen


class Box(ModalScreen[None]):
    """A box as Textual has it."""


class SafeBox(SafeScreen, ModalScreen[None]):
    """A box as this program has it."""


async def test_a_second_dismissal_does_nothing() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        under = app.screen
        box = SafeBox()
        await app.push_screen(box)
        box.dismiss()
        box.dismiss()
        await pilot.pause()
        assert app.screen is under


async def test_a_box_that_is_left_takes_no_keys() -> None:
    app: App[None] = App()
    async with app.run_test():
        box = SafeBox()
        assert box.check_action("dismiss", ()) is False, "not mounted yet"
        await app.push_screen(box)
        assert box.check_action("dismiss", ()) is True
        box.dismiss()
        assert box.check_action("dismiss", ()) is False


async def test_textual_fails_at_a_second_dismissal() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        box = Box()
        await app.push_screen(box)
        box.dismiss()
        await pilot.pause()
        with pytest.raises(ScreenStackError):
            box.dismiss()

"""Whether Textual still does what the app works around, and that the app does not."""

from __future__ import annotations

import codecs

import pytest
from textual.app import App
from textual.drivers import linux_driver
from textual.filter import Monochrome, NoColor
from textual.scrollbar import ScrollBarRender

from tests.support.screen import running
from tui.textual_fixes.app import draw_scrollbar_ends
from tui.textual_fixes.driver import take_any_bytes

BROKEN_KEYS = b"\xff\xfe"


def test_textual_turns_colours_into_greys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert any(isinstance(each, Monochrome) for each in App()._filters)


async def test_no_colour_is_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running() as driver:
        assert any(isinstance(each, NoColor) for each in driver.app._filters)
        assert not any(isinstance(each, Monochrome) for each in driver.app._filters)


def test_textual_draws_the_ends_of_scroll_bars_outside_ascii() -> None:
    draw_scrollbar_ends(ascii_only=False)
    assert not "".join(ScrollBarRender.VERTICAL_BARS).isascii()
    draw_scrollbar_ends(ascii_only=True)
    assert "".join(ScrollBarRender.VERTICAL_BARS).isascii()
    draw_scrollbar_ends(ascii_only=False)


def test_textual_decodes_keys_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vars(linux_driver)["getincrementaldecoder"] is codecs.getincrementaldecoder
    with pytest.raises(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(BROKEN_KEYS)
    # So that it is set back after this test.
    monkeypatch.setattr(linux_driver, "getincrementaldecoder", codecs.getincrementaldecoder)
    take_any_bytes()
    assert vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode(BROKEN_KEYS) == "\ufffd\ufffd"

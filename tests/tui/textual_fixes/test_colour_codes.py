"""Fewer codes of colours: the picture stays the same."""

from __future__ import annotations

import re

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.support.screen import exploring
from tui.textual_fixes.colour_codes import with_fewer_codes

WIDTH, HEIGHT = 30, 4
CODES = re.compile(r"\x1b\[[\d;]*m")

COLORS = st.sampled_from([None, "red", "bright_blue", "color(99)", "#102030", "#aabbcc"])
STYLES = st.builds(
    Style,
    color=COLORS,
    bgcolor=COLORS,
    bold=st.booleans(),
    dim=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
)
PIECES = st.lists(st.tuples(st.text("ab █ ", min_size=1, max_size=5), STYLES), max_size=5)
ROWS = st.lists(PIECES, min_size=1, max_size=HEIGHT)


def sent(rows: list[list[tuple[str, Style]]]) -> str:
    """Rows as Textual sends them, each piece with all of its style."""
    lines = []
    for number, row in enumerate(rows, 1):
        pieces = "".join(style.render(text) for text, style in row)
        lines.append(f"\x1b[{number};1H{pieces}")
    return "\r\n".join(lines) + "\x1b[1;3H"


def picture(*texts: str) -> list[list[tuple[object, ...]]]:
    """The cells of a terminal to which texts were sent; of a blank only what is seen of it."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    for text in texts:
        stream.feed(text)
    rows = []
    for y in range(HEIGHT):
        cells = (screen.buffer[y][x] for x in range(WIDTH))
        rows.append(
            [
                (cell.bg,) if cell.data == " " and not (cell.reverse or cell.underscore) else tuple(cell)
                for cell in cells
            ]
        )
    return rows


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_the_picture_is_the_same_in_no_more_bytes(frames: list[list[list[tuple[str, Style]]]]) -> None:
    texts = [sent(rows) for rows in frames]
    fewer = [with_fewer_codes(text) for text in texts]
    assert picture(*fewer) == picture(*texts)
    assert all(len(now) <= len(before) for now, before in zip(fewer, texts))


def test_what_is_no_picture_stays_as_it_is() -> None:
    for text in ("", "plain", "\x1b[?1049h\x1b[?25l", "\x1b]52;c;YQ==\x07", "\x1b[2J\x1b[1;1H"):
        assert with_fewer_codes(text) == text


def test_a_style_ends_with_the_text_that_was_sent() -> None:
    assert with_fewer_codes("\x1b[1;31mred") == "\x1b[1;31mred\x1b[0m"


def test_textual_sends_every_style_in_full() -> None:
    style = Style(color="#112233", bgcolor="#000000")
    strip = Strip([Segment("a", style), Segment("b", style)])
    text = "".join(segment.style.render(segment.text) for segment in strip if segment.style)
    assert len(CODES.findall(text)) == 4
    assert len(CODES.findall(with_fewer_codes(text))) == 2


async def test_the_place_for_toasts_is_hidden_before_it_would_be() -> None:
    async with exploring("gpt2") as driver:
        assert not any(rack.display for rack in driver.explorer.query("ToastRack"))
        driver.explorer.notify("seen")
        await driver.shows("seen")

"""The tree's widget: what it draws, where the cursor stands, what the mouse does, and names that mean no good."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.strip import Strip

import tui.app
from tests.support.checkpoints import Tensors, experts, gpt2
from tests.support.tensor_reader import tree_of
from tui.explorer.outline import Outline
from tui.explorer.parameter_tree import ParameterTree
from tui.palette import Palette

LAYOUT = ("F32", (2, 3))


class TreeApp(App[None]):
    """A tree and nothing else."""

    CSS_PATH = str(Path(tui.app.__file__).with_name("explore.tcss"))

    def __init__(self, tensors: Tensors, palette: Palette) -> None:
        super().__init__()
        self.outline = Outline(tree_of(tensors))
        self.palette = palette
        self.moves = 0

    def compose(self) -> ComposeResult:
        yield ParameterTree(self.palette, id="tree")

    def on_mount(self) -> None:
        self.shown_tree.show(self.outline)

    def on_parameter_tree_moved(self) -> None:
        self.moves += 1

    @property
    def shown_tree(self) -> ParameterTree:
        return self.query_one(ParameterTree)

    @property
    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()]

    @property
    def labels(self) -> list[str]:
        return [row.label for row in self.outline.rows]


@asynccontextmanager
async def showing(
    tensors: Tensors, size: tuple[int, int] = (60, 20), ascii: bool = False
) -> AsyncIterator[tuple[TreeApp, Pilot[None]]]:
    app = TreeApp(tensors, Palette(ascii))
    async with app.run_test(size=size) as pilot:
        app.shown_tree.focus()
        await pilot.pause()
        yield app, pilot


def many(count: int) -> Tensors:
    """A module with so many tensors in it."""
    return {f"m.t{n}": LAYOUT for n in range(count)}


def share_in(line: str) -> str:
    (found,) = re.findall(r" (<?\d+\.\d\d)(?: |$)", line)
    return str(found)


# Rows.


async def test_a_row_has_name_count_share_and_bar() -> None:
    async with showing(gpt2(), (80, 20)) as (app, _):
        # The eighth blocks within the bars are where the categories meet.
        assert app.lines[0].split() == ["▌", "▾", "model", "124.4M", "100.00", "███▋██████▉█████"]
        assert app.lines[2].split() == ["◆", "wte.weight", "38.6M", "31.02", "█████"]
        assert app.lines[5].split() == ["▸", "h.0–11", "×12", "85.1M", "68.35", "███▋██████▉"]


@pytest.mark.parametrize("width", [20, 36, 50, 80, 200])
async def test_columns_are_aligned_at_every_width(width: int) -> None:
    async with showing(gpt2(), (width, 20)) as (app, pilot):
        await pilot.press("E")
        await pilot.pause()
        if width >= 36:
            ends = {line.index(number) + len(number) for line, number in zip(app.lines, ("124.4M", "124.4M", "38.6M"))}
            assert len(ends) == 1
            head = app.shown_tree.header()
            assert head.index("Params") + len("Params") == ends.pop()
            assert len(head) <= width


async def test_shares_of_the_whole_and_of_the_module_above() -> None:
    async with showing({"a.x": ("F32", (1,)), "a.y": ("F32", (3,)), "b.z": ("F32", (4,)), "b.w": ("F32", (8,))}) as (
        app,
        pilot,
    ):
        await pilot.press("E")
        shares = {label: share_in(line) for label, line in zip(app.labels, app.lines)}
        assert shares == {
            "model": "100.00",
            "a": "25.00",
            "x": "6.25",
            "y": "18.75",
            "b": "75.00",
            "z": "25.00",
            "w": "50.00",
        }
        app.shown_tree.of_parent = True
        await pilot.pause()
        shares = {label: share_in(line) for label, line in zip(app.labels, app.lines)}
        assert shares == {
            "model": "100.00",
            "a": "25.00",
            "x": "25.00",
            "y": "75.00",
            "b": "75.00",
            "z": "33.33",
            "w": "66.67",
        }


async def test_bars_are_as_long_as_their_share() -> None:
    sizes = {"m.a": 64, "m.b": 32, "m.c": 16, "m.d": 15, "m.e": 1}
    async with showing({name: ("F32", (size,)) for name, size in sizes.items()}, (80, 20)) as (app, pilot):
        await pilot.press("E")
        bars = {label: line.split()[-1] for label, line in zip(app.labels, app.lines)}
        assert [len(bars[label]) for label in ("m", "a", "b", "c")] == [16, 8, 4, 2]
        assert bars["d"] == "█▉"
        assert bars["e"] == "▏"


async def test_what_holds_no_parameters_says_what_it_is() -> None:
    tensors = {"h.0.attn.bias": ("F32", (1, 1, 8, 8)), "h.0.attn.c_attn.weight": ("F32", (4, 4))}
    async with showing(tensors) as (app, pilot):
        await pilot.press("E")
        (line,) = [line for line in app.lines if " bias" in line]
        assert line.rstrip().endswith("buffer")
        assert "%" not in line
        assert "0.00" not in line


async def test_ascii_rows() -> None:
    async with showing(gpt2(), ascii=True) as (app, pilot):
        await pilot.press("E")
        assert all(app.shown_tree.render_line(y).text.isascii() for y in range(len(app.labels)))
        assert app.lines[2].split()[0] == "E"


# Only what is in view is drawn.


async def test_only_visible_rows_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    redrawn: list[int] = []
    render_line = ParameterTree.render_line

    def counting(self: ParameterTree, y: int) -> Strip:
        redrawn.append(y)
        return render_line(self, y)

    monkeypatch.setattr(ParameterTree, "render_line", counting)
    async with showing(many(12_000)) as (app, pilot):
        await pilot.press("E")
        await pilot.pause()
        assert len(app.outline.rows) == 12_002
        assert redrawn
        assert max(redrawn) < 20
        redrawn.clear()
        await pilot.press("G")
        await pilot.pause()
        assert app.shown_tree.cursor == 12_001
        assert "t11999" in app.lines[-1]
        assert len(redrawn) <= 3 * 20
        assert max(redrawn) < 20
        redrawn.clear()
        await pilot.press("up")
        await pilot.pause()
        assert len(redrawn) <= 2, "a move of the cursor draws two rows"


async def test_a_cursor_move_draws_two_rows_and_a_scroll_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    redrawn: list[int] = []
    render_line = ParameterTree.render_line

    def counting(self: ParameterTree, y: int) -> Strip:
        redrawn.append(y)
        return render_line(self, y)

    async with showing(dict(experts(4, 300)), (60, 20)) as (_, pilot):
        await pilot.press("E", "j")
        await pilot.pause()
        monkeypatch.setattr(ParameterTree, "render_line", counting)
        await pilot.press("j")
        await pilot.pause()
        assert sorted(redrawn) == [1, 2]


# The cursor.


async def test_the_cursor_stays_on_rows() -> None:
    async with showing(gpt2()) as (app, pilot):
        tree = app.shown_tree
        await pilot.press("up", "pageup")
        assert tree.cursor == 0
        await pilot.press("end", "down", "pagedown", "G")
        assert tree.cursor == len(app.labels) - 1
        for wild in (-5, 10**9):
            tree.go(wild)
            assert 0 <= tree.cursor < len(app.labels)
        tree.go(0)
        await pilot.press("left")
        assert app.labels == ["model"]
        tree.changed(99)
        assert tree.cursor == 0


async def test_a_tree_without_rows_bears_every_key() -> None:
    async with showing(gpt2()) as (app, pilot):
        app.shown_tree.show(None)
        await pilot.press(
            *("j", "k", "h", "l", "enter", "space", "g", "G", "e", "E", "c", "pagedown", "pageup", "home", "end")
        )
        await pilot.click(ParameterTree, offset=(1, 1))
        assert app.shown_tree.row is None
        assert app.shown_tree.cursor == 0
        assert "".join(app.lines).strip() == ""


async def test_a_checkpoint_without_tensors_is_one_row() -> None:
    async with showing({}) as (app, pilot):
        await pilot.press("E", "l", "j", "c", "space", "G")
        assert app.labels == ["model"]


async def test_the_cursor_is_scrolled_into_view_and_no_further() -> None:
    async with showing(many(200), (60, 10)) as (app, pilot):
        await pilot.press("E")
        tree = app.shown_tree
        await pilot.press(*["down"] * 9)
        assert tree.scroll_offset.y == 0
        await pilot.press("down")
        await pilot.pause()
        assert tree.scroll_offset.y == 1
        await pilot.press(*["up"] * 9)
        assert tree.scroll_offset.y == 1
        await pilot.press("up")
        await pilot.pause()
        assert tree.scroll_offset.y == 0


async def test_a_resize_keeps_the_cursor_in_view() -> None:
    async with showing(many(200), (60, 40)) as (app, pilot):
        await pilot.press("E")
        for row, height in ((35, 10), (150, 30), (201, 5), (100, 40)):
            app.shown_tree.go(row)
            await pilot.resize_terminal(60, height)
            await pilot.pause()
            top = app.shown_tree.scroll_offset.y
            assert top <= row < top + height
            assert app.shown_tree.cursor == row
            assert any(f" t{row - 2} " in line for line in app.lines)


async def test_a_fresh_tree_begins_at_the_top() -> None:
    async with showing(many(200)) as (app, pilot):
        await pilot.press("E", "G")
        app.shown_tree.show(Outline(tree_of(gpt2())))
        await pilot.pause()
        assert app.shown_tree.cursor == 0
        assert app.shown_tree.scroll_offset.y == 0
        assert "124.4M" in app.lines[0]


async def test_moves_are_told_and_standing_still_is_not() -> None:
    async with showing(gpt2()) as (app, pilot):
        before = app.moves
        await pilot.press("down")
        await pilot.pause()
        assert app.moves == before + 1
        await pilot.press("G")
        await pilot.press("down", "down")
        await pilot.pause()
        assert app.moves == before + 2


# The mouse.


async def test_a_click_moves_and_a_second_one_opens() -> None:
    async with showing(gpt2()) as (app, pilot):
        row = app.labels.index("ln_f")
        await pilot.click(ParameterTree, offset=(12, row))
        assert app.shown_tree.cursor == row
        assert app.labels[-1] == "ln_f"
        await pilot.click(ParameterTree, offset=(12, row))
        assert app.labels[-1] == "bias"
        await pilot.click(ParameterTree, offset=(12, row))
        assert app.labels[-1] == "ln_f"


async def test_a_click_on_the_arrow_opens_at_once() -> None:
    async with showing(gpt2()) as (app, pilot):
        row = app.labels.index("h.0–11 ×12")
        column = app.lines[row].index("▸")
        await pilot.click(ParameterTree, offset=(column, row))
        assert "h.11" in app.labels
        await pilot.click(ParameterTree, offset=(0, 1))
        assert app.labels == ["model", "transformer"]


async def test_a_click_below_the_rows_does_nothing() -> None:
    async with showing(gpt2()) as (app, pilot):
        before = app.labels
        await pilot.click(ParameterTree, offset=(3, 15))
        assert (app.shown_tree.cursor, app.labels) == (0, before)


async def test_a_click_in_a_scrolled_tree_hits_the_row_that_is_seen() -> None:
    async with showing(many(200), (60, 10)) as (app, pilot):
        await pilot.press("E")
        await pilot.press("G")
        await pilot.pause()
        (line,) = [number for number, text in enumerate(app.lines) if " t195 " in text]
        await pilot.click(ParameterTree, offset=(12, line))
        assert app.labels[app.shown_tree.cursor] == "t195"


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    async with showing(many(200), (60, 10)) as (app, pilot):
        await pilot.press("E")
        for _ in range(3):
            await pilot._post_mouse_events([MouseScrollDown], ParameterTree, offset=(5, 5))
        await pilot.pause()
        assert app.shown_tree.scroll_offset.y > 0
        assert app.shown_tree.cursor == 0
        await pilot.press("down")
        await pilot.pause()
        assert app.shown_tree.cursor == 1
        assert app.shown_tree.scroll_offset.y <= 1, "a key shows the cursor again"


# Names.

HOSTILE = {
    "escape sequences": "\x1b[2J\x1b]0;title\a",
    "markup": "[red]x[/red][@click=app.quit]y[/]",
    "newlines": "a\nb\r\nc\td",
    "right to left marks": "a\u202eb\u2066c\u200f",
    "ten thousand": "n" * 10_000,
    "empty": "",
    "blanks": "   ",
    "wide": "注意力頭部" * 12,
    "wide, few": "注意力",
    "emoji": "🤖🧠🔥" * 15,
    "joined emoji": "👩\u200d🔬" * 10,
    "emoji by selector": "❤\ufe0f" * 12,
    "flags": "🇫🇷" * 9,
    "combining": "e\u0301\u0302\u0303" * 20,
    "combining first": "\u0301x",
    "Hangul letters": "\u1112\u1161\u11ab" * 10,
    "Thai": "กำลังโหลด" * 3,
    "zero": "a\0b",
    "lone surrogate": "a\ud800b",
    "private use": "\ue000\U000f0000",
    "long mixed": "aé注🤖\x1b\n" * 50,
}


def hostile_tensors() -> Tensors:
    return {f"m.{name}": LAYOUT for name in HOSTILE.values()} | {"m.plain": LAYOUT}


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [30, 60, 110])
async def test_hostile_names_stay_in_their_column(width: int, ascii: bool) -> None:
    async with showing(hostile_tensors(), (width, 30), ascii) as (app, _):
        assert len(app.labels) == 2 + len(HOSTILE) + 1
        (plain,) = [y for y, label in enumerate(app.labels) if label == "plain"]
        segments = list(app.shown_tree.render_line(plain))
        name_columns = sum(segment.cell_length for segment in segments[:4])
        for y, label in enumerate(app.labels):
            strip = app.shown_tree.render_line(y)
            assert strip.cell_length == width, label[:50]
            assert sum(segment.cell_length for segment in list(strip)[:4]) == name_columns, label[:50]
            text = "".join(segment.text for segment in strip)
            assert text.isprintable()
            assert not ascii or text.isascii()
            if y > 1:
                assert "6 " in text[name_columns - 40 if name_columns > 40 else 0 :]


async def test_hostile_names_are_shown_as_they_are_written() -> None:
    async with showing(hostile_tensors(), (110, 30)) as (app, pilot):
        text = "\n".join(app.lines)
        for shown in (
            r"\x1b[2J\x1b]0;title\x07",
            "[red]x[/red][@click=app.quit]y[/]",
            r"a\nb\r\nc\td",
            r"a\u202eb\u2066c\u200f",
            "(no name)",
            "注意力 ",
            r"a\x00b",
            r"a\ud800b",
        ):
            assert shown in text
        for row in range(len(app.labels)):
            await pilot.click(ParameterTree, offset=(20, row))
        assert app.is_running
        assert not app._exit


async def test_deep_rows_keep_room_for_their_names() -> None:
    deep = ".".join("abcdefghij" * 4)
    async with showing({f"{deep}.x": LAYOUT, f"{deep}.y": LAYOUT}, (60, 60)) as (app, pilot):
        await pilot.press("E")
        assert len(app.labels) == 43
        for y in range(43):
            strip = app.shown_tree.render_line(y)
            assert strip.cell_length == 60
            assert app.labels[y] in strip.text

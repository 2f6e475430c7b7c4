"""Every key of the explorer, and that the help tells each."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding, BindingType

from tests.support.checkpoints import write
from tests.support.screen import NARROW, WIDE, Driver, exploring, running
from tui.app import ExploreApp
from tui.dialogs.export import ExportScreen
from tui.dialogs.help import HelpScreen
from tui.explorer.parameter_tree import ParameterTree
from tui.explorer.screen import ExplorerScreen
from tui.keys.action import KeyTable
from tui.keys.explorer import EXPLORER_KEYS
from tui.keys.picker import PICKER_KEYS
from tui.picker.screen import PickerScreen

RUN = "h.0–11 ×12"


# The keys.


async def test_arrows_and_letters_move() -> None:
    async with exploring("gpt2") as driver:
        for down, up in (("j", "k"), ("down", "up")):
            await driver.press(down, down)
            assert driver.row.label == "wte.weight"
            await driver.press(up)
            assert driver.row.label == "transformer"
            await driver.press(up, up, up)
            assert driver.row.label == "gpt2"


@pytest.mark.parametrize(("into", "out"), [("right", "left"), ("l", "h")])
async def test_right_opens_and_goes_in_and_left_closes_and_goes_out(into: str, out: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.on("ln_f")
        await driver.press(into)
        assert driver.row.label == "ln_f"
        assert driver.labels[-2:] == ["weight", "bias"]
        await driver.press(into)
        assert driver.row.label == "weight"
        await driver.press(into)
        assert driver.row.label == "weight", "a tensor has nothing in it"
        await driver.press(out)
        assert driver.row.label == "ln_f"
        await driver.press(out)
        assert driver.labels[-1] == "ln_f"
        await driver.press(out)
        assert driver.row.label == "transformer"


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_enter_and_space_open_and_close(key: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.on(RUN)
        await driver.press(key)
        assert driver.row.opened
        assert "h.11" in driver.labels
        await driver.press(key)
        assert "h.11" not in driver.labels
        await driver.on("wte.weight")
        before = driver.labels
        await driver.press(key)
        assert driver.labels == before


@pytest.mark.parametrize(("first", "last"), [("g", "G"), ("home", "end")])
async def test_the_first_and_the_last_row(first: str, last: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("E", last)
        assert driver.tree.cursor == len(driver.labels) - 1 == 260
        assert driver.row.label == "bias"
        await driver.press(first)
        assert driver.tree.cursor == 0


@pytest.mark.parametrize(("down", "up"), [("pagedown", "pageup"), ("ctrl+f", "ctrl+b")])
async def test_pages(down: str, up: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("E", down)
        page = driver.tree.scrollable_content_region.height - 1
        assert driver.tree.cursor == page > 10
        await driver.press(down)
        assert driver.tree.cursor == 2 * page
        await driver.press(up)
        assert driver.tree.cursor == page
        await driver.press(up, up)
        assert driver.tree.cursor == 0


async def test_e_expands_a_level_and_capital_e_all() -> None:
    async with exploring("gpt2") as driver:
        await driver.on("h")
        counts = []
        for _ in range(5):
            await driver.press("e")
            counts.append(len(driver.labels))
        assert counts == [19, 67, 163, 259, 259]
        await driver.press("c", "E")
        assert len(driver.labels) == 259
        assert driver.row.label == "h"


async def test_c_collapses_the_row_or_what_it_lies_in() -> None:
    async with exploring("gpt2") as driver:
        await driver.on("wpe.weight")
        await driver.press("c")
        assert driver.row.label == "transformer"
        assert driver.labels == ["gpt2", "transformer"]
        await driver.press("c", "c")
        assert driver.labels == ["gpt2"]


async def test_f_unfolds_and_folds_and_the_cursor_stays() -> None:
    async with exploring("gpt2") as driver:
        await driver.on(RUN)
        await driver.press("f")
        assert driver.row.label == "h"
        assert [label for label in driver.labels if label.startswith("h.")] == [f"h.{n}" for n in range(12)]
        await driver.on("h.7")
        await driver.press("f")
        assert driver.row.label == RUN


async def test_s_sorts_by_size_and_naturally_and_the_cursor_stays() -> None:
    async with exploring("gpt2") as driver:
        for label in ("wpe.weight", RUN):
            await driver.on(label)
            await driver.press("s")
            assert driver.labels == ["gpt2", "transformer", "h", RUN, "wte.weight", "wpe.weight", "ln_f"]
            assert driver.row.label == label
            assert driver.status == "sorted by size"
            await driver.press("s")
            assert driver.labels == ["gpt2", "transformer", "wte.weight", "wpe.weight", "h", RUN, "ln_f"]
            assert driver.row.label == label
            assert driver.status == "in natural order"


def in_tree(driver: Driver) -> str:
    """What stands in the left pane of a wide screen."""
    return "\n".join(line[:51] for line in driver.text.splitlines())


async def test_p_shows_shares_of_the_module_above() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("E")
        # A layer's attention: 1.90 % of the model, a third of its layer.
        await driver.shows("% whole", "1.90")
        assert " 33.33 " not in in_tree(driver)
        await driver.press("p")
        await driver.shows("% above")
        assert " 33.33 " in in_tree(driver)
        assert "1.90" not in driver.text
        await driver.press("p")
        await driver.shows("% whole", "1.90")


async def test_the_filter_and_its_matches() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("slash", *"ln_2")
        await driver.shows("12 found; Enter, then n and N go through them")
        assert driver.labels.count("ln_2") == 12
        assert "ln_1" not in driver.labels
        assert driver.row.label == "ln_2"
        await driver.press("enter")
        assert driver.tree.has_focus
        seen = []
        for _ in range(13):
            seen.append(driver.row.item.path)
            await driver.press("n")
        assert seen == [f"transformer.h.{n % 12}.ln_2" for n in range(13)]
        await driver.press("N", "N")
        assert driver.row.item.path == "transformer.h.11.ln_2"
        await driver.press("escape")
        assert RUN in driver.labels
        assert driver.app.screen_stack[-1] is driver.explorer
        before = driver.row
        await driver.press("n", "N")
        assert driver.row is before, "without a filter there is no match to go to"


async def test_a_filter_takes_the_letters_that_are_keys_elsewhere() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("slash", *"q?xoc1")
        assert driver.outline.pattern == "q?xoc1"
        assert driver.app.screen_stack[-1] is driver.explorer
        await driver.shows("no name has that in it; Esc shows all again")
        assert driver.labels == ["gpt2"]
        await driver.press("escape")
        assert driver.outline.pattern == ""
        assert len(driver.labels) == 7
        assert driver.tree.has_focus


async def test_an_empty_filter_closes_by_enter() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("slash", "enter")
        assert driver.tree.has_focus
        assert not driver.explorer.query_one("#filter").display


async def test_the_view_keys() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("2")
        await driver.shows("7,087,872", "h.0", "■ MLP 66.63 %  ● Attention 33.33 %", "too small to draw:")
        await driver.press("3")
        await driver.shows("weights", "50.00       19,200   19,200")
        await driver.press("1")
        await driver.shows("0.03 ")


async def test_the_pane_key() -> None:
    async with exploring("gpt2") as driver:
        for key in ("tab", "shift+tab"):
            await driver.press(key)
            assert driver.explorer.query_one("#right").has_focus
            await driver.press(key)
            assert driver.tree.has_focus


async def test_o_opens_the_picker_and_esc_comes_back() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("o")
        assert isinstance(driver.app.screen, PickerScreen)
        await driver.press("escape")
        assert driver.app.screen_stack[-1] is driver.explorer
        await driver.press("o")
        await driver.shows("gpt2-xl")
        await driver.press(*"xl", "enter")
        await driver.loaded()
        await driver.shows("1,557,611,200")
        assert driver.labels[0] == "gpt2-xl"


async def test_y_copies_the_row_by_osc_52(monkeypatch: pytest.MonkeyPatch) -> None:
    async with exploring("gpt2") as driver:
        written: list[str] = []
        assert driver.app._driver
        monkeypatch.setattr(driver.app._driver, "write", written.append)
        await driver.on("wte.weight")
        await driver.press("y")
        await driver.shows("wte.weight: name and parameters copied")
        # base64 of "transformer.wte.weight\t38597376"
        assert "\x1b]52;c;dHJhbnNmb3JtZXIud3RlLndlaWdodAkzODU5NzM3Ng==\a" in written
        assert driver.app.clipboard == "transformer.wte.weight\t38597376"
        await driver.press("g", "y")
        assert driver.app.clipboard == "gpt2\t124439808"


async def test_a_hostile_name_is_copied_and_told_escaped_and_in_short(tmp_path: Path) -> None:
    long = "\x1b]52;c;x\a[red]" + "n" * 10_000
    path = write(tmp_path / "x.safetensors", {long: ("F32", (2,)), "b": ("F32", (2,))})
    async with exploring(path) as driver:
        await driver.press("down", "y")
        assert driver.app.clipboard.startswith(r"\x1b]52;c;x\x07[red]nnn")
        await driver.shows("name and parameters copied")
        assert driver.text.count("n" * 70) == 0
        assert "\x1b" not in driver.text


async def test_x_exports_and_question_mark_helps() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("x")
        assert isinstance(driver.app.screen, ExportScreen)
        await driver.press("escape")
        for key in ("question_mark", "f1"):
            await driver.press(key)
            assert isinstance(driver.app.screen, HelpScreen)
            await driver.press("escape")
        assert driver.app.screen_stack[-1] is driver.explorer


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_r_reads_again(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.on(RUN)
        await driver.press("space", "r")
        await driver.loaded()
        await driver.shows("124,439,808")
        assert driver.row.label == "gpt2"
        assert len(driver.labels) == 7


@pytest.mark.parametrize(("key", "status"), [("q", None), ("ctrl+q", None), ("ctrl+c", 130)])
async def test_the_keys_that_leave(key: str, status: int | None) -> None:
    async with exploring("gpt2") as driver:
        await driver.press(key)
        assert driver.app._exit
        assert driver.app.return_value == status


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
@pytest.mark.parametrize("over", ["o", "x", "question_mark", "ctrl+p", "slash"])
async def test_the_control_keys_leave_from_everywhere(key: str, over: str) -> None:
    async with exploring("gpt2") as driver:
        await driver.press(over)
        await driver.press(key)
        assert driver.app._exit


# What is bound is told.


NAMES = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "slash": "/",
    "question_mark": "?",
    "escape": "Esc",
}


def named(key: str) -> str:
    """A key as the help names it."""
    if len(key) == 1:
        return key
    return NAMES.get(key) or "+".join(part.upper() if len(part) == 1 else part.title() for part in key.split("+"))


def bound(*bindings: list[BindingType]) -> set[str]:
    keys: set[str] = set()
    for binding in [one for some in bindings for one in some]:
        keys.update((binding.key if isinstance(binding, Binding) else binding[0]).split(","))
    return {named(key) for key in keys}


def told(keys: KeyTable) -> set[str]:
    """What the help names: in its column of keys, and Ctrl keys in the words too."""
    words = {word for key in keys.rows for word in key.keys.split()}
    return words | {word for key in keys.rows for word in key.does.split() if word.startswith("Ctrl+")}


def test_every_key_of_the_explorer_is_in_the_help_and_the_other_way_round() -> None:
    assert bound(ExploreApp.BINDINGS, ExplorerScreen.BINDINGS, ParameterTree.BINDINGS) == told(EXPLORER_KEYS)


def test_every_key_of_the_picker_is_in_the_help() -> None:
    plain = {"?", "o", "q"}  # letters go into the field
    assert bound(ExploreApp.BINDINGS, PickerScreen.BINDINGS) - plain <= told(PICKER_KEYS)


async def test_no_key_fails_before_during_and_after_the_load() -> None:
    keys = sorted(
        key
        for binding in [*ExplorerScreen.BINDINGS, *ParameterTree.BINDINGS]
        if isinstance(binding, Binding)
        for key in binding.key.split(",")
        if key != "escape"  # which leaves the program here
    )
    async with running("gpt2", size=NARROW) as driver:
        for _ in range(2):
            for key in keys:
                await driver.press(key)
                if driver.app.screen is not driver.explorer or key == "slash":
                    await driver.press("escape")
        assert not driver.app._exit


# Plain terminals.


async def test_the_arrows_change_the_view_in_the_right_pane() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("tab", "right")
        await driver.shows("Parameters a layer")
        await driver.press("h")
        await driver.shows("45.54")

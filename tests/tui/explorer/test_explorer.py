"""The explorer: the figures that it is for, and every one of its keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from textual.binding import Binding, BindingType

from tests.support.checkpoints import gpt2, masks, write
from tests.support.screen import NARROW, WIDE, Driver, exploring, running
from tui.app import ExploreApp
from tui.dialogs.about import AboutScreen
from tui.dialogs.export import ExportScreen
from tui.dialogs.help import HelpScreen
from tui.explorer.parameter_tree import ParameterTree
from tui.explorer.screen import ExplorerScreen
from tui.keys.action import KeyTable
from tui.keys.explorer import EXPLORER_KEYS
from tui.keys.picker import PICKER_KEYS
from tui.picker.screen import PickerScreen
from tui.widgets.line import Line

PARAMETERS = {
    "gpt2": "124,439,808",
    "gpt2-medium": "354,823,168",
    "gpt2-large": "774,030,080",
    "gpt2-xl": "1,557,611,200",
}
RUN = "h.0–11 ×12"


# The figures.


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_four_shares_of_gpt2_stand_in_the_table_and_beside_the_bars(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.shows("45.54 %")
        for label, share in (
            ("Attention", "22.78"),
            ("MLP", "45.54"),
            ("Layer norm", "0.03"),
            ("Embedding", "31.65"),
        ):
            assert re.search(rf"{label} +[\d.,kM]+ +{share}\b", driver.text), "in the table"
            # In the narrow screen the table's row names the bar.
            assert re.search(rf"{label}.* █* ?{share} %", driver.text), "beside its bar"


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("model", PARAMETERS)
async def test_the_built_in_models_open(model: str, size: tuple[int, int]) -> None:
    async with exploring(model, size) as driver:
        await driver.shows(PARAMETERS[model], model, "GPT2LMHeadModel", "counted once")


async def test_a_published_file_shows_its_masks_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    async with exploring(path) as driver:
        await driver.shows("124,439,808", "not counted: 12,582,924 of buffers", "22.78")


@pytest.mark.parametrize(("size", "count"), [(NARROW, "40.0M"), (WIDE, "40,000,016")])
async def test_what_is_not_counted_is_told_with_its_size(size: tuple[int, int], count: str, tmp_path: Path) -> None:
    layer = "model.layers.0.mlp.up_proj.weight"
    packed = {layer: ("U8", (1_280_000_000, 1)), f"{layer}.absmax": ("U8", (40_000_000,))}
    stored = {**packed, f"{layer}.quant_map": ("F32", (16,))}
    async with exploring(write(tmp_path / "x.safetensors", stored), size) as driver:
        await driver.shows(f"not counted: {count} of quantisation data, 40.0 MB")


@pytest.mark.parametrize(("size", "more"), [(NARROW, "(+1: i)"), (WIDE, "(+1 more: i shows them)")])
async def test_the_first_note_stands_below_before_what_the_table_says_too(
    size: tuple[int, int], more: str, tmp_path: Path
) -> None:
    stored = {**gpt2(layers=1), "lm_head.weight": ("F32", (50257, 768))}
    async with exploring(write(tmp_path / "x.safetensors", stored), size) as driver:
        await driver.shows("not counted: 38,597,376 of tied copies")
        assert driver.status == f"note: lm_head.weight is tied to transformer.wte.weight: counted once  {more}"


async def test_a_note_without_room_is_cut_at_its_end(tmp_path: Path) -> None:
    strange = {f"model.layers.0.mlp.{name}.wq_strange": ("I32", (64, 8)) for name in ("up_proj", "down_proj")}
    async with exploring(write(tmp_path / "x.safetensors", {**strange, **masks(1)}), NARROW) as driver:
        await driver.until(lambda: driver.status.startswith("note: 2 tensors such as model.layers.0.mlp.up_proj.wq"))
        assert driver.status.endswith("…  (+1 more: i)")
        assert len(driver.status) <= 78


async def test_a_lone_note_without_room_says_where_the_rest_is(tmp_path: Path) -> None:
    stored = {"a_module_with_a_long_name." * 2 + name: shape for name, shape in gpt2(layers=1).items()}
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "tie_word_embeddings": True}
    write(tmp_path / "model.safetensors", stored)
    (tmp_path / "config.json").write_text(json.dumps(config))
    async with exploring(tmp_path, NARROW) as driver:
        await driver.until(lambda: driver.status.endswith("…  (i: all of it)"))
        assert len(driver.status) <= 78
        await driver.press("i")
        await driver.shows("counted once")
        await driver.press("i")
        await driver.pilot.resize_terminal(160, 36)
        await driver.until(lambda: driver.status.endswith("wte.weight: counted once"))


@pytest.mark.parametrize("size", [(50, 14), NARROW, WIDE])
async def test_i_shows_every_note_in_full(size: tuple[int, int], tmp_path: Path) -> None:
    strange = {f"model.layers.0.mlp.{name}.wq_strange": ("I32", (64, 8)) for name in ("up_proj", "down_proj")}
    path = write(tmp_path / "x.safetensors", {**strange, **masks(1)})
    async with exploring(path, size) as driver:
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, AboutScreen))
        shown = driver.app.screen.query_one("#page", Line).text
        flat = " ".join(shown.split())
        assert "not counted, buffers (not trained): 1,048,577 elements in 2 tensors" in flat
        counted = driver.explorer.count
        assert counted
        assert counted.notes
        assert all(note in flat for note in counted.notes)
        assert "safetensors, " in flat
        await driver.press("i")
        await driver.until(lambda: driver.app.screen is driver.explorer)


async def test_what_cannot_be_read_has_the_keys_that_help(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"no")
    async with running(path, size=NARROW) as driver:
        await driver.shows("o opens another model")
        last = driver.text.splitlines()[-1]
        assert "r reload" in last
        assert "filter" not in last
        write(path, gpt2())
        await click_text(driver, "reload", NARROW[1] - 1)
        await driver.loaded()
        await driver.shows("124,439,808", "/ filter")


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


async def test_p_shows_shares_of_the_module_above() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("E")
        # A layer's attention: 1.90 % of the model, a third of its layer.
        await driver.shows("% whole", "1.90")
        assert "33.33" not in driver.text
        await driver.press("p")
        await driver.shows("% above", "33.33")
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
        await driver.shows("7.1M", "h.0", "■ MLP 66.63 %  ● Attention 33.33 %  ▲ Layer norm 0.04 %")
        await driver.press("3")
        await driver.shows("weights", "50.00 % 19.2k")
        await driver.press("1")
        await driver.shows("0.03 %")


async def test_the_pane_key() -> None:
    async with exploring("gpt2") as driver:
        for key in ("tab", "shift+tab"):
            await driver.press(key)
            assert driver.explorer.query_one("#right").has_focus
            await driver.press(key)
            assert driver.tree.has_focus


async def test_o_opens_the_picker_and_esc_comes_back() -> None:
    async with exploring("gpt2") as driver:
        for key in ("o", "escape"):
            await driver.press(key)
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
    )
    async with running("gpt2", size=NARROW) as driver:
        for _ in range(2):
            for key in keys:
                await driver.press(key)
                if driver.app.screen is not driver.explorer or key == "slash":
                    await driver.press("escape")
        assert not driver.app._exit


# The details.


async def details(driver: Driver, label: str) -> str:
    await driver.on(label)
    facts = driver.explorer.query_one("#details")
    await driver.until(lambda: getattr(facts, "_path", "").endswith(label.rpartition(" ")[0] or label))
    return str(facts.render())


async def test_the_details_of_a_tensor_a_module_and_a_run() -> None:
    async with exploring("gpt2") as driver:
        assert await details(driver, "wte.weight") == (
            "transformer.wte.weight\n50257 × 768 · F32 · 154.4 MB · Embedding weight\n"
            "38,597,376 parameters · 31.02 % of the model · 31.02 % of transformer"
        )
        assert await details(driver, "ln_f") == (
            "transformer.ln_f\n2 tensors · 6.1 kB · 1,536 parameters · <0.01 % of the model\n<0.01 % of transformer"
        )
        assert await details(driver, RUN) == (
            "transformer.h.0–11\n12 modules alike of 7,087,872 parameters each\n"
            "85,054,464 parameters · 68.35 % of the model · 100.00 % of h"
            "\nAttention %: query 25.00, key 25.00, value 25.00, output 25.00"
        )


async def test_the_table_and_the_chart_follow_the_cursor() -> None:
    async with exploring("gpt2") as driver:
        await driver.on("h")
        await driver.shows("33.33 %", "66.63 %", "0.04 %")
        assert "31.65" not in driver.text
        await driver.on("ln_f")
        await driver.shows("Layer norm", "100.00 %")
        await driver.press("g")
        await driver.shows("31.65 %")


async def test_the_layers_view_follows_the_cursor() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("2")
        await driver.on("wte.weight")
        await driver.shows("No layers lie below this row.")
        await driver.on(RUN)
        await driver.shows("h.11", "● Attention 33.33 %")
        await driver.press("space", "down")
        await driver.shows("h.0")


# Sizes.


@pytest.mark.parametrize("size", [(49, 24), (80, 13), (20, 5), (1, 1)])
async def test_too_small_a_screen_says_so_and_recovers(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        if size[0] >= 24:
            await driver.shows("too small, 50x14 at least")
            assert "gpt2" not in driver.text
        await driver.press("j", "G", "2", "question_mark", "escape")
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("124,439,808", "transformer")
        assert "too small" not in driver.text
        await driver.pilot.resize_terminal(*size)
        await driver.pilot.resize_terminal(120, 36)
        await driver.shows("124,439,808", "transformer")


@pytest.mark.parametrize("key", ["x", "question_mark", "ctrl+p", "o", "slash"])
async def test_what_lies_over_the_explorer_bears_every_size(key: str) -> None:
    async with exploring("gpt2", NARROW) as driver:
        await driver.press(key)
        for size in ((1, 1), (3, 1), (5, 5), (7, 7), (12, 12), (1, 40), (200, 1), (20, 5)):
            await driver.pilot.resize_terminal(*size)
        await driver.pilot.resize_terminal(*NARROW)
        await driver.press("escape")
        await driver.shows("124,439,808")


async def test_on_the_least_screen_the_pane_in_use_has_the_room() -> None:
    async with exploring("gpt2", (50, 14)) as driver:
        await driver.shows("wte.weight")
        assert "Embedding" not in driver.text
        await driver.press("tab")
        await driver.shows("◆ Embedding         39.4M    31.65")
        await driver.press("tab")
        await driver.shows("wte.weight")


@pytest.mark.parametrize("size", [(50, 14), (60, 20), (109, 30), (110, 22), (200, 60), (300, 100)])
@pytest.mark.parametrize("view", ["1", "2", "3"])
async def test_every_size_shows_tree_and_totals(size: tuple[int, int], view: str) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.press(view)
        await driver.shows("gpt2  ", {"1": "45.54", "2": "■ MLP", "3": "19.2k"}[view])
        lines = driver.text.splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)


# The mouse.


async def click_text(driver: Driver, text: str, row: int) -> None:
    line = driver.text.splitlines()[row]
    assert await driver.pilot.click(offset=(line.index(text) + 1, row))


async def test_clicks_on_the_key_hints() -> None:
    async with exploring("gpt2") as driver:
        last = WIDE[1] - 1
        await click_text(driver, "help", last)
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape")
        await click_text(driver, "fold", last)
        assert "h.11" in driver.labels
        await click_text(driver, "sort", last)
        assert driver.labels[2] == "h"
        await click_text(driver, "share of", last)
        assert driver.tree.of_parent
        await click_text(driver, "views", last)
        await driver.shows("● Attention 33.33 %")
        await click_text(driver, "models", last)
        assert isinstance(driver.app.screen, PickerScreen)
        await driver.press("escape")
        await click_text(driver, "export", last)
        assert isinstance(driver.app.screen, ExportScreen)
        await driver.press("escape")
        await click_text(driver, "filter", last)
        assert driver.explorer.query_one("#filter").has_focus
        await driver.press("escape")
        await click_text(driver, "reload", last)
        await driver.loaded()
        await click_text(driver, "quit", last)
        await driver.until(lambda: driver.app._exit)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_clicks_on_the_views(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        for view, shown in (
            ("3 Weights", "50.00 % 19.2k"),
            ("2 Layers", "● Attention 33.33 %"),
            ("1 Shares", "31.65 %"),
        ):
            (row,) = [number for number, line in enumerate(driver.text.splitlines()) if "1 Shares" in line]
            await click_text(driver, view, row)
            await driver.shows(shown)


# Plain terminals.


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_ascii_everywhere(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size, ascii=True) as driver:
        for keys in (
            ["1"],
            ["2"],
            ["3"],
            ["E", "y"],
            ["tab"],
            ["slash", "h"],
            ["escape", "question_mark"],
            ["escape", "ctrl+p"],
            ["escape", "x"],
            ["enter"],
            ["escape", "o"],
            ["x", "l"],
        ):
            await driver.press(*keys)
            await driver.pilot.pause()
            assert driver.text.isascii(), keys


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with exploring("gpt2") as driver:
        assert driver.app.no_color
        for keys in (["1"], ["2"], ["3"], ["E"], ["question_mark"], ["escape", "x"], ["escape", "o"]):
            await driver.press(*keys)
            await driver.pilot.pause()
            for strip in driver.app.screen._compositor.render_strips():
                for segment in strip:
                    for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                        assert color is None or color.is_default or len(set(color.get_truecolor())) == 1, segment


async def test_the_arrows_change_the_view_in_the_right_pane() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("tab", "right")
        await driver.shows("Parameters a layer")
        await driver.press("h")
        await driver.shows("45.54 %")

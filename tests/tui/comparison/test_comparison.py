"""The comparison on the screen: loads, views, what-if, claims, and the ways to it and from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from core.checkpoint.gpt2 import BUILT_IN
from core.locate.location import Location
from core.study.groups import FAMILY, MAX_COMPARED_MODELS
from tests.support.checkpoints import Tensors, gpt2, write
from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model
from tests.support.screen import NARROW, PATIENCE, WIDE, Driver, SlowReader, load_threads, running
from tui.app import ExploreApp
from tui.comparison.screen import ComparisonScreen
from tui.dialogs.category_page import CategoryPageScreen
from tui.dialogs.help import HelpScreen
from tui.explorer.screen import ExplorerScreen
from tui.keys.comparison import COMPARISON_KEYS
from tui.palette import Palette
from tui.picker.screen import PickerScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mixed(folder: Path) -> list[str]:
    """Two GPT-2, a Llama-shaped, a Mixtral-shaped, a broken file."""
    write_model(folder / "llama", llama(LLAMA), LLAMA)
    write_model(folder / "mixtral", llama(MIXTRAL), MIXTRAL)
    (folder / "cut.safetensors").write_bytes((3000).to_bytes(8, "little") + b"{")
    return ["gpt2", "gpt2-xl", "./llama", "./mixtral", "./cut.safetensors"]


def screen(driver: Driver) -> ComparisonScreen:
    assert isinstance(driver.app.screen, ComparisonScreen)
    return driver.app.screen


async def read(driver: Driver) -> None:
    """Waits until no model is being read any more."""
    await driver.until(lambda: isinstance(driver.app.screen, ComparisonScreen))
    await driver.until(lambda: all(c.profile or "not read" in c.instead for c in screen(driver).columns))


def line_of(driver: Driver, label: str) -> list[str]:
    """A row of the table."""
    lines = [line for line in driver.text.splitlines() if line.lstrip(" ●■▲◆✦▼").startswith(label)]
    return lines[-1].split()


@SIZES
async def test_several_models_open_the_comparison(size: tuple[int, int]) -> None:
    async with running(*FAMILY, size=size) as driver:
        await read(driver)
        assert line_of(driver, "Attention")[-4:] == ["22.78", "28.40", "30.50", "31.58"]
        assert line_of(driver, "MLP  ")[-4:] == ["45.54", "56.77", "60.99", "63.14"]
        assert "4 models compared" in driver.text
        await driver.press("2")
        await driver.shows("+11.24", "1.9995", "1,557,611,200")


@SIZES
async def test_mixed_models_with_a_broken_one(size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, size=size) as driver:
        await read(driver)
        await driver.press("2", "right", "right", "right", "right")
        assert "46,702,792,704" in driver.text
        assert "8,030,261,248" in driver.text
        await driver.shows("not read: byte", "3,000 bytes")
        (name,) = [column.name for column in screen(driver).columns if not column.profile]
        assert name == "cut"
        await driver.press("1")
        await driver.shows("not read")
        await driver.press("5", "j", "left")
        await driver.shows("grouped")
        assert driver.app.failure is None


async def test_the_reason_in_a_column_is_broken_between_words_and_figures(folder: Path) -> None:
    (folder / "text.safetensors").write_bytes(b"2001 words, and no weight")
    async with running("gpt2", "./text.safetensors", size=NARROW) as driver:
        await read(driver)
        await driver.press("2")
        column = [line[34:].strip() for line in driver.text.splitlines()[3:17]]
        assert "safetensors" in column
        assert "8,245,940,422," in column


async def test_a_reason_with_wide_characters_moves_no_column_beside_it(folder: Path) -> None:
    header = '{"漢字漢字漢字漢字漢字漢字漢字漢字漢字": {"dtype": "F32", "shape": [3], "data_offsets": [0, 4]}}'.encode()
    (folder / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    async with running("gpt2", "./x.safetensors", "gpt2-xl", size=WIDE) as driver:
        await read(driver)
        await driver.press("2")
        await driver.shows("漢字漢字")
        rows = [line.rstrip() for line in driver.text.splitlines() if "漢" in line]
        assert len({cell_len(row) for row in rows}) == 1


async def test_the_table_tells_how_many_rows_are_out_of_view(mixed: list[str]) -> None:
    async with running(*mixed, size=NARROW) as driver:
        await read(driver)
        await driver.press("2")
        await driver.shows("1 more → · 15 ↓")
        await driver.press("G")
        await driver.shows("1 more → · ↑ 15")


async def test_a_claim_can_be_read_on_the_least_screen() -> None:
    async with study().run_test(size=(50, 14)) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", *["j"] * 7)
        await driver.shows("8 ✗ does not hold", "0.0199 to 0.0309 %")


async def test_a_claim_tells_what_its_symbols_are() -> None:
    async with study().run_test(size=NARROW) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", "j")
        await driver.shows("d: hidden size, the width of the model")


@pytest.mark.parametrize("view", "123456")
@pytest.mark.parametrize("ascii", [False, True])
@SIZES
async def test_every_view_fits_its_screen(view: str, ascii: bool, size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, *[n for n in FAMILY if n not in mixed], size=size, ascii=ascii) as driver:
        await read(driver)
        await driver.press(view, *["right"] * 6, "down", "b" if view == "1" else "up")
        lines = driver.text.splitlines()
        assert len(lines) == size[1]
        if ascii:
            # The tools that draw borders have their own classes for ASCII; all text is ours.
            assert all(line.isascii() for line in lines), driver.text
            assert r"\x" not in driver.text
            assert r"\u" not in driver.text


async def test_bars_are_grouped_stacked_and_absolute() -> None:
    async with running(*FAMILY) as driver:
        await read(driver)
        await driver.shows("share of each category, in percent")
        await driver.press("b")
        await driver.shows("stacked to 100 %")
        await driver.press("b")
        await driver.shows("on a log axis", "100.0M")
        await driver.press("b")
        await driver.shows("share of each category, in percent")


async def test_the_trend_tells_the_fixed_cost_from_what_grows() -> None:
    async with running("gpt2-xl", "gpt2") as driver:
        await read(driver)
        await driver.press("3")
        assert line_of(driver, "Outside layers")[-2:] == ["39,385,344", "82,052,800"]
        assert line_of(driver, "A layer")[-2:] == ["7,087,872", "30,740,800"]
        assert line_of(driver, "Layers")[-2:] == ["12", "48"]


async def test_the_norms_apart() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("4")
        await driver.shows("0.0309 %", "19.2k + 19.2k", "155.2k + 155.2k", "weights", "biases")


async def test_the_norms_of_twelve_models_are_all_in_view(folder: Path) -> None:
    names = [str(write(folder / f"m{n}.safetensors", gpt2(layers=n + 1))) for n in range(12)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        await driver.press("4")
        await driver.shows(*(f" m{n} " for n in range(12)), "█ weights ░ biases", "bias % of all")


async def test_a_long_formula_of_norms_leaves_the_columns_as_they_are_and_is_told_below(folder: Path) -> None:
    tensors: Tensors = {
        f"{stack}.block.{n}.{norm}_norm.weight": ("F32", (16,))
        for stack, norms in (("encoder", ("a", "b")), ("decoder", ("a", "b", "c")))
        for n in range(4)
        for norm in norms
    }
    tensors = {**tensors, "encoder.final_norm.weight": ("F32", (16,)), "shared.weight": ("F32", (50, 16))}
    names = [str(write(folder / f"m{n}.safetensors", tensors)) for n in range(5)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        await driver.press("4")
        formula = "4 × 2d + 4 × 3d + d"
        assert formula in driver.status
        assert line_of(driver, "it is")[2:7] == ["4", "×", "2d", "+", "4"]
        assert "1 more →" in driver.text
        await driver.press("d")
        await driver.press("d", "d")
        assert line_of(driver, "it is") == f"it is {formula} {formula}".split()


# The study.


def study(*models: str) -> ExploreApp:
    return ExploreApp([*FAMILY, *models], Palette(), study=True)


@SIZES
async def test_the_study_with_its_claims_beside_the_figure(size: tuple[int, int]) -> None:
    async with study().run_test(size=size) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.shows("The study: 4 models compared", "1 ✓ 2 ✓ 3 ✓ 4 ✓ 5 ◐ 6 ✗ 7 ◐ 8 ✗ 9 ✓")
        await driver.press("5", "G", "k")
        await driver.shows("8 ✗ does not hold", "0.0199 to 0.0309 %", "5 ◐ holds in part", "0.0241")
        await driver.press("g", "j")
        await driver.shows("8d² + 5d in the MLP and 4d² + 4d in attention")


async def test_the_verdicts_follow_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, shape in list(BUILT_IN.items()):
        monkeypatch.setitem(BUILT_IN, name, shape._replace(hidden_size=768))
    async with study().run_test(size=WIDE) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.shows("5 ✓ 6 ✓")


async def test_the_claims_are_asked_of_other_models_too(mixed: list[str]) -> None:
    async with study("./llama").run_test(size=WIDE) as pilot:
        driver = Driver(pilot)
        await read(driver)
        await driver.press("5", "j")
        await driver.shows("study's models", "other models", "4.2 times, by its gated MLP and grouped queries")


# What if.


@SIZES
async def test_what_would_96_layers_of_12288_be(size: tuple[int, int]) -> None:
    async with running("gpt2", "gpt2-xl", size=size) as driver:
        await read(driver)
        await driver.press("w", *"96", "space", *"12288", "space", *"50257", "space", *"2048", "enter")
        await driver.shows("What would 96 layers of 12,288 be?", "174,604,259,328", "GPT-3", "173,946,175,488")


@pytest.mark.parametrize("size", [(50, 14), NARROW, WIDE], ids=["50x14", "80x24", "120x36"])
async def test_every_category_of_what_if_is_in_view(size: tuple[int, int]) -> None:
    async with running("gpt2", "gpt2-xl", size=size) as driver:
        await read(driver)
        await driver.press("6", "p")
        await driver.shows("What would 24 layers of 1,024 be?", "gpt2-medium", "354,823,168", "52,511,744")


async def test_the_sliders_and_the_presets() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("right_square_bracket")
        await driver.shows("What would 16 layers of 768 be?")
        await driver.press("left_square_bracket", "right_curly_bracket")
        await driver.shows("What would 12 layers of 896 be?")
        await driver.press("left", "up")
        await driver.shows("What would 16 layers of 768 be?")
        await driver.press("p", "p", "p", "p")
        await driver.shows("174,604,259,328", "GPT-3")
        await driver.press("3", "right_square_bracket")
        await driver.shows("what if: 104 layers of 12,288", "(what if)")


async def test_what_is_no_shape_is_told_and_can_be_mended() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("w", *"many", "enter")
        await driver.shows("layers and width are wanted")
        await driver.press(*["backspace"] * 4, *"2 64", "enter")
        await driver.shows("What would 2 layers of 64 be?")
        await driver.press("w", "escape", "5")
        await driver.shows("does not hold")


# Loading.


class Held:
    """Models that are read as far as a test lets them, by name."""

    def __init__(self) -> None:
        self.all: list[SlowReader] = []
        self._readers: dict[str, list[SlowReader]] = {}

    def add(self, model: str, *batches: Tensors) -> SlowReader:
        """The reader of a model's next load."""
        reader = SlowReader(batches)
        self.all.append(reader)
        self._readers.setdefault(model, []).append(reader)
        return reader

    def open(self, location: Location) -> SlowReader:
        return self._readers[location.model].pop(0)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    found = Held()
    monkeypatch.setattr("tui.load.open_reader", found.open)
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0.0)
    yield found
    for reader in found.all:
        reader.let(1000)
    for thread in load_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread.name


async def test_each_model_fills_its_column_as_it_is_done(held: Held) -> None:
    first, second = held.add("gpt2", gpt2("gpt2")), held.add("gpt2-medium", gpt2("gpt2-medium"), {})
    async with running("gpt2", "gpt2-medium") as driver:
        await driver.press("2")
        second.let()
        await driver.shows("reading… 1 of")
        first.let(2)
        await driver.shows("124,439,808", "reading…")
        assert line_of(driver, "Biases")[-1] == "102,144"
        second.let(2)
        await driver.shows("354,823,168")
        assert line_of(driver, "Biases")[-2:] == ["102,144", "271,360"]


async def test_a_model_left_out_is_not_waited_for(held: Held) -> None:
    reader = held.add("gpt2", gpt2("gpt2"))
    held.add("gpt2-medium", gpt2("gpt2-medium")).let(2)
    async with running("gpt2", "gpt2-medium") as driver:
        await driver.shows("reading…")
        await driver.press("d")
        reader.let(5)
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium"]
        await driver.press("d", "d", "2", "3", "4", "5", "1")
        await driver.shows("m adds some")


async def test_reading_again_drops_what_the_older_load_says(held: Held) -> None:
    held.add("gpt2-xl", gpt2("gpt2-xl")).let(5)
    older, newer = held.add("gpt2", gpt2("gpt2")), held.add("gpt2", gpt2("gpt2-medium"))
    async with running("gpt2", "gpt2-xl") as driver:
        await driver.press("2", "r")
        newer.let(5)
        await driver.shows("354,823,168")
        older.let(5)
        await driver.pilot.pause(0.2)
        assert "354,823,168" in driver.text
        assert "124,439,808" not in driver.text


async def test_leaving_ends_the_loads(held: Held) -> None:
    readers = [held.add("gpt2", gpt2(), {}) for _ in range(2)]
    async with running("gpt2") as driver:
        await driver.press("m")
        await driver.until(lambda: isinstance(driver.app.screen, ComparisonScreen))
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen))
        for reader in readers:
            reader.let(1)  # a load sees at its next batch that it is not wanted
        await driver.until(lambda: len(load_threads()) == 1)


async def test_twelve_models_and_no_more(folder: Path) -> None:
    names = [str(write(folder / f"m{n}.safetensors", gpt2(layers=n + 1))) for n in range(14)]
    async with running(*names, size=NARROW) as driver:
        await read(driver)
        assert len(screen(driver).columns) == MAX_COMPARED_MODELS
        await driver.shows("12 models can be compared; left out: m12, m13")
        await driver.press("2", *["right"] * 11)
        await driver.shows(" m11")


# To it and from it.


async def test_m_in_the_picker_marks_and_enter_compares() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press("down", "m", "m")
        assert driver.status.startswith("2 marked: Enter compares them")
        assert "✓ gpt2-medium" in driver.text
        await driver.press("enter")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium", "gpt2-large"]


async def test_tab_in_the_picker_marks_whatever_was_typed() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press(*"medium", "tab", "escape", *"large", "tab")
        await driver.shows("2 marked: Enter compares them", "✓ gpt2-large")
        await driver.press("enter")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-medium", "gpt2-large"]


async def test_letters_typed_filter_even_an_m(folder: Path) -> None:
    write(folder / "mine.safetensors", gpt2(layers=1))
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press(*"mine")
        assert driver.status.startswith("1 of 5 models")
        await driver.press("down", "m", "escape", "enter")
        await read(driver)
        assert screen(driver).columns.models == ["./mine.safetensors", "gpt2"]


async def test_the_line_of_the_study_in_the_picker() -> None:
    async with running() as driver:
        await driver.until(lambda: "looking" not in driver.status)
        await driver.press(*"study", "enter")
        await read(driver)
        assert screen(driver).columns.models == list(FAMILY)
        await driver.shows("The study")
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen))


async def test_m_in_the_tree_compares_and_m_there_adds_more() -> None:
    async with running("gpt2-large") as driver:
        await driver.loaded()
        await driver.press("m")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-large"]
        await driver.press("m")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)
        await driver.press("enter")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2-large", "gpt2"]
        await driver.press("f")
        assert screen(driver).columns.models == ["gpt2", "gpt2-large"]
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen) and driver.app.screen.count)
        await driver.press("escape")
        await read(driver)
        await driver.press("escape")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-large"


async def test_esc_leads_to_the_picker_and_a_model_from_there_back() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)
        await driver.press("escape")
        await read(driver)
        await driver.press("o")
        await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)
        await driver.press("down", "down", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, ExplorerScreen) and driver.app.screen.count)
        await driver.press("m")
        await read(driver)
        assert screen(driver).columns.models == ["gpt2", "gpt2-xl", "gpt2-large"]


async def test_the_keys_are_in_the_help_and_the_commands() -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.shows("put the model first", "[ ]", "{ }")
        await driver.press("escape", "ctrl+p", *"trend", "enter")
        await driver.shows("Outside layers")


def test_what_keys_do_fits_into_the_list_of_commands_and_the_help() -> None:
    for key in COMPARISON_KEYS.rows:
        assert len(key.does) <= (52 if key.command else 56), key.does
        assert len(key.keys) < 18, key.keys


async def test_the_report_is_exported(folder: Path) -> None:
    async with running("gpt2", "gpt2-xl") as driver:
        await read(driver)
        await driver.press("x", "enter", "enter")
        await driver.until((folder / "comparison.md").exists)
        assert "| Attention: share % | 22.78 | 31.58 |" in (folder / "comparison.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [(50, 14), (49, 20), (60, 13), (200, 60)])
async def test_odd_sizes(size: tuple[int, int], mixed: list[str]) -> None:
    async with running(*mixed, size=size) as driver:
        await read(driver)
        for key in ("2", "3", "4", "5", "6", "1"):
            await driver.press(key, "down", "right")
        small = size[0] < 50 or size[1] < 14
        assert ("too small" in driver.text) == small
        await driver.pilot.resize_terminal(80, 24)
        await driver.shows("models compared")


# The page to learn from.


@pytest.mark.parametrize(
    ("downs", "wanted"),
    [
        (0, ("Attention in gpt2", "L × (4d² + 4d)", "12 × (4 × 768² + 4 × 768)", "12 × 2,362,368", "28,348,416")),
        (1, ("MLP in gpt2", "L × (8d² + 5d)", "56,669,184")),
        (2, ("Layer norm in gpt2", "L × 4d + 2d", "38,400")),
        (3, ("Embedding in gpt2", "Vd + nd", "50,257 × 768 + 1,024 × 768", "39,383,808")),
    ],
)
@SIZES
async def test_a_page_on_each_category(size: tuple[int, int], downs: int, wanted: tuple[str, ...]) -> None:
    async with running("gpt2", size=size) as driver:
        await driver.loaded()
        await driver.press("tab", *["down"] * downs, "question_mark")
        await driver.until(lambda: isinstance(driver.app.screen, CategoryPageScreen))
        await driver.shows(*wanted)


async def test_pages_can_be_turned() -> None:
    async with running("gpt2") as driver:
        await driver.loaded()
        await driver.press("tab", "question_mark")
        await driver.shows("Attention in gpt2")
        await driver.press("right")
        await driver.shows("MLP in gpt2")
        await driver.press("left", "left")
        await driver.shows("Embedding in gpt2")
        await driver.press("escape")
        await driver.press("tab", "question_mark")
        assert isinstance(driver.app.screen, HelpScreen)


async def test_a_page_in_the_comparison_is_on_the_chosen_model(mixed: list[str]) -> None:
    async with running(*mixed) as driver:
        await read(driver)
        await driver.press("2", "right", "right", "right", *["down"] * 6, "question_mark")
        await driver.shows("MLP in mixtral", "L × 3Edf", "32 × 3 × 8 × 4,096 × 14,336", "45,097,156,608")


async def test_shapes_without_a_formula_are_told_as_such(folder: Path) -> None:
    tensors = {"wte.weight": ("F32", (100, 24))}
    tensors |= {f"h.{n}.mlp.fc.weight": ("F32", (37, 41 + n)) for n in range(40)}
    write(folder / "odd.safetensors", tensors)
    async with running("./odd.safetensors") as driver:
        await driver.loaded()
        await driver.press("tab", "question_mark")
        await driver.shows("Its shapes make no short formula", "89,540", "37 × 80")


async def test_a_click_on_a_category_and_another_open_its_page() -> None:
    async with running("gpt2") as driver:
        await driver.loaded()
        await driver.pilot.click("#totals", offset=(3, 2))
        await driver.pilot.click("#totals", offset=(3, 2))
        await driver.shows("MLP in gpt2")

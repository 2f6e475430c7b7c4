"""The picker: what it lists, how it is filtered, and what it opens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, masks, write, write_hub, write_shards
from tests.support.screen import NARROW, WIDE, Driver, running
from tui.dialogs.commands import CommandScreen
from tui.dialogs.help import HelpScreen
from tui.picker.screen import PickerScreen
from tui.textual_fixes.options import SafeOptionList

STUDY = "The study: GPT-2 and nine claims"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(driver: Driver) -> list[str]:
    models = driver.app.screen.query_one("#models", SafeOptionList)
    return [str(option.prompt).strip("✓* ").split("  ")[0].strip() for option in models.options]


async def found(driver: Driver) -> None:
    """Waits until the search of files is over."""
    await driver.until(lambda: isinstance(driver.app.screen, PickerScreen) and "looking" not in driver.status)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_gpt2_and_enter_open_the_model(size: tuple[int, int]) -> None:
    async with running(size=size) as driver:
        await found(driver)
        await driver.press(*"gpt2", "enter")
        await driver.loaded()
        await driver.shows("22.78", "45.54", "0.03", "31.65", "124,439,808")


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("gpt2", "124,439,808"),
        ("gpt2-medium", "354,823,168"),
        ("gpt2-large", "774,030,080"),
        ("gpt2-xl", "1,557,611,200"),
    ],
)
async def test_each_built_in_model_is_listed_with_its_parameters_and_opens(model: str, parameters: str) -> None:
    async with running() as driver:
        await found(driver)
        line = next(line for line in driver.text.splitlines() if line.split()[:1] == [model])
        assert line.split() == [model, "built-in", parameters]
        await driver.press(*model, "enter")
        await driver.loaded()
        await driver.shows(parameters)


async def test_typing_at_once_is_not_lost() -> None:
    async with running() as driver:
        await driver.press(*"gpt2-xl", "enter")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-xl"


async def test_it_lists_files_folders_and_the_hub_cache(folder: Path, hub_cache: Path) -> None:
    write(folder / "one.safetensors", {"x": ("F32", (500,))})
    write(folder / "below" / "two.safetensors", {"x": ("F32", (5,))})
    write_shards(folder / "sharded", [{"a": ("F32", (5,))}, {"b": ("F32", (5,))}])
    write_hub(hub_cache, "org/name", {"model.safetensors": {"x": ("F32", (9,))}})
    async with running() as driver:
        await found(driver)
        assert options(driver)[4] == STUDY
        assert sorted(options(driver)[5:]) == [
            "./below/two.safetensors",
            "./one.safetensors",
            "./sharded",
            "org/name",
        ]
        await driver.shows(" 500 ")
        (line,) = [line for line in driver.text.splitlines() if "one.safetensors" in line]
        assert line.split()[1:] == ["here", "500", "2.1", "kB", "now"]
        (line,) = [line for line in driver.text.splitlines() if "org/name" in line]
        assert line.split()[1:3] == ["hub", "cache"]
        assert driver.status.startswith("8 of 8 models; files below ")
        await driver.press(*"shard", "enter")
        await driver.loaded()
        await driver.shows("10 parameters")


async def test_typing_filters_by_all_words() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press(*"PT2 la")
        assert options(driver) == ["gpt2-large"]
        assert driver.status.startswith("1 of 4 models")
        await driver.press("escape")
        assert len(options(driver)) == 4 + 1


async def test_what_is_not_listed_can_be_typed(folder: Path) -> None:
    write(folder / ".hidden" / "deep.safetensors", {"x": ("F32", (5,))})
    async with running() as driver:
        await found(driver)
        await driver.press(*"./.hidden/deep.safetensors")
        assert options(driver) == []
        assert "Enter opens what you typed" in driver.status
        await driver.press("enter")
        await driver.loaded()
        await driver.shows("5 parameters")


async def test_nothing_of_that_name_is_told_and_another_can_be_picked() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press(*"nonsense", "enter")
        await driver.shows("nonsense: neither a built-in model nor a path here")
        await driver.press("o")
        await found(driver)
        await driver.press("enter")
        await driver.loaded()


async def test_the_arrows_choose_and_stay_in_the_list() -> None:
    async with running() as driver:
        await found(driver)
        models = driver.app.screen.query_one("#models", SafeOptionList)
        await driver.press("down", "down")
        assert models.highlighted == 2
        await driver.press("pagedown")
        assert models.highlighted == 4
        await driver.press("pageup", "up")
        assert models.highlighted in (0, 4)
        await driver.press("pageup", "down", "enter")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-medium"


async def test_a_click_opens() -> None:
    async with running() as driver:
        await found(driver)
        (row,) = [number for number, line in enumerate(driver.text.splitlines()) if "gpt2-large" in line]
        assert await driver.pilot.click(offset=(5, row))
        await driver.loaded()
        assert driver.labels[0] == "gpt2-large"


async def test_esc_leaves_the_program_where_no_model_is_open() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("x", "escape")
        assert not driver.app._exit
        await driver.press("escape")
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_value == 0


async def test_help_and_commands_over_the_picker() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("f1")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.shows("filter the list")
        await driver.press("escape", "ctrl+p")
        assert isinstance(driver.app.screen, CommandScreen)
        await driver.press(*"open the", "enter")
        await driver.loaded()
        assert driver.labels[0] == "gpt2"


async def test_letters_that_are_keys_elsewhere_go_into_the_field() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press(*"q?o")
        assert isinstance(driver.app.screen, PickerScreen)
        assert driver.app.screen.query_one("#find").has_focus
        assert options(driver) == []


async def test_clicks_on_the_hints() -> None:
    async with running() as driver:
        await found(driver)
        line = driver.text.splitlines()[-1]
        assert await driver.pilot.click(offset=(line.index("help"), WIDE[1] - 1))
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape")
        assert await driver.pilot.click(offset=(line.index("open"), WIDE[1] - 1))
        await driver.loaded()


@pytest.mark.parametrize("ascii", [False, True])
async def test_hostile_file_names_are_listed_escaped_in_their_column(folder: Path, ascii: bool) -> None:
    names = ["\x1b[31mred", "[red]x[/red]", "a\nb", "注意力頭部" * 4, "é" * 20, "n" * 200, "e\u0301\u0302" * 10]
    for name in names:
        write(folder / f"{name}.safetensors", {"x": ("F32", (5,))})
    async with running(ascii=ascii) as driver:
        await found(driver)
        assert len(options(driver)) == 5 + len(names)
        assert r"\x1b[31mred.safetensors" in driver.text
        assert "[red]x[/red].safetensors" in driver.text
        assert r"a\nb.safetensors" in driver.text
        models = driver.app.screen.query_one("#models", SafeOptionList)
        strips = [models.render_line(y) for y in range(len(options(driver)))]
        columns = set()
        for strip in strips[5:]:
            text = strip.text
            at = text.index(" here ")
            columns.add(strip.crop(0, strip.cell_length).cell_length - _cells(text[at:]))
        assert len(columns) == 1
        await driver.press(*"red].safe", "enter")
        await driver.loaded()
        await driver.shows("5 parameters")


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


async def test_a_folder_that_cannot_be_read_is_passed_over(folder: Path) -> None:
    (folder / "closed").mkdir()
    os.chmod(folder / "closed", 0)
    write(folder / "open" / "x.safetensors", {**gpt2(prefix=""), **masks(2)})
    try:
        async with running() as driver:
            await found(driver)
            assert "./open/x.safetensors" in options(driver)
    finally:
        os.chmod(folder / "closed", 0o700)


async def test_many_files_are_listed_while_the_rest_is_sought(folder: Path) -> None:
    for number in range(230):
        write(folder / f"f{number}.safetensors", {"x": ("F32", (1,))})
    async with running(size=NARROW) as driver:
        await driver.press("pagedown", "pagedown", "pageup")
        await found(driver)
        assert len(options(driver)) == 4 + 1 + 230
        await driver.press(*"f229", "enter")
        await driver.loaded()


@pytest.mark.parametrize("width", [50, 66, 80])
async def test_names_keep_their_room_on_a_narrow_screen(width: int, tmp_path: Path) -> None:
    write(tmp_path / "a-model-of-mine.safetensors", gpt2())
    async with running(size=(width, 20)) as driver:
        await driver.shows("./a-model-of", "gpt2-medium ", "1,557,611,200")
        assert ("From" in driver.text) == (width > 50)
        assert ("On disk" in driver.text) == (width > 66)


# Order, the best match, names.


async def test_checkpoints_stand_in_natural_order_and_are_sorted_otherwise(folder: Path) -> None:
    for number, size in ((1000, 1), (500, 3), (20, 2)):
        path = write(folder / f"checkpoint-{number}" / "model.safetensors", {"x": ("F32", (size,))})
        os.utime(path, (10_000 + number, 10_000 + number))
    async with running() as driver:
        await found(driver)
        await driver.press(*"checkpoint")
        assert options(driver) == ["./checkpoint-20", "./checkpoint-500", "./checkpoint-1000"]
        await driver.shows("sort: natural")
        orders = {}
        for _ in range(4):
            await driver.press("ctrl+o")
            (order,) = [word for word in ("name", "size", "date", "parameters") if f"sort: {word}" in driver.text]
            orders[order] = [int(name.rpartition("-")[2]) for name in options(driver)]
        assert orders["name"] == [20, 500, 1000]
        assert orders["size"][-1] == 1000
        assert orders["date"] == [1000, 500, 20]
        assert orders["parameters"] == [500, 20, 1000]


async def test_the_best_match_is_chosen_and_opens() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("down", "down", *"gpt2")
        assert driver.line("#full").startswith("gpt2 ")
        await driver.press(*"xl")
        assert options(driver) == ["gpt2-xl"]
        await driver.press("enter")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-xl"


async def test_the_full_name_of_the_row_is_told_and_cut_names_differ(folder: Path) -> None:
    names = [f"a-long-name-of-a-run/of-somebody-else/with/checkpoint-{n}/final.safetensors" for n in (500, 1000)]
    for name in names:
        write(folder / name, {"x": ("F32", (5,))})
    async with running(size=NARROW) as driver:
        await found(driver)
        await driver.press(*"final")
        first, second = (name.removesuffix(" here") for name in options(driver))
        assert first != second
        assert "500" in first
        assert "1000" in second
        assert names[0] in driver.line("#full")
        assert names[0][-30:] in driver.text.replace("\n ", "")


async def test_what_other_tools_keep_is_listed_and_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_CACHE", str(folder / "cache"))
    write(folder / "cache" / "m.safetensors", {"x": ("F32", (7,))})
    monkeypatch.chdir(folder.parent)
    async with running() as driver:
        await found(driver)
        await driver.press(*"llama.cpp:m")
        await driver.shows("llama.cpp:m.safetensors", " 7 ")
        await driver.press("enter")
        await driver.loaded()
        await driver.shows("7 parameters")


# Tab.


async def test_tab_completes_a_path_that_is_typed_and_marks_elsewhere(folder: Path) -> None:
    for number in (500, 1000):
        write(folder / ".run" / f"checkpoint-{number}" / "model.safetensors", {"x": ("F32", (number,))})
    async with running() as driver:
        await found(driver)
        await driver.shows("Tab mark")
        await driver.press(*"./.r")
        await driver.shows("Tab complete the path")
        await driver.press("tab", "c", "tab", "tab")
        assert driver.status == "checkpoint-1000/  checkpoint-500/"
        await driver.press("5", "tab", "enter")
        await driver.loaded()
        await driver.shows("500 parameters")


async def test_two_at_least_are_compared() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("f2")
        assert driver.status == "Tab marks the models to compare, two at least"
        await driver.press("tab", "f2")
        await driver.until(lambda: not isinstance(driver.app.screen, PickerScreen))


# Coming back.


async def test_marks_filter_and_place_are_kept_when_one_comes_back() -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("tab", *"gpt2-", "down", "enter")
        await driver.loaded()
        await driver.press("escape")
        await found(driver)
        assert options(driver) == ["gpt2-medium", "gpt2-large", "gpt2-xl"]
        assert driver.status.startswith("1 marked")
        assert driver.line("#full").startswith("gpt2-large")
        await driver.press("enter")
        await driver.loaded()
        await driver.press("o")
        await found(driver)
        assert driver.status.startswith("1 marked: F2 compares it with the one chosen; 4 of 4 models")
        assert driver.line("#full").startswith("gpt2-large")
        await driver.press("escape")
        await driver.loaded()
        assert driver.labels[0] == "gpt2-large"


async def test_what_came_meanwhile_is_there_when_one_comes_back(folder: Path) -> None:
    async with running() as driver:
        await found(driver)
        await driver.press("enter")
        await driver.loaded()
        write(folder / "new.safetensors", {"x": ("F32", (5,))})
        await driver.press("escape")
        await driver.until(lambda: "./new.safetensors" in options(driver))

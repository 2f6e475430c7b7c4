"""Exports: what is written, where, and what is never overwritten unasked."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from textual.widgets import Input

from tests.support.checkpoints import write
from tests.support.screen import Driver, exploring
from tui.dialogs.export import ExportScreen, free_name
from tui.widgets.line import Line

FORMATS = ["csv", "json", "md", "layers.csv", "modules.csv", "tensors.csv", "svg"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def export(driver: Driver, ending: str) -> None:
    await driver.press("x", *["down"] * FORMATS.index(ending), "enter", "enter")
    await driver.until(lambda: not isinstance(driver.app.screen, ExportScreen))


def said(driver: Driver) -> str:
    return driver.app.screen.query_one("#said", Line).text


async def test_every_format_is_written(folder: Path) -> None:
    # On a narrow screen the notice of what was written before covers the figures.
    async with exploring("gpt2") as driver:
        for ending in FORMATS:
            await export(driver, ending)
            await driver.shows(f"written: gpt2.{ending}")
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"gpt2.{ending}" for ending in FORMATS)
    with (folder / "gpt2.csv").open(newline="") as file:
        categories = list(csv.DictReader(file))
    assert [row["category"] for row in categories] == ["attention", "mlp", "norm", "embedding"]
    assert sum(int(row["parameters"]) for row in categories) == 124_439_808
    (model,) = json.loads((folder / "gpt2.json").read_text())["models"]
    assert model["parameters"] == 124_439_808
    markdown = (folder / "gpt2.md").read_text()
    assert "| 22.78 |" in markdown
    assert "counted once" in markdown
    with (folder / "gpt2.tensors.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 148
    root = ElementTree.fromstring((folder / "gpt2.svg").read_text())
    shown = "".join(root.itertext()).replace("\xa0", " ")
    assert root.tag.endswith("svg")
    assert "45.54" in shown
    assert "124,439,808" in shown
    assert "Export" not in shown, "the picture shows what was on the screen before the question"


async def test_the_table_shown_is_that_of_the_row(folder: Path) -> None:
    async with exploring("gpt2") as driver:
        await driver.on("ln_f")
        await driver.rested()
        await export(driver, "csv")
        await export(driver, "layers.csv")
    (row,) = csv.DictReader((folder / "gpt2.csv").read_text().splitlines())
    assert (row["category"], row["parameters"]) == ("norm", "1536")
    rows = list(csv.DictReader((folder / "gpt2.layers.csv").read_text().splitlines()))
    assert sum(int(row["parameters"]) for row in rows) == 124_439_808


async def test_a_file_that_exists_has_another_name_proposed(folder: Path) -> None:
    (folder / "gpt2.csv").write_text("mine")
    (folder / "gpt2-2.csv").symlink_to("nowhere")
    async with exploring("gpt2") as driver:
        await export(driver, "csv")
        await driver.shows("written: gpt2-3.csv")
    assert (folder / "gpt2.csv").read_text() == "mine"
    assert not (folder / "nowhere").exists()
    assert free_name("gpt2", "csv") == "gpt2-4.csv"


async def test_a_file_that_exists_is_overwritten_only_when_asked_twice(folder: Path) -> None:
    (folder / "a").write_text("mine")
    (folder / "b").write_text("mine too")
    async with exploring("gpt2") as driver:
        await driver.press("x", "enter", *["backspace"] * 20, "a", "enter")
        await driver.until(lambda: "that file exists: Enter again overwrites it" in said(driver))
        assert (folder / "a").read_text() == "mine"
        # Another name is another question.
        await driver.press("backspace", "b", "enter")
        await driver.until(lambda: "exists" in said(driver))
        assert (folder / "b").read_text() == "mine too"
        await driver.press("enter")
        await driver.until(lambda: not isinstance(driver.app.screen, ExportScreen))
    assert (folder / "a").read_text() == "mine"
    assert (folder / "b").read_text().startswith("model,")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none/x.csv", "not written: No such file or directory"),
        ("..", "not written: that is a folder"),
        ("/proc/x.csv", "not written: "),
        ("  ", "a file name is wanted"),
        ("n" * 300, "not written: File name too long"),
    ],
)
async def test_what_cannot_be_written_is_told_in_a_sentence(path: str, reason: str, folder: Path) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("x", "enter")
        driver.app.screen.query_one("#path", Input).value = path
        await driver.press("enter")
        await driver.until(lambda: said(driver).startswith(reason))
        await driver.press("enter")
        await driver.pilot.pause()
        assert isinstance(driver.app.screen, ExportScreen)
        assert said(driver)
        await driver.press("escape")
        assert driver.app.screen_stack[-1] is driver.explorer
    assert list(folder.iterdir()) == []


async def test_a_folder_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    async with exploring("gpt2") as driver:
        await driver.press("x", "enter")
        # Tests may run as root, whom no mode keeps out.
        monkeypatch.setattr("tui.dialogs.whole_file.open", refusing, raising=False)
        await driver.press("enter")
        await driver.until(lambda: said(driver) == "not written: Permission denied")
    assert list(folder.iterdir()) == []


async def test_leaving_writes_nothing(folder: Path) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("x", "escape", "x", "enter", "escape")
        assert driver.app.screen_stack[-1] is driver.explorer
    assert list(folder.iterdir()) == []


async def test_enter_held_down_writes_once(folder: Path) -> None:
    async with exploring("gpt2") as driver:
        await driver.press("x", *["enter"] * 5)
        await driver.pilot.pause()
        assert not driver.app._exit
    assert [path.name for path in folder.iterdir()] == ["gpt2.csv"]


async def test_a_hostile_model_name_makes_a_tame_file_name(folder: Path) -> None:
    name = "a\x1b[31m [red]\n" + "n" * 100 + ".safetensors"
    write(folder / name, {"x\x1b": ("F32", (5,))})
    async with exploring(f"./{name}") as driver:
        for ending in FORMATS:
            await export(driver, ending)
    written = [path for path in folder.iterdir() if path.name != name]
    assert len(written) == len(FORMATS)
    for path in written:
        assert path.name.isascii()
        assert path.name.isprintable()
        assert len(path.name) < 90
        if path.suffix == ".svg":
            ElementTree.fromstring(path.read_text())

"""The page of the metadata: every key, values whole, arrays paged and searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkpoints import write
from tests.support.gguf_files import Value
from tests.support.gguf_files import write as write_gguf
from tests.support.screen import NARROW, WIDE, exploring
from tui.dialogs.metadata_page import MetadataScreen

TENSORS = {"blk.0.ffn_up.weight": ("F32", (2, 32))}
TEMPLATE = "{% for message in messages %}\n  {{ message }}\x1b[31m\n{% endfor %}\n" + "long " * 100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tokens = [f"t{n}" for n in range(20_000)]
    keys: dict[str, Value] = {
        "general.architecture": "llama",
        "tokenizer.chat_template": TEMPLATE,
        "tokenizer.ggml.tokens": tokens,
    }
    return write_gguf(tmp_path / "x.gguf", TENSORS, {**keys, **{f"more.{n}": n for n in range(60)}})


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_keys_are_listed_and_values_opened(file: Path, size: tuple[int, int]) -> None:
    async with exploring(file, size) as driver:
        await driver.press("9", "enter")
        await driver.shows("━ Metadata ━", "1 of 63 keys", "general.architecture", "[20,000 texts]")
        await driver.press("j", "enter")
        await driver.shows(
            "━ tokenizer.chat_template ━",
            "{% for message in messages %}",
            "   {{ message }}\\x1b[31m",
            "1 of ",
            " lines ━",
        )
        await driver.press("escape", "j", "enter")
        await driver.shows("1 of 20,000 elements", "t0", "t5")
        await driver.press("G")
        await driver.shows("20,000 of 20,000 elements", "19,999  t19999")
        await driver.press("g", "pagedown")
        await driver.shows("21  t21")
        await driver.press("escape")
        await driver.shows("3 of 63 keys")
        await driver.press("escape")
        await driver.shows("─ Types ─")


async def test_arrays_are_searched_in_both_directions(file: Path) -> None:
    async with exploring(file) as driver:
        await driver.press("9", "enter")
        await driver.shows("1 of 63 keys")
        await driver.press("j", "j", "enter")
        await driver.shows("1 of 20,000 elements")
        await driver.press("slash", *"T1999", "enter")
        await driver.shows("2,000 of 20,000 elements")
        await driver.press("n")
        await driver.shows("19,991 of 20,000 elements")
        await driver.press("N")
        await driver.shows("2,000 of 20,000 elements")
        await driver.press("slash", *"zz", "enter")
        await driver.shows("not found")
        await driver.press("escape")
        await driver.shows("2,000 of 20,000 elements")
        assert isinstance(driver.app.screen, MetadataScreen)


async def test_keys_are_searched_too(file: Path) -> None:
    async with exploring(file) as driver:
        await driver.press("9", "enter")
        await driver.shows("1 of 63 keys")
        await driver.press("slash", *"more.59", "enter")
        await driver.shows("63 of 63 keys")


async def test_a_file_that_went_is_told(file: Path) -> None:
    async with exploring(file) as driver:
        await driver.press("9")
        await driver.shows("─ Metadata ─")
        file.unlink()
        await driver.press("enter")
        await driver.shows("there is no such file")
        await driver.press("escape")
        await driver.shows("─ Types ─")


async def test_a_hostile_file_has_its_keys_escaped(tmp_path: Path) -> None:
    said = {"\x1b[2J[red]": "\u202e evil [bold]", "k" * 3_000: "v" * 30_000, "wide": "注意力" * 500}
    path = write(tmp_path / "x.safetensors", {"h.0.mlp.weight": ("F32", (2, 2))}, said)
    async with exploring(path, NARROW) as driver:
        await driver.press("9", "enter")
        await driver.shows("1 of 3 keys", "\\x1b[2J[red]", "\\u202e evil [bold]")
        await driver.press("j", "enter")
        await driver.shows("v" * 70)
        assert all(len(line) <= 80 for line in driver.text.splitlines())


async def test_without_metadata_there_is_no_page() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("9", "enter")
        await driver.shows("─ Types ─")
        assert driver.app.screen is driver.explorer

"""The view Facts and the line of facts: what a model is stored in, how it is built, what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.count.counter import count
from core.locate.location import locate
from core.readers.open_checkpoint import open_reader
from core.text.width import cells
from tests.support.checkpoints import experts, gpt2, masks, write, write_shards
from tests.support.gguf_files import mixtral
from tests.support.gguf_files import write as write_gguf
from tests.support.screen import NARROW, WIDE, exploring
from tui.explorer.facts_text import facts_text
from tui.palette import Palette


def lines_of(path: Path | str, width: int, palette: Palette | None = None) -> list[str]:
    counted = count(open_reader(locate(str(path))))
    return facts_text(counted, palette or Palette(), width).plain.split("\n")


def test_types_are_bars_of_bytes_with_bits_a_weight(tmp_path: Path) -> None:
    lines = lines_of(write(tmp_path / "x.safetensors", dict(experts(2, 64))), 80)
    (head,) = [line for line in lines if line.startswith("─ Types")]
    assert head.endswith(" bits a weight, scales included ─")
    (f8,) = [line for line in lines if line.startswith(" F8_E4M3 ")]
    (bf16,) = [line for line in lines if line.startswith(" BF16 ")]
    assert f8.split()[-5:] == ["8.01", "1,572,864", "384", "1.6", "MB"]
    assert f8.count("█") > 4 * bf16.count("█") > 0
    assert any("F8_E4M3: 1.5 kB of quantisation data (scales, zero points), in the size" in line for line in lines)
    assert not any("Types by category" in line for line in lines)


@pytest.mark.parametrize("width", [48, 60, 78, 118, 198])
@pytest.mark.parametrize("palette", [Palette(), Palette(ascii=True)], ids=["unicode", "ascii"])
def test_every_line_fits(width: int, palette: Palette, tmp_path: Path) -> None:
    tensors, metadata = mixtral()
    keys = {**metadata, "general.name": "n" * 900, "\x1b[31mkey": "注意力" * 90, "tokens": ["a"] * 9, "k" * 900: 1.5}
    paths = [
        write(tmp_path / "x.safetensors", {**dict(experts(2, 3)), **masks(2)}, {"format": "pt"}),
        write_gguf(tmp_path / "x.gguf", tensors, {**keys, **{f"more.{n}": n for n in range(30)}}),
        write_shards(tmp_path / "shards", [{f"h.{n}.mlp.weight": ("F32", (2, 2))} for n in range(9)]),
    ]
    for model in [*map(str, paths), "gpt2"]:
        for line in lines_of(model, width, palette):
            assert cells(line) <= width, line
            assert line.isprintable()
            assert line.isascii() or not palette.ascii


def test_metadata_and_files_are_told_in_part_and_how_many_more(tmp_path: Path) -> None:
    tensors, metadata = mixtral()
    lines = lines_of(write_gguf(tmp_path / "x.gguf", tensors, {**metadata, **{f"more.{n}": n for n in range(30)}}), 78)
    assert " 26 more; Enter: all of them, in full" in lines
    assert any(line.startswith("─ Metadata ─") and line.endswith(" 36 keys · the file's keys ─") for line in lines)
    shards = write_shards(tmp_path / "shards", [{f"h.{n}.mlp.weight": ("F32", (2, 2))} for n in range(9)])
    assert " and 3 more files" in lines_of(shards, 78)


def test_types_by_category_where_there_is_room(tmp_path: Path) -> None:
    lines = lines_of(write(tmp_path / "x.safetensors", dict(experts(2, 3))), 118)
    at = next(n for n, line in enumerate(lines) if line.startswith("─ Types by category"))
    heads = ["● Attention", "■ MLP", "✦ Router", "▲ RMSNorm", "◆ Embedding", "▼ Output head"]
    assert lines[at + 1].split() == " ".join(heads).split()
    table = {line.split()[0]: line.split()[1:] for line in lines[at + 2 : at + 4]}
    assert table["F8_E4M3"] == ["–", "73,728", "–", "–", "–", "–"]
    assert table["BF16"] == ["32,768", "–", "384", "128", "64,000", "64,000"]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_its_digit_opens_it_and_escape_leads_back(size: tuple[int, int]) -> None:
    async with exploring("gpt2", size) as driver:
        await driver.press("9")
        await driver.shows("─ Types ─", "32.00 bits a weight", "12 of 64", "─ Dimensions ─")
        assert "▸ ln_f" not in driver.text
        await driver.press("escape")
        await driver.shows("▸ ln_f")
        assert driver.tree.has_focus
        await driver.press("9", "2")
        await driver.shows("[2 Layers]", "Tree")


async def test_the_view_before_the_first_is_the_facts() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("tab", "left")
        await driver.shows("─ Types ─")


async def test_a_line_below_the_title_tells_facts_where_there_is_room() -> None:
    async with exploring("gpt2", WIDE) as driver:
        assert driver.text.splitlines()[1].startswith(
            " F32 · 32.00 bits a weight · 12 layers · width 768 · 12 heads of 64"
        )
        await driver.press("9")
        await driver.shows("─ Types ─")
        assert "9 Facts" in driver.text.splitlines()[1]
    async with exploring("gpt2", NARROW) as driver:
        assert "bits a weight" not in driver.text


async def test_a_reload_shows_the_facts_of_what_is_there_now(tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", gpt2(layers=2))
    async with exploring(path) as driver:
        await driver.press("9")
        await driver.shows("─ Files ─", "28 tensors · 214.2 MB")
        write(path, gpt2(layers=3))
        await driver.press("r")
        await driver.shows("─ Files ─", "40 tensors · 242.6 MB")

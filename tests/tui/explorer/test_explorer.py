"""The explorer: the figures that it is for, and every one of its keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, masks, write
from tests.support.screen import NARROW, WIDE, Driver, click_text, exploring, running
from tui.dialogs.about import AboutScreen
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
        await driver.shows("45.54")
        for label, share in (
            ("Attention", "22.78"),
            ("MLP", "45.54"),
            ("Layer norm", "0.03"),
            ("Embedding", "31.65"),
        ):
            assert re.search(rf"{label} +[▏▎▍▌▋▊▉█]+ +{share} +[\d,]+ ", driver.text), "beside its bar and its count"


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("model", PARAMETERS)
async def test_the_built_in_models_open(model: str, size: tuple[int, int]) -> None:
    async with exploring(model, size) as driver:
        await driver.shows(PARAMETERS[model], model, "GPT2LMHeadModel", "counted once")


async def test_a_published_file_shows_its_masks_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    async with exploring(path) as driver:
        await driver.shows("124,439,808", "not counted: 12,582,924 of buffers", "22.78")


@pytest.mark.parametrize(("size", "count"), [((55, 24), "40.0M"), (WIDE, "40,000,016")])
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
        await driver.until(lambda: "31.65" not in driver.text)
        await driver.shows("33.33", "66.63", "0.04")
        await driver.on("ln_f")
        await driver.shows("Layer norm", "100.00")
        await driver.press("g")
        await driver.shows("31.65")


async def test_the_layers_view_follows_the_cursor() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("2")
        await driver.on("wte.weight")
        await driver.shows("No layers lie below this row.")
        await driver.on(RUN)
        await driver.shows("h.11", "● Attention 33.33 %")
        await driver.press("space", "down")
        await driver.shows("h.0")

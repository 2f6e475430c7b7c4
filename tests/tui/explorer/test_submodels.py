"""Parts of a model, what is told apart in it, names that no rule knows, and other rules, on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.classify.user_rules import StudyRules, UserRules
from tests.support.checkpoints import LLAVA, experts, gpt2, write
from tests.support.screen import NARROW, WIDE, exploring, running

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])


@SIZES
async def test_the_model_row_tells_its_parts_and_what_is_told_apart(size: tuple[int, int], tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "llava.safetensors", LLAVA), size) as driver:
        await driver.rested()
        await driver.shows("Parts %: language_model 86.00, vision_tower", "Attention %: query 91.67, output 8.33")
        await driver.on("language_model")
        await driver.rested()
        await driver.shows("Attention %: query 100.00")
        assert "Parts %" not in driver.text


@SIZES
async def test_the_view_of_the_parts(size: tuple[int, int], tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "llava.safetensors", LLAVA), size) as driver:
        await driver.press("4")
        await driver.shows(
            "vision_tower ", "language_model ", "multi_modal_proj", "86.00 %", "Other: names that no rule"
        )
        await driver.shows("Other: names that no rule", "multi_modal_projector.gizmo")
        await driver.press("1")
        await driver.shows("Share %", "0.85")
        assert "Other: names" not in driver.text


async def test_a_model_of_one_stack_is_offered_no_view_of_its_parts() -> None:
    async with exploring("gpt2") as driver:
        await driver.press("4")
        await driver.shows("[1 Shares]")
        assert "4 Parts" not in driver.text
        await driver.press("3", "tab", "right")
        await driver.shows("[9 Facts]")
        await driver.press("left")
        await driver.shows("[3 Kinds]")


async def test_a_model_without_layers_is_offered_no_view_of_them(tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "x.safetensors", {"wte.weight": ("F32", (5, 3))})) as driver:
        await driver.press("2")
        await driver.shows("[1 Shares]─3 Kinds")


async def test_the_view_of_the_parts_goes_with_a_model_that_has_some(tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "llava.safetensors", LLAVA)) as driver:
        await driver.press("4")
        await driver.shows("[4 Parts]")
        driver.explorer.open("gpt2")
        await driver.shows("[1 Shares]", "GPT2LMHeadModel", "31.65")
        assert "4 Parts" not in driver.text


@SIZES
async def test_layers_of_two_stacks_have_both_their_names(size: tuple[int, int], tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "llava.safetensors", LLAVA), size) as driver:
        await driver.press("2")
        await driver.shows("vision_tower" if size == WIDE else "vision_tow", "language_model.layers.0")
        await driver.on("vision_tower")
        await driver.rested()
        assert "language_model.layers.0" not in driver.text


async def test_experts_and_shared_experts_stand_in_the_details(tmp_path: Path) -> None:
    tensors = {**dict(experts(2, 4)), "model.layers.1.mlp.shared_experts.up_proj.weight": ("BF16", (64, 30))}
    async with exploring(write(tmp_path / "x.safetensors", tensors)) as driver:
        await driver.rested()
        await driver.shows("MLP, of which experts 98.3k, shared experts 1.9k")


async def test_the_details_keep_their_height_from_row_to_row(tmp_path: Path) -> None:
    async with exploring(write(tmp_path / "llava.safetensors", LLAVA)) as driver:
        await driver.rested()

        def tabs() -> int:
            return next(n for n, line in enumerate(driver.text.split("\n")) if "1 Shares" in line)

        before = tabs()
        for _ in range(5):
            await driver.press("j")
            await driver.rested()
            assert tabs() == before


# Other rules.


@SIZES
async def test_the_studys_rules_are_said_and_kept_when_it_reads_again(size: tuple[int, int], tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {"LayerNorm.weight": ("F32", (7,)), "fc.weight": ("F32", (3, 1))})
    async with exploring(path, size, rules=StudyRules()) as driver:
        for _ in range(2):
            await driver.rested()
            await driver.shows("rules: study", "Embedding", "70.00")
            await driver.shows("categories by the study's rules")
            assert "RMSNorm" not in driver.text
            await driver.press("r")
            await driver.loaded()


async def test_a_users_rules_are_on_for_a_model_that_is_picked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.safetensors", {"h.3.thing": ("F32", (7,)), "h.4.thing": ("F32", (3,))})
    rules = UserRules("my-rules.toml", [("h.3.*", "router")])
    async with running(rules=rules) as driver:
        await driver.shows("rules: my-rules.toml", "mine.safetensors")
        await driver.press(*"mine", "enter")
        await driver.loaded()
        await driver.shows("rules: my-rules.toml", "Router", "70.00", "Other", "30.00")
        await driver.press("o")
        await driver.shows("rules: my-rules.toml", "type to filter")


async def test_without_rules_nothing_is_said_of_them() -> None:
    async with exploring("gpt2") as driver:
        await driver.rested()
        assert "rules" not in driver.text


async def test_gpt2_by_the_studys_rules_has_its_figures() -> None:
    async with exploring("gpt2", rules=StudyRules()) as driver:
        await driver.shows("28,348,416", "56,669,184", "38,400", "39,383,808")
        assert len(gpt2()) == 148

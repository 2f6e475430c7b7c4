"""Pictures of every view at the two sizes that it is made for; see CONTRIBUTING.md for how to read a difference."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.checkpoint.gpt2 import BUILT_IN
from core.classify.user_rules import Rules, StudyRules, UserRules
from tests.support.checkpoints import LLAVA, experts, gpt2, masks, write, write_shards
from tests.support.gguf_files import Value, mixtral
from tests.support.gguf_files import write as write_gguf
from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model
from tests.support.screen import NARROW, WIDE, Driver, SlowReaders
from tui.app import ExploreApp
from tui.comparison.screen import ComparisonScreen
from tui.explorer.screen import ExplorerScreen
from tui.palette import Palette

SnapCompare = Callable[..., bool]
Act = Callable[[Driver], Awaitable[None]]

pytestmark = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints to be in, whose own name is not in the pictures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", os.getcwd())  # the picker shows it as ~
    return tmp_path


Take = Callable[..., bool]


@pytest.fixture
def picture(snap_compare: SnapCompare, size: tuple[int, int]) -> Take:
    """Compares a picture of the screen with the one kept."""

    def take(
        *models: str,
        act: Act | None = None,
        keys: str = "",
        palette: Palette | None = None,
        theme: str = "",
        rules: Rules | None = None,
        study: bool = False,
    ) -> bool:
        async def before(pilot: Pilot[int]) -> None:
            driver = Driver(pilot)
            if theme:
                driver.app.theme = theme
            if not act:
                await (driver.loaded() if models else driver.until(lambda: "looking" not in driver.status))
            await driver.press(*keys.split())
            if act:
                await act(driver)
            await still(driver)

        app = ExploreApp(list(models), palette or Palette(), rules, study)
        return snap_compare(app, terminal_size=size, run_before=before)

    return take


async def still(driver: Driver) -> None:
    """Waits until nothing moves any more."""
    for field in driver.app.screen.query(Input):
        field.cursor_blink = False
    if any(isinstance(screen, ExplorerScreen) for screen in driver.app.screen_stack):
        await driver.rested()
    await driver.pilot.pause()
    # An app that has failed leaves a picture too, an empty one.
    assert driver.app.failure is None
    assert driver.text.strip()


# The explorer.


@pytest.mark.parametrize("row", ["root", "run", "tensor"])
@pytest.mark.parametrize("view", ["1", "2", "3"], ids=["shares", "layers", "kinds"])
def test_explorer(picture: Take, view: str, row: str) -> None:
    down = {"root": 0, "run": 5, "tensor": 2}[row]
    assert picture("gpt2", keys=f"{view} {'j ' * down}")


def test_explorer_with_layers_open(picture: Take) -> None:
    assert picture("gpt2", keys="j j j j j space j j space j j space j")


def test_explorer_of_a_large_model_sorted_by_size_with_shares_of_what_is_above(picture: Take) -> None:
    assert picture("gpt2-xl", keys="s p 2")


def test_explorer_of_a_file_with_masks(picture: Take, folder: Path) -> None:
    write(folder / "published.safetensors", {**gpt2(prefix=""), **masks(12)})
    assert picture("./published.safetensors", keys="E j j j j j")


def test_explorer_of_every_category(picture: Take, folder: Path) -> None:
    write(
        folder / "mixed.safetensors",
        {
            "model.embed_tokens.weight": ("BF16", (3000, 64)),
            "model.layers.0.self_attn.q_proj.weight": ("BF16", (64, 64)),
            "model.layers.0.self_attn.q_proj.lora_A.weight": ("BF16", (64, 8)),
            "model.layers.0.mlp.gate.weight": ("BF16", (8, 64)),
            "model.layers.0.mlp.experts.0.up_proj.weight": ("BF16", (64, 256)),
            "model.layers.0.input_layernorm.weight": ("BF16", (64,)),
            "model.layers.1.mixer.in_proj.weight": ("BF16", (64, 128)),
            "model.resnet.conv1.weight": ("BF16", (64, 16, 3, 3)),
            "model.layers.1.rotary_emb.inv_freq": ("F32", (32,)),
            "model.scale": ("F32", (64, 3)),
            "lm_head.weight": ("BF16", (3001, 64)),
        },
    )
    assert picture("./mixed.safetensors")


@pytest.mark.parametrize("view", ["1", "2", "4"], ids=["shares", "layers", "parts"])
def test_explorer_of_several_parts(picture: Take, folder: Path, view: str) -> None:
    write(folder / "llava.safetensors", LLAVA)
    assert picture("./llava.safetensors", keys=view)


@pytest.mark.parametrize("palette", [Palette(ascii=True), Palette(monochrome=True)], ids=["ascii", "monochrome"])
def test_parts_without_unicode_and_without_colour(picture: Take, folder: Path, palette: Palette) -> None:
    write(folder / "llava.safetensors", LLAVA)
    assert picture("./llava.safetensors", keys="4", palette=palette)


def test_parts_of_a_model_of_one_stack(picture: Take) -> None:
    assert picture("gpt2", keys="4")


def test_explorer_of_experts(picture: Take, folder: Path) -> None:
    shared = {"model.layers.1.mlp.shared_experts.up_proj.weight": ("BF16", (64, 30))}
    write(folder / "experts.safetensors", {**dict(experts(2, 4)), **shared})
    assert picture("./experts.safetensors")


def test_explorer_by_the_studys_rules(picture: Take) -> None:
    assert picture("gpt2", rules=StudyRules())


def test_picker_with_rules(picture: Take, folder: Path) -> None:
    checkpoints(folder)
    assert picture(rules=UserRules("my-rules.toml", [("*", "mlp")]))


def test_explorer_of_hostile_names(picture: Take, folder: Path) -> None:
    names = ["\x1b[31mred", "[red]x[/red]", "a\nb", "a\u202eb", "n" * 10_000, "注意力頭部", "🤖🧠", "e\u0301\u0302", ""]
    write(folder / "hostile.safetensors", {f"m.{name}": ("F32", (2, 3)) for name in names})
    assert picture("./hostile.safetensors", keys="E j j")


def write_tokens(folder: Path) -> None:
    tensors, metadata = mixtral()
    said: dict[str, Value] = {
        "general.name": "Mixtral 8x7B",
        "tokenizer.ggml.tokens": [f"token{n}" for n in range(3_000)],
        "tokenizer.chat_template": "{{ x }}\n" * 40,
    }
    write_gguf(folder / "mixtral.gguf", tensors, {**metadata, **said})


@pytest.mark.parametrize("model", ["gpt2", "./experts.safetensors", "./mixtral.gguf"], ids=["gpt2", "experts", "gguf"])
def test_facts(picture: Take, folder: Path, model: str) -> None:
    write(folder / "experts.safetensors", {**dict(experts(2, 64)), **masks(2)}, {"format": "pt"})
    write_tokens(folder)

    async def act(driver: Driver) -> None:
        await driver.loaded()
        await driver.press("9")
        await driver.shows("─ Types ─")

    assert picture(model, act=act)


@pytest.mark.parametrize("value", ["keys", "tokens", "template"])
def test_metadata(picture: Take, folder: Path, value: str) -> None:
    write_tokens(folder)

    async def act(driver: Driver) -> None:
        await driver.loaded()
        await driver.press("9", "enter")
        await driver.shows("1 of 9 keys", "general.name")
        if value != "keys":
            await driver.press(*"jjjjjjj" if value == "tokens" else "G", "enter")
            await driver.shows("token0" if value == "tokens" else "1 of 41 lines")

    assert picture("./mixtral.gguf", act=act)


def test_filter_open(picture: Take) -> None:
    assert picture("gpt2", keys="slash l n underscore 2")


def test_filter_kept(picture: Take) -> None:
    assert picture("gpt2", keys="slash h full_stop 1 enter n n")


# Loading.


def test_loading(picture: Take, slow_readers: SlowReaders) -> None:
    half = dict(list(gpt2().items())[:74])
    reader = slow_readers.add(half, gpt2())
    reader.let()

    async def act(driver: Driver) -> None:
        await driver.shows("reading… 1 of 2 shards, 74 tensors")

    assert picture("gpt2", act=act)


def test_cancelled(picture: Take, slow_readers: SlowReaders) -> None:
    half = dict(list(gpt2().items())[:74])
    reader = slow_readers.add(half, gpt2())
    reader.let()

    async def act(driver: Driver) -> None:
        await driver.shows("reading… 1 of 2 shards, 74 tensors")
        await driver.press("escape")
        await driver.shows("cancelled")

    assert picture("gpt2", act=act)


def test_error(picture: Take, folder: Path) -> None:
    (folder / "cut.safetensors").write_bytes((3000).to_bytes(8, "little") + b"{")

    async def act(driver: Driver) -> None:
        await driver.shows("cut.safetensors: byte 0", "o opens another model")

    assert picture("./cut.safetensors", act=act)


# Over it.


@pytest.mark.parametrize(
    "keys",
    ["question_mark", "ctrl+p", "ctrl+p t h e m e", "x"],
    ids=["help", "commands", "themes", "export"],
)
def test_dialogue(picture: Take, keys: str) -> None:
    assert picture("gpt2", keys=keys)


def test_export_of_a_file_that_exists(picture: Take, folder: Path) -> None:
    (folder / "a").touch()

    async def act(driver: Driver) -> None:
        await driver.loaded()
        await driver.press("x", "enter", *["backspace"] * 8, "a", "enter")
        await driver.shows("that file exists")

    assert picture("gpt2", act=act)


# The picker.


def checkpoints(folder: Path) -> None:
    write(folder / "gpt2-small.safetensors", gpt2(prefix=""))
    write(folder / "runs" / "step-1000.safetensors", gpt2(layers=2))
    write_shards(folder / "sharded", [gpt2(layers=3), {"x": ("F32", (3,))}])


def test_picker(picture: Take, folder: Path) -> None:
    checkpoints(folder)
    assert picture()


def test_picker_filtered(picture: Take, folder: Path) -> None:
    checkpoints(folder)
    assert picture(keys="g p t 2 minus")


def test_picker_with_nothing_found(picture: Take) -> None:
    assert picture(keys="o r g slash n a m e")


def test_picker_help(picture: Take) -> None:
    assert picture(keys="f1")


# Themes and terminals.


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "ansi-light"])
@pytest.mark.parametrize("view", ["1", "2", "3"], ids=["shares", "layers", "kinds"])
def test_theme(picture: Take, theme: str, view: str) -> None:
    assert picture("gpt2", theme=theme, keys=f"{view} j j j j j", palette=Palette(sixteen=theme.startswith("ansi")))


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
def test_picker_and_help_in_a_theme(picture: Take, theme: str, folder: Path) -> None:
    checkpoints(folder)
    assert picture(theme=theme, keys="down f1")


@pytest.mark.parametrize("view", ["1", "2", "3"], ids=["shares", "layers", "kinds"])
def test_ascii(picture: Take, view: str) -> None:
    assert picture("gpt2", palette=Palette(ascii=True), keys=f"{view} j j j j j")


def test_ascii_dialogue(picture: Take) -> None:
    assert picture("gpt2", palette=Palette(ascii=True), keys="x")


def test_ascii_picker(picture: Take, folder: Path) -> None:
    checkpoints(folder)
    assert picture(palette=Palette(ascii=True))


@pytest.mark.parametrize("view", ["1", "2", "3"], ids=["shares", "layers", "kinds"])
def test_without_colour(picture: Take, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture("gpt2", keys=f"{view} j j j j j", palette=Palette(monochrome=True))


def test_too_small(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    small = (49, size[1]) if size == NARROW else (size[0], 13)
    assert snap_compare(ExploreApp(["gpt2"], Palette()), terminal_size=small)


# The comparison and the study.


def compared(folder: Path) -> list[str]:
    """Two GPT-2, a Llama-shaped and a Mixtral-shaped model, and a file that cannot be read."""
    write_model(folder / "llama-3.1-8b", llama(LLAMA), LLAMA)
    write_model(folder / "mixtral-8x7b", llama(MIXTRAL), MIXTRAL)
    (folder / "cut.safetensors").write_bytes((3000).to_bytes(8, "little") + b"{")
    return ["gpt2", "gpt2-xl", "./llama-3.1-8b", "./mixtral-8x7b", "./cut.safetensors"]


def when_read(keys: str) -> Act:
    """Presses keys once all models are read."""

    async def act(driver: Driver) -> None:
        def read() -> bool:
            screen = driver.app.screen
            return isinstance(screen, ComparisonScreen) and all(
                column.profile or column.instead.startswith("not read") for column in screen.columns
            )

        await driver.until(read)
        await driver.press(*keys.split())

    return act


STUDY = list(BUILT_IN)


@pytest.mark.parametrize(
    "keys",
    ["1", "1 b", "1 b b", "2 j j j", "3", "4", "5 j j j j j", "6 p p p p", "6 w", "3 right_square_bracket"],
    ids=["shares", "stacked", "counts", "table", "trend", "norms", "claims", "what-if", "ask", "trend-what-if"],
)
def test_study(picture: Take, keys: str) -> None:
    assert picture(*STUDY, act=when_read(keys), study=True)


@pytest.mark.parametrize(
    "keys",
    ["1", "1 b", "2 right right right right", "3", "4", "5 j right right", "2 j j j j j j right right question_mark"],
    ids=["shares", "stacked", "table", "trend", "norms", "claims", "page"],
)
def test_comparison_of_mixed_models(picture: Take, folder: Path, keys: str) -> None:
    assert picture(*compared(folder), act=when_read(keys))


@pytest.mark.parametrize("keys", ["1", "1 b", "2", "3", "5", "6"])
def test_ascii_comparison(picture: Take, folder: Path, keys: str) -> None:
    assert picture(*compared(folder), act=when_read(keys), palette=Palette(ascii=True))


@pytest.mark.parametrize("keys", ["1", "1 b", "2 j j", "5"])
def test_comparison_without_colour(picture: Take, keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(*STUDY, act=when_read(keys), palette=Palette(monochrome=True), study=True)


@pytest.mark.parametrize("keys", ["1", "2 j j", "5"])
def test_comparison_in_a_light_theme(picture: Take, keys: str) -> None:
    assert picture(*STUDY, act=when_read(keys), theme="textual-light", study=True)


@pytest.mark.parametrize("keys", ["tab question_mark", "tab down down question_mark"], ids=["attention", "norm"])
def test_page_on_a_category(picture: Take, keys: str) -> None:
    async def act(driver: Driver) -> None:
        await driver.loaded()
        await driver.press(*keys.split())
        await driver.shows("How its size comes about")

    assert picture("gpt2", act=act)

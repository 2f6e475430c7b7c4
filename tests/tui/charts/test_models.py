"""The drawings of several models: none, and no category of them, is left out without a word."""

from __future__ import annotations

import re

import pytest

from core.classify.category import CATEGORIES
from core.count.counter import count
from core.profile.profile import ModelProfile
from core.text.numbers import short
from tests.support.charts import EVERY, lines_of
from tests.support.checkpoints import Tensors, gpt2
from tests.support.tensor_reader import TensorReader
from tui.charts.model_bars import Mode, ModelBars
from tui.charts.norm_bars import NormBars
from tui.charts.trend_lines import TrendLines
from tui.palette import Palette

MARKS = {shown.glyph for shown in CATEGORIES.values()}


def profile_of(name: str, tensors: Tensors) -> ModelProfile:
    return ModelProfile(count(TensorReader(tensors, name)))


def named(models: list[ModelProfile]) -> tuple[tuple[str, ModelProfile | None], ...]:
    return tuple((model.name, model) for model in models)


TWELVE = [profile_of(f"m{n:02}", EVERY if n % 2 else gpt2(layers=n + 1)) for n in range(12)]
CROWDED = [
    profile_of(f"model-{n:02}", gpt2(layers=layers)) for n, layers in enumerate((1, 2, 3, 9, 9, 9, 10, 30, 31, 32))
]


def at(line: str) -> list[tuple[int, str]]:
    """The words of a line and where they begin."""
    return [(match.start(), match[0]) for match in re.finditer(r"\S+", line)]


def beyond(line: str) -> int:
    """How many models lie out of view."""
    return sum(int(number) for number in re.findall(r"← (\d+)|(\d+) more →", line) for number in number if number)


# The trend.


@pytest.mark.parametrize("width", [30, 48, 78, 118, 198])
@pytest.mark.parametrize("apart", [None, 4, 9])
def test_a_size_and_a_name_that_stand_together_are_of_one_model(width: int, apart: int | None) -> None:
    lines = lines_of(TrendLines(tuple(CROWDED), None if apart is None else CROWDED[apart]), width, 14)
    sizes, names = at(lines[-3]), at(lines[-2])
    assert len(sizes) == len(names) >= 2
    told = [int(re.sub(r"\D", "", name)) for _, name in names]
    assert [size for _, size in sizes] == [short(CROWDED[n].parameters) for n in told]
    assert apart in told if apart is not None else {0, 9} <= set(told)
    for (size_at, size), (name_at, name), (after, _) in zip(sizes, names, [*names[1:], (width + 1, "")]):
        assert max(size_at, name_at) < min(size_at + len(size), name_at + len(name)), "one below the other"
        assert max(size_at + len(size), name_at + len(name)) < after


# Bars.


def shown_in(lines: list[str]) -> dict[str, set[str]]:
    """The models that have a row in each block, by the blocks' marks; blocks may stand beside each other."""
    found: dict[str, set[str]] = {}
    places: dict[int, str] = {}
    for line in lines:
        heads = [
            (match.start(), match[1]) for match in re.finditer(r"(?:^|(?<=  ))(\S) (?=\w)", line) if match[1] in MARKS
        ]
        places = {**places, **dict(heads)}
        for match in re.finditer(r"m\d\d(?= )", line):
            left = max(at for at in places if at <= match.start())
            found.setdefault(places[left], set()).add(match[0])
    return found


@pytest.mark.parametrize(("width", "height"), [(30, 20), (78, 13), (78, 20), (118, 26), (198, 40)])
@pytest.mark.parametrize("mode", ["grouped", "counts"])
def test_blocks_show_all_categories_of_the_models_in_view_and_tell_how_many_lie_beyond(
    width: int, height: int, mode: Mode
) -> None:
    for chosen, model in enumerate(TWELVE):
        lines = lines_of(ModelBars(named(TWELVE), mode, chosen), width, height)
        found = shown_in(lines)
        assert set(found) == MARKS
        (names,) = {frozenset(each) for each in found.values()}
        assert len(names) + beyond(lines[-1]) == 12
        assert model.name in names


def test_all_models_are_in_view_where_there_is_room() -> None:
    drawing = ModelBars(named(TWELVE), "grouped")
    lines = lines_of(drawing, 130, drawing.lines(130))
    assert all(names == {model.name for model in TWELVE} for names in shown_in(lines).values())


@pytest.mark.parametrize("width", [48, 78, 118])
def test_stacked_bars_have_one_order_for_all_models(width: int) -> None:
    shapes = [(9, 4, 2), (4, 9, 2), (2, 4, 9), (5, 5, 5)]
    models = [
        profile_of(
            f"m{n}", {name: ("F32", (side, 10)) for name, side in zip(("a.attn.w", "a.mlp.w", "wte.weight"), shape)}
        )
        for n, shape in enumerate(shapes)
    ]
    lines = lines_of(ModelBars(named(models), "stacked"), width, 30, Palette(ascii=True))
    stacks = [match[1] for line in lines if (match := re.match(r"[> ] m\d ([AME]+)$", line))]
    assert len(stacks) == 4
    assert all(re.fullmatch("M+A+E+", stack) for stack in stacks), "the largest of all models first"
    assert len({len(stack) for stack in stacks}) == 1
    assert lines[-1] == "M MLP  A Attention  E Embedding"


def test_stacks_have_their_figures_below_them() -> None:
    lines = lines_of(ModelBars(named([profile_of(f"m{n}", gpt2()) for n in range(12)]), "stacked"), 78, 26)
    assert sum(line.count("■ 45.54") for line in lines) == 12
    assert sum(line.count("▲ 0.03") for line in lines) == 12
    assert "too small to draw:  ▲ Layer norm" in lines[-1]


@pytest.mark.parametrize(("width", "whole"), [(110, True), (100, True), (60, False)])
def test_a_legend_names_all_or_says_that_it_does_not(width: int, whole: bool) -> None:
    models = tuple(TWELVE)
    for drawing in (ModelBars(named(TWELVE), "stacked"), TrendLines(models)):
        legend = lines_of(drawing, width, 14)[-1]
        assert all(shown.label in legend for shown in CATEGORIES.values()) == whole
        assert legend.endswith("…") != whole


# Norms.


@pytest.mark.parametrize(("width", "height"), [(48, 8), (78, 8), (78, 13), (78, 14), (118, 27)])
@pytest.mark.parametrize("chosen", [0, 5, 11])
def test_norms_show_all_models_or_tell_how_many_lie_beyond(width: int, height: int, chosen: int) -> None:
    lines = lines_of(NormBars(tuple(TWELVE), chosen), width, height)
    shown = [line.split()[0] for line in lines if re.match(r"m\d\d", line)]
    assert len(shown) + beyond(lines[-1]) == 12
    assert (len(shown) == 12) == (height >= 13)
    assert TWELVE[chosen].name in shown
    assert any("█ weights █ biases" in line for line in lines)

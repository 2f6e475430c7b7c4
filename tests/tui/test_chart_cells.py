"""The charts as the running app shows them: each mark lies where its value is, to an eighth of a cell."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from textual_plotext.plot import Plot

from core.count.labels import ordered_categories
from core.count.layer_totals import layers_below
from core.count.totals import Totals
from tests.support.cells import UPWARDS, Cell, Extent, cells_of, dots, eighths, extents, text_of_row
from tests.support.checkpoints import Tensors, write
from tests.support.comparison import read, screen
from tests.support.screen import NARROW, WIDE, Driver, exploring, running

# Each example opens the app: to look for a smaller one would take minutes.
PHASES = (Phase.explicit, Phase.generate)
EIGHTH = 1 / 8
GLYPHS = {"attention": "●", "mlp": "■", "embedding": "◆"}
# A mark is rounded to the nearest eighth, so that it lies within half of one; where three parts meet in a cell, which
# shows two, the one that gives way moves the others' border.
ALMOST = EIGHTH + 1e-9
WHERE_THREE_MEET = 3 * EIGHTH + 1e-9

Shape = list[tuple[int, int]]
SIZES = st.sampled_from([NARROW, WIDE])


def parameters(most: int) -> st.SearchStrategy[int]:
    """Counts of all magnitudes: what is drawn is large, small, and too small to be seen."""
    return st.integers(0, 4).flatmap(lambda power: st.integers(0, most * 10**power))


LAYERS = st.lists(st.tuples(parameters(9), parameters(9)), min_size=2, max_size=9)
MANY_LAYERS = st.lists(st.tuples(parameters(9), parameters(9)), min_size=32, max_size=45)


def model(layers: Sequence[tuple[int, int]], embedding: int, biases: int) -> Tensors:
    """Layers with attention and MLP of some size, biases of attention, and an embedding."""
    tensors = {"wte.weight": ("F32", (embedding, 1)), "h.0.attn.bias": ("F32", (biases,))}
    for number, (attention, mlp) in enumerate(layers):
        tensors[f"h.{number}.attn.weight"] = ("F32", (attention + 1, 1))
        tensors[f"h.{number}.mlp.weight"] = ("F32", (mlp + 1, 1))
    return {name: tensor for name, tensor in tensors.items() if all(tensor[1])}


def explored(tensors: Tensors, size: tuple[int, int], check: Callable[[Driver], Awaitable[None]]) -> None:
    """Opens a model on a screen and looks at it."""

    async def look() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with exploring(write(Path(folder) / "m.safetensors", tensors), size) as driver:
                await driver.rested()
                await check(driver)

    asyncio.run(look())


def row_with(rows: list[list[Cell]], text: str, left: int = 0) -> int:
    """The first row that has a text behind a column."""
    return next(number for number, row in enumerate(rows) if text in text_of_row(row)[left:])


def parts_of(totals: Totals) -> dict[str, int]:
    return {key: tally.parameters for key, tally in ordered_categories(totals)}


def check_stack(found: dict[str, Extent], parts: dict[str, int], whole: float, room: float) -> None:
    """Each border of a stack lies where its value is; what is not seen is less than a cell, and not the largest."""
    total = sum(parts.values())
    end = max(extent.end for extent in found.values())
    assert abs(end - max(total / whole * room, EIGHTH)) <= WHERE_THREE_MEET
    assert max(parts, key=lambda key: parts[key]) in found
    below = 0
    for key, held in parts.items():
        below += held
        if key in found and total / whole * room >= 1:
            assert abs(found[key].end - below / whole * room) <= WHERE_THREE_MEET
        else:
            assert held / whole * room < 1 or total / whole * room < 1


def bar_between(row: Sequence[Cell], left: int, right: int) -> dict[str, Extent]:
    return extents(eighths(row[left:right]))


def scale(row: Sequence[Cell], left: int) -> tuple[int, int, float]:
    """Of the labels above bars: the column where bars begin, the columns to the last label's edge, and its value."""
    labels = [
        (match.start(), match[0]) for match in re.finditer(r"[\d.]+(?= |$)", text_of_row(row)) if match.start() >= left
    ]
    start, last = labels[0], labels[-1]
    return start[0], last[0] + len(last[1]) // 2 - start[0], float(last[1])


@settings(max_examples=6, phases=PHASES)
@given(LAYERS, st.integers(1, 10**6), st.integers(1, 1000), SIZES)
def test_bars_of_shares_are_as_long_as_their_shares(
    layers: Shape, embedding: int, biases: int, size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        rows = cells_of(driver.app.screen)
        head = row_with(rows, "Share %")
        left = 0 if size == NARROW else 51
        title = text_of_row(rows[head]).index("Share %")
        start, room, top = scale(rows[head][: title - 1], left)
        totals = driver.explorer.model_load.totals
        for row, (key, tally) in enumerate(ordered_categories(totals), head + 1):
            part = 100 * tally.parameters / totals.parameters
            found = bar_between(rows[row], start, title)
            assert set(found) == {key}
            assert found[key].start == 0
            assert abs(found[key].end - max(part / top * room, EIGHTH)) <= ALMOST

    explored(model(layers, embedding, biases), size, check)


@settings(max_examples=6, phases=PHASES)
@given(LAYERS, st.integers(1, 10**4), st.integers(1, 1000), SIZES)
def test_bars_of_kinds_part_where_the_biases_begin(
    layers: Shape, embedding: int, biases: int, size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("3")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        head = row_with(rows, "Biases %")
        line = text_of_row(rows[head])
        start, end = line.index("weights"), line.index("biases") + len("biases")
        for row, (key, tally) in enumerate(ordered_categories(driver.explorer.model_load.totals), head + 1):
            found = bar_between(rows[row], start, end)
            border = (end - start) * tally.weights / tally.parameters
            assert set(found) == {each for each, held in ((key, tally.weights), ("biases", tally.biases)) if held}
            if tally.weights:
                assert abs(found[key].end - border) <= ALMOST

    explored(model(layers, embedding, biases), size, check)


@settings(max_examples=6, phases=PHASES)
@given(LAYERS, st.integers(1, 10**6), st.integers(1, 1000), SIZES)
def test_a_row_a_layer_is_as_long_as_its_parameters_and_parted_by_its_categories(
    layers: Shape, embedding: int, biases: int, size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("2")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        head = row_with(rows, "Parameters a layer")
        root, count = driver.outline.root, driver.explorer.count
        assert count
        found = layers_below([root], count.layers)
        left = text_of_row(rows[head + 1]).index("h.0") + len("h.0 ")
        largest = max(totals.parameters for _, totals in found)
        room = max(
            max(each.end for each in bar_between(rows[head + 1 + n], left, size[0]).values()) for n in range(len(found))
        )
        assert room == int(room)
        for row, (_, totals) in enumerate(found, head + 1):
            check_stack(bar_between(rows[row], left, left + int(room)), parts_of(totals), largest, room)

    explored(model(layers, embedding, biases), size, check)


@settings(max_examples=6, phases=PHASES)
@given(MANY_LAYERS, st.integers(1, 10**6), SIZES)
def test_upright_layers_are_as_high_as_their_parameters_and_ticks_are_even(
    layers: Shape, embedding: int, size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("2")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        axis = next(n for n, row in enumerate(rows) if "┬──" in text_of_row(row)[52 if size == WIDE else 0 :])
        first = text_of_row(rows[axis]).index("┬", 52 if size == WIDE else 0)
        ticks = {}
        for n in range(row_with(rows, "Parameters a layer") + 1, axis + 1):
            label = text_of_row(rows[n])[first - 7 : first].strip()
            if label:
                ticks[axis - n] = label
        heights = sorted(ticks)
        assert len({b - a for a, b in pairwise(heights)}) == 1, "ticks are even"
        assert ticks[0] == "0"
        unit = {"": 1, "k": 1e3, "M": 1e6}[re.sub(r"[\d.]", "", ticks[heights[-1]])]
        top = float(re.sub("[kM]", "", ticks[heights[-1]])) * unit
        count = driver.explorer.count
        assert count
        found = layers_below([driver.outline.root], count.layers)
        wide = max(1, min(12, (size[0] - first - 1) // len(found)))
        legend = next(text_of_row(row) for row in rows[axis + 2 :] if "Attention" in text_of_row(row))
        order = sorted(("attention", "mlp"), key=lambda key: legend.index(GLYPHS[key]))
        for number, (_, totals) in enumerate(found):
            column = [rows[row][first + number * wide] for row in range(axis - 1, axis - 1 - heights[-1], -1)]
            shown = extents(eighths(column, UPWARDS))
            parts = parts_of(totals)
            check_stack(shown, {key: parts[key] for key in order}, top, heights[-1])

    explored(model(layers, embedding, 0), size, check)


@settings(max_examples=6, phases=PHASES)
@given(LAYERS, st.integers(1, 10**6), st.integers(1, 1000), SIZES)
def test_bars_in_the_tree_and_of_a_layer_tell_their_split(
    layers: Shape, embedding: int, biases: int, size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        rows = cells_of(driver.app.screen)
        columns = driver.tree._columns
        left = columns.before_bar + 1
        for row, outlined in enumerate(driver.outline.rows[: driver.tree.size.height], driver.tree.region.y):
            parts = parts_of(outlined.item.totals())
            found = bar_between(rows[row], left, left + columns.bar)
            check_stack(found, parts, driver.outline.root.parameters, columns.bar)

    explored(model(layers, embedding, biases), size, check)


# The comparison.


def compared(tensors: Sequence[Tensors], size: tuple[int, int], check: Callable[[Driver], Awaitable[None]]) -> None:
    """Compares some models on a screen and looks at them."""

    async def look() -> None:
        with tempfile.TemporaryDirectory() as folder:
            paths = [write(Path(folder) / f"m{n}.safetensors", each) for n, each in enumerate(tensors)]
            async with running(*paths, size=size) as driver:
                await read(driver)
                await check(driver)

    asyncio.run(look())


MODELS = st.lists(st.tuples(LAYERS, st.integers(1, 10**6)), min_size=2, max_size=4).map(
    lambda drawn: [model(layers, embedding, 7) for layers, embedding in drawn]
)


@settings(max_examples=5, phases=PHASES)
@given(MODELS, SIZES)
def test_bars_of_models_are_as_long_as_their_shares_and_on_one_scale(
    models: list[Tensors], size: tuple[int, int]
) -> None:
    async def check(driver: Driver) -> None:
        rows = cells_of(driver.app.screen)
        profiles = screen(driver).columns.profiles
        head = next(n for n, row in enumerate(rows) if n > 1 and "● Attention" in text_of_row(row))
        assert "0 " in text_of_row(rows[head])
        second = text_of_row(rows[head]).find("◆", 1)
        start, room, top = scale(rows[head][: second if second > 0 else None], 1)
        for key, glyph in GLYPHS.items():
            block = next(n for n in range(head, len(rows)) if f"{glyph} " in text_of_row(rows[n]))
            shift = text_of_row(rows[block]).index(f"{glyph} ") - text_of_row(rows[head]).index("●")
            for row, profile in enumerate(profiles, block + 1):
                left = start + shift
                found = bar_between(rows[row], left, left + 60 if not shift else size[0])
                part = profile.percent(key)
                assert key in found if part else key not in found
                if part:
                    assert abs(found[key].end - max(part / top * room, EIGHTH)) <= ALMOST

    compared(models, size, check)


@settings(max_examples=5, phases=PHASES)
@given(MODELS, SIZES)
def test_a_stacked_bar_a_model_is_parted_by_its_categories(models: list[Tensors], size: tuple[int, int]) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("b")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        profiles = screen(driver).columns.profiles
        head = next(n for n, row in enumerate(rows) if re.fullmatch(r" +0 +25 +50 +75 +100 *", text_of_row(row)))
        start, room, _ = scale(rows[head], 0)
        sums = {key: sum(profile.percent(key) for profile in profiles) for key in GLYPHS}
        order = sorted(GLYPHS, key=lambda key: -sums[key])
        lines = [n for n in range(head + 1, len(rows)) if re.match(r" [▌ ] m\d ", text_of_row(rows[n]))]
        for row, profile in zip(lines, profiles):
            parts = {key: profile.tally(key).parameters for key in order if profile.tally(key).parameters}
            check_stack(bar_between(rows[row], start, start + room), parts, profile.parameters, room)

    compared(models, size, check)


@settings(max_examples=5, phases=PHASES)
@given(MODELS, SIZES)
def test_bars_of_counts_end_where_their_logarithm_is(models: list[Tensors], size: tuple[int, int]) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("b", "b")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        profiles = screen(driver).columns.profiles
        counts = [profile.tally(key).parameters for profile in profiles for key in GLYPHS]
        low = floor(log10(min(count for count in counts if count)))
        high = max(low + 1, ceil(log10(max(counts))))
        head = next(n for n, row in enumerate(rows) if n > 1 and "● Attention" in text_of_row(row))
        start = re.search(r"Attention +(?=\d)", text_of_row(rows[head]))
        assert start
        lengths: dict[float, float] = {}
        for row, profile in enumerate(profiles, head + 1):
            found = bar_between(rows[row], start.end(), start.end() + 60)
            lengths[log10(profile.tally("attention").parameters) - low] = found["attention"].end
        # The room of a bar is known by the longest one, to the eighth by which that may be off.
        longest = max(lengths)
        if longest:
            rooms = {
                room
                for room in range(1, 61)
                if room % (high - low) == 0
                and all(abs(end - max(part / (high - low) * room, EIGHTH)) <= ALMOST for part, end in lengths.items())
            }
            assert rooms

    compared(models, size, check)


@settings(max_examples=5, phases=PHASES)
@given(MODELS, SIZES)
def test_lines_of_the_trend_pass_through_their_models(models: list[Tensors], size: tuple[int, int]) -> None:
    async def check(driver: Driver) -> None:
        await driver.press("3")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        profiles = sorted(screen(driver).columns.profiles, key=lambda profile: profile.parameters)
        axis = next(n for n, row in enumerate(rows) if "┬" in text_of_row(row))
        line = text_of_row(rows[axis])
        left = line.index("┬") if profiles[0].parameters != profiles[-1].parameters else 15
        heights = {}
        for n in range(3, axis + 1):
            if match := re.match(r"( [●■▲◆] +[\d.]+| {9}) +([\d.]+) ", text_of_row(rows[n])[1:16]):
                heights[axis - n] = float(match[2])
        tops = sorted(heights)
        assert tops[0] == 0
        assert len({b - a for a, b in pairwise(tops)}) == 1, "ticks are even"
        columns = [at for at, mark in enumerate(line) if mark == "┬"]
        if len(columns) != len(profiles):
            return
        assert columns[0] == left
        for column, profile in zip(columns, profiles):
            for key in GLYPHS:
                value = profile.percent(key) / heights[tops[-1]] * tops[-1]
                near = [
                    (row + (dot + 0.5) / 4)
                    for row in range(tops[-1])
                    for _, dot in dots(rows[axis - 1 - row][column].text)
                ]
                assert not profile.tally(key).parameters or min(abs(each - value) for each in near) <= ALMOST

    compared(models, size, check)


@settings(max_examples=5, phases=PHASES)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300)), min_size=2, max_size=5))
def test_bars_of_norms_are_as_long_as_their_share(norms: list[tuple[int, int]]) -> None:
    models = [
        {"wte.weight": ("F32", (997, 1)), "h.0.ln_1.weight": ("F32", (weights,)), "h.0.ln_1.bias": ("F32", (biases,))}
        for weights, biases in norms
    ]
    shown: list[Tensors] = [{name: tensor for name, tensor in each.items() if all(tensor[1])} for each in models]

    async def check(driver: Driver) -> None:
        await driver.press("4")
        await driver.pilot.pause()
        rows = cells_of(driver.app.screen)
        profiles = screen(driver).columns.profiles
        most = max(profile.percent("norm") for profile in profiles)
        lines = [n for n, row in enumerate(rows) if re.match(r" m\d +[▏▎▍▌▋▊▉█]", text_of_row(row))]
        assert len(lines) == len(profiles)
        bars = [bar_between(rows[n], 19, 19 + 60) for n in lines]
        room = max(max(extent.end for extent in bar.values()) for bar in bars)
        for bar, profile in zip(bars, profiles):
            tally, length = profile.tally("norm"), profile.percent("norm") / most * room
            assert abs(max(extent.end for extent in bar.values()) - length) <= ALMOST
            if tally.biases:
                assert abs(bar["norm"].end - length * tally.weights / tally.parameters) <= 3 * EIGHTH / 2

    compared(shown, WIDE, check)


# What plotext draws.


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The pictures that plotext drew, as lines without colours."""
    pictures: list[list[str]] = []
    build = Plot.build

    def kept(self: Any) -> str:
        picture: str = build(self)
        pictures.append(re.sub(r"\x1b\[[\d;]*m", "", picture).split("\n"))
        return picture

    monkeypatch.setattr(Plot, "build", kept)
    return pictures


def drawn_by_plotext(driver: Driver, picture: Sequence[str]) -> float:
    """How much of a picture of plotext stands on the screen as it is: a part of its marks, 0 to 1."""
    lines = driver.text.splitlines()
    axis = next(line.rstrip() for line in picture if "┬" in line)
    row = next(n for n, line in enumerate(lines) if axis.strip() in line)
    top = row - next(n for n, line in enumerate(picture) if line.rstrip() == axis)
    left = lines[row].index(axis.strip()) - (len(axis) - len(axis.strip()))
    marks = [(n, at, mark) for n, line in enumerate(picture) for at, mark in enumerate(line) if mark != " "]
    same = [lines[top + n][left + at : left + at + 1] == mark for n, at, mark in marks]
    return sum(same) / len(same)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_plotext_draws_the_upright_layers_and_their_axes(built: list[list[str]], size: tuple[int, int]) -> None:
    async with exploring("gpt2-xl", size) as driver:
        await driver.rested()
        assert not built, "the first picture can do without it"
        await driver.press("2")
        await driver.shows("Parameters a layer")
        assert drawn_by_plotext(driver, built[-1]) > 0.95
        assert any("███" in line for line in built[-1])


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_plotext_draws_the_trend_and_its_axes(built: list[list[str]], size: tuple[int, int]) -> None:
    async with running("gpt2", "gpt2-xl", size=size) as driver:
        await read(driver)
        await driver.press("3")
        await driver.shows("along the model's size")
        assert drawn_by_plotext(driver, built[-1]) > 0.9, "all but the cells where lines cross"
        assert any("⠤" in line for line in built[-1])

"""When the chart is drawn: for other figures, another size or another theme, and for nothing else."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.support.screen import exploring
from tui.charts.category_table import CategoryTable
from tui.charts.chart import Canvas
from tui.palette import Palette


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The parameters of each drawing that was drawn."""
    redrawn: list[int] = []
    draw = CategoryTable.draw

    def counting(self: CategoryTable, canvas: Canvas) -> None:
        redrawn.append(self.totals.parameters)
        draw(self, canvas)

    monkeypatch.setattr(CategoryTable, "draw", counting)
    return redrawn


async def test_a_chart_is_drawn_once_for_the_same_figures(draws: list[int]) -> None:
    async with exploring("gpt2") as driver:
        await driver.shows("31.65")
        await driver.rested()
        draws.clear()
        await driver.press("down")
        await driver.rested()
        await driver.press("up")
        await driver.rested()
        await driver.press("p", "s", "s", "f", "f")
        await driver.rested()
        assert draws == [], "transformer holds what the model holds"
        await driver.on("ln_f")
        await driver.shows("100.00")
        await driver.rested()
        assert draws == [1536]


async def test_twenty_moves_at_once_draw_one_chart(draws: list[int]) -> None:
    async with exploring("gpt2") as driver:
        await driver.shows("31.65")
        await driver.press("E")
        await driver.rested()
        draws.clear()
        for _ in range(20):
            driver.tree.action_move(1)
        await driver.pilot.pause()
        assert driver.tree.cursor == 20
        await driver.rested()
        assert draws == [driver.row.item.parameters]


async def test_another_view_and_another_size_draw_anew(draws: list[int]) -> None:
    async with exploring("gpt2") as driver:
        await driver.shows("31.65")
        await driver.press("2")
        await driver.shows("● Attention 33.33 %")
        draws.clear()
        await driver.press("1")
        await driver.shows("31.65")
        assert draws == [], "the same picture as before"
        await driver.pilot.resize_terminal(130, 40)
        await driver.until(lambda: draws)
        assert set(draws) == {124_439_808}


async def test_the_numbers_and_their_bars_are_there_at_once(draws: list[int]) -> None:
    async with exploring("gpt2") as driver:
        assert "45.54" in driver.text
        assert "████████" in driver.text
        assert set(draws) <= {0, 124_439_808}


@pytest.mark.parametrize("name", ["plain", "中文", "e\u0301te\u0301", "\U0001f1e9\U0001f1ea中", "1\ufe0f\u20e3 👍🏽"])
def test_what_stands_behind_a_name_stands_in_its_column(name: str) -> None:
    canvas = Canvas(40, 2, Palette())
    canvas.words(name, 2, 0)
    canvas.words("behind", 20, 0)
    canvas.words(name, 34 - cell_len(name), 1)
    first, second, *_ = canvas.text().plain.split("\n")
    before, _, after = first.partition("behind")
    assert before.strip() == name
    assert (cell_len(before), after.strip()) == (20, "")
    assert cell_len(second.rstrip()) == 34

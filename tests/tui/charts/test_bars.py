"""The drawings: bars as long as what they stand for, each with its value beside it."""

from __future__ import annotations

import re

import pytest

from core.classify.category import CATEGORIES
from core.count.layer_totals import layers_below
from core.count.totals import Totals
from core.naming.layers import Layers
from tests.support.charts import EVERY, lines_of
from tests.support.checkpoints import Tensors, gpt2
from tests.support.tensor_reader import tree_of
from tui.charts.category_table import CategoryTable
from tui.charts.layer_bars import LayerBars
from tui.explorer.outline import Outline
from tui.palette import Palette

SIZES = [(16, 2), (26, 9), (63, 22), (78, 9), (150, 50)]


def totals_of(tensors: Tensors) -> Totals:
    return tree_of(tensors).totals()


GPT2 = totals_of(gpt2())
PARTS: Tensors = {
    "h.0.attn.c_attn.weight": ("F32", (8, 10)),
    "h.0.mlp.c_fc.weight": ("F32", (4, 10)),
    "wte.weight": ("F32", (20, 1)),
    "h.0.ln_1.weight": ("F32", (20,)),
}


def layers(tensors: Tensors) -> list[tuple[str, Totals]]:
    return layers_below([tree_of(tensors)], Layers(tensors))


# Shares.

EIGHTHS = " ▏▎▍▌▋▊▉█"


def length(bar: str) -> float:
    """How long a bar is, in cells."""
    return sum(1.0 if mark == "#" else EIGHTHS.index(mark) / 8 for mark in bar if mark != ".")


def bars(lines: list[str]) -> dict[str, tuple[float, str]]:
    """The length and the share of each labelled bar."""
    found: dict[str, tuple[float, str]] = {}
    for line in lines:
        if match := re.match(r"\S (\S+(?: \S+)?) +([▏▎▍▌▋▊▉█#.]*) +([\d.<]+)(?: |$)", line):
            found[match[1]] = length(match[2]), match[3]
    return found


@pytest.mark.parametrize(("width", "height"), SIZES[2:])
@pytest.mark.parametrize("ascii", [False, True])
def test_share_bars_are_in_proportion_and_have_their_values(width: int, height: int, ascii: bool) -> None:
    totals = totals_of(PARTS)
    found = bars(lines_of(CategoryTable(totals, totals), width, height, Palette(ascii)))
    assert {label: value for label, (_, value) in found.items()} == {
        "Attention": "50.00",
        "MLP": "25.00",
        "RMSNorm": "12.50",
        "Embedding": "12.50",
    }
    whole = found["Attention"][0]
    assert whole >= 2
    for label, percent in (("MLP", 25), ("RMSNorm", 12.5), ("Embedding", 12.5)):
        assert abs(found[label][0] - whole * percent / 50) <= (1 if ascii else 1 / 8)


def test_the_shares_of_gpt2_and_a_value_too_small_for_its_bar() -> None:
    found = bars(lines_of(CategoryTable(GPT2, GPT2), 63, 22))
    assert {label: value for label, (_, value) in found.items()} == {
        "Attention": "22.78",
        "MLP": "45.54",
        "Layer norm": "0.03",
        "Embedding": "31.65",
    }
    assert found["Layer norm"][0] == 1 / 8
    assert found["MLP"][0] / found["Attention"][0] == pytest.approx(2, abs=0.05)


def test_the_scale_goes_from_0_to_a_round_number() -> None:
    assert lines_of(CategoryTable(GPT2, GPT2), 66, 22)[0].split()[:4] == ["0", "25", "50", "%"]
    whole = totals_of({"h.0.mlp.c_fc.weight": ("F32", (3, 3))})
    scale, bar, *_ = lines_of(CategoryTable(whole, whole), 66, 22)
    assert scale.split()[:4] == ["0", "50", "100", "%"]
    edge = scale.index("100") + 1
    assert bar[edge - 1] == "█"
    assert bar[edge] == " "


@pytest.mark.parametrize("width", [16, 26, 40])
def test_each_bar_stands_in_the_row_of_its_category(width: int) -> None:
    lines = lines_of(CategoryTable(GPT2, GPT2), width, 9)
    assert [line[:1] for line in lines[1:5]] == ["●", "■", "▲", "◆"]
    assert width < 40 or [line.split()[-1] for line in lines[1:5]] == ["22.78", "45.54", "0.03", "31.65"]
    lines = lines_of(CategoryTable(GPT2, GPT2, kinds=True), width, 9)
    assert [line[:1] for line in lines[1:5]] == ["●", "■", "▲", "◆"]
    assert width < 40 or [line.split()[-2] for line in lines[1:5]] == ["0.13", "0.08", "50.00", "0.00"]


# Weights against biases.


def test_kind_bars_part_each_category_by_its_biases() -> None:
    totals = totals_of(
        {
            "h.0.attn.c_attn.weight": ("F32", (3, 10)),
            "h.0.attn.c_attn.bias": ("F32", (10,)),
            "wte.weight": ("F32", (20, 1)),
            "h.0.ln_1.weight": ("F32", (5,)),
            "h.0.ln_1.bias": ("F32", (5,)),
        }
    )
    lines = lines_of(CategoryTable(totals, totals, kinds=True), 65, 12, Palette(monochrome=True))
    assert lines[0].split()[:2] == ["weights", "biases"]
    parted = {}
    for line in lines[1:]:
        if match := re.match(r"\S (.+?) +(█*)(░*) +([\d.]+) +\d+ +(\d+)", line):
            parted[match[1]] = (len(match[2]), len(match[3]), f"{match[4]} % {match[5]}")
    room = sum(parted["Embedding"][:2])
    assert room >= 12
    assert parted == {
        "Attention": (room - room // 4, room // 4, "25.00 % 10"),
        "Layer norm": (room - room // 2, room // 2, "50.00 % 5"),
        "Embedding": (room, 0, "0.00 % 0"),
    }


@pytest.mark.parametrize(("palette", "end"), [(Palette(), "█▉"), (Palette(monochrome=True), "█░")])
def test_the_smallest_part_of_biases_is_seen(palette: Palette, end: str) -> None:
    (line,) = [line for line in lines_of(CategoryTable(GPT2, GPT2, kinds=True), 63, 12, palette) if "Attention" in line]
    assert re.search(rf"{end} +0\.13 +28,311,552 +36,864", line)


def test_kind_bars_in_ascii() -> None:
    table = CategoryTable(GPT2, GPT2, kinds=True)
    assert all(line.isascii() for line in lines_of(table, 63, 12, Palette(ascii=True)))


# Layers.


def layer_bars(tensors: Tensors, parameters: int | None = None) -> LayerBars:
    found = layers(tensors)
    return LayerBars(found, GPT2, sum(totals.parameters for _, totals in found) if parameters is None else parameters)


UNEVEN: Tensors = {
    **{f"h.{n}.mlp.weight": ("F32", (2, 2 * size)) for n, size in enumerate((16, 8, 4, 2))},
    **{f"h.{n}.attn.weight": ("F32", (2, 2 * size)) for n, size in enumerate((4, 2, 1, 2))},
}


UPWARDS = " ▁▂▃▄▅▆▇█"


def test_layer_bars_are_as_high_as_their_parameters() -> None:
    many = {name.replace("h.", f"h.{4 * n}"): shape for n in range(10) for name, shape in UNEVEN.items()}
    assert len(layers(many)) == 40
    lines = lines_of(layer_bars(many), 7 + 40 * 2, 25, Palette(monochrome=True))
    assert lines[0] == "Parameters a layer"
    axis = next(n for n, line in enumerate(lines) if "┬" in line)
    top = next(n for n, line in enumerate(lines) if line.split()[:1] == ["80"])
    rows = axis - top
    columns = ["".join(line.ljust(90)[left] for line in reversed(lines[top:axis])) for left in range(7, 15, 2)]
    for column, parameters in zip(columns, (80, 40, 20, 16)):
        assert len(column.strip()) == pytest.approx(rows * parameters / 80, abs=0.5)
        assert re.fullmatch("█+▓+", column.strip()), "the largest category at the bottom"
    assert lines[axis].split()[0] == "0"
    assert lines[-1] == "■█ MLP 76.92 %  ●▓ Attention 23.08 %"


def test_few_layers_have_a_row_each_with_their_figures() -> None:
    lines = lines_of(layer_bars(UNEVEN), 43, 6, Palette(monochrome=True))
    assert [line.split()[0] for line in lines[1:5]] == ["h.0", "h.1", "h.2", "h.3"]
    assert [line.split()[-1] for line in lines[1:5]] == ["80", "40", "20", "16"]
    room = len(lines[1].split()[1])
    for line, parameters in zip(lines[1:5], (80, 40, 20, 16)):
        bar = line.split()[1]
        assert len(bar) == pytest.approx(room * parameters / 80, abs=0.5)
        assert re.fullmatch("▓+█+", bar)


def test_what_lies_outside_the_layers_is_told() -> None:
    lines = lines_of(LayerBars(layers(gpt2()), GPT2, GPT2.parameters), 60, 20)
    assert lines[0] == "Parameters a layer; 39.4M outside layers not drawn"
    assert lines[-1].startswith("■ MLP 66.63 %")
    assert "● Attention 33.33 %" in lines[-1]
    assert lines[-1].partition("too small to draw: ")[2].strip().startswith("▲")


def test_layer_bars_in_ascii_are_made_of_letters() -> None:
    for height in (20, 12):
        lines = lines_of(layer_bars(gpt2()), 80, height, Palette(ascii=True))
        assert all(line.isascii() for line in lines)
        assert any("MMM" in line for line in lines)
        assert any("AAA" in line for line in lines)
        assert lines[-1] == "M MLP 66.63 %  A Attention 33.33 %  too small to draw:  N Layer norm 0.04 %"


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("count", [1, 12, 126, 500])
def test_any_number_of_layers_fits(width: int, height: int, count: int) -> None:
    assert lines_of(layer_bars({f"h.{n}.mlp.c_fc.weight": ("F32", (3, 3)) for n in range(count)}), width, height)


def test_no_layers_are_told() -> None:
    assert lines_of(LayerBars([], GPT2, 5), 60, 10)[0] == "No layers lie below this row."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m.0"),
        ("a\nb", r"a\nb.0"),
        ("[red]", "[red].0"),
        ("n" * 10_000, "nnn"),
    ],
    ids=["escape", "newline", "markup", "long"],
)
def test_hostile_names_of_layers_are_escaped(name: str, shown: str) -> None:
    tensors: Tensors = {f"{name}.{n}.{part}.weight": ("F32", (3, 3)) for n in range(9) for part in ("q", "k")}
    lines = lines_of(layer_bars(tensors), 100, 20)
    assert all(line.isprintable() for line in lines)
    assert lines[1].strip().startswith(shown)


# All of them.


@pytest.mark.parametrize("kinds", [False, True])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_and_everything_can_be_drawn(kinds: bool, width: int, height: int) -> None:
    nothing = lines_of(CategoryTable(Totals(), Totals(), kinds), width, height)
    assert kinds or width < 40 or "no parameters" in nothing[0]
    totals = totals_of(EVERY)
    assert len(totals.categories) == len(CATEGORIES)
    assert lines_of(CategoryTable(totals, totals, kinds), width, height)


@pytest.mark.parametrize("kinds", [False, True])
def test_drawings_are_equal_where_their_figures_are(kinds: bool) -> None:
    again = totals_of(gpt2())
    assert CategoryTable(GPT2, GPT2, kinds) == CategoryTable(again, again, kinds)
    assert CategoryTable(GPT2, GPT2, kinds) != CategoryTable(totals_of(PARTS), GPT2, kinds)
    assert CategoryTable(GPT2, GPT2, kinds) != CategoryTable(GPT2, GPT2, not kinds)
    assert layer_bars(gpt2()) == LayerBars(layers(gpt2()), again, layer_bars(gpt2()).parameters)
    assert layer_bars(gpt2()) != layer_bars(gpt2(layers=3))
    assert layer_bars(gpt2()) != layer_bars(gpt2(), 1)


def test_rows_of_an_outline_have_layers() -> None:
    outline = Outline(tree_of(gpt2()))
    names = {
        row.label: len(layers_below(getattr(row.item, "nodes", [row.item]), Layers(gpt2()))) for row in outline.rows
    }
    assert names == {
        "model": 12,
        "transformer": 12,
        "wte.weight": 0,
        "wpe.weight": 0,
        "h": 12,
        "h.0–11 ×12": 12,
        "ln_f": 0,
    }

"""The drawings: bars as long as what they stand for, each with its value beside it."""

from __future__ import annotations

import re

import pytest

from core.count.layer_totals import layers_below
from core.count.totals import Totals
from core.naming.layers import Layers
from tests.support.charts import EVERY, lines_of
from tests.support.checkpoints import Tensors, gpt2
from tests.support.tensor_reader import tree_of
from tui.charts.layer_bars import LayerBars
from tui.charts.share_bars import ShareBars
from tui.charts.weight_bias_bars import KindBars
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


def bars(lines: list[str], block: str = "█") -> dict[str, tuple[int, str]]:
    """The length and the value of each labelled bar."""
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        if match := re.fullmatch(rf"\S (.+?) +({block}*) ?([\d.<]+) %", line):
            found[match[1]] = len(match[2]), match[3]
    return found


@pytest.mark.parametrize(("width", "height"), SIZES[1:])
@pytest.mark.parametrize("ascii", [False, True])
def test_share_bars_are_in_proportion_and_have_their_values(width: int, height: int, ascii: bool) -> None:
    totals = totals_of(PARTS)
    found = bars(lines_of(ShareBars(totals, totals), width, height, Palette(ascii)), "#" if ascii else "█")
    assert {label: value for label, (_, value) in found.items()} == {
        "Attention": "50.00",
        "MLP": "25.00",
        "RMSNorm": "12.50",
        "Embedding": "12.50",
    }
    room = width - len("A Attention ") - len(" 100.00 %")
    for label, percent in (("Attention", 50), ("MLP", 25), ("RMSNorm", 12.5), ("Embedding", 12.5)):
        assert abs(found[label][0] - room * percent / 100) <= 0.5


def test_the_shares_of_gpt2_and_a_value_without_a_bar() -> None:
    found = bars(lines_of(ShareBars(GPT2, GPT2), 63, 22))
    assert {label: value for label, (_, value) in found.items()} == {
        "Attention": "22.78",
        "MLP": "45.54",
        "Layer norm": "0.03",
        "Embedding": "31.65",
    }
    assert found["Layer norm"][0] == 0
    assert found["MLP"][0] == round((63 - 13 - 9) * 0.4554)


def test_the_scale_goes_from_0_to_100() -> None:
    lines = lines_of(ShareBars(GPT2, GPT2), 63, 22)
    (scale,) = [line for line in lines if line.endswith("100 %")]
    assert scale.split() == ["0", "50", "100", "%"]
    whole = totals_of({"h.0.mlp.c_fc.weight": ("F32", (3, 3))})
    bar = lines_of(ShareBars(whole, whole), 63, 22)[0]
    assert bar == "■ MLP " + "█" * (63 - 6 - 9) + " 100.00 %"


@pytest.mark.parametrize("width", [16, 26, 40])
def test_beside_the_table_each_bar_stands_in_its_row(width: int) -> None:
    lines = lines_of(ShareBars(GPT2, GPT2, beside_table=True), width, 9)
    assert [line[:1] for line in lines[1:5]] == ["●", "■", "▲", "◆"]
    assert [line.split()[-2] for line in lines[1:5]] == ["22.78", "45.54", "0.03", "31.65"]
    lines = lines_of(KindBars(GPT2, GPT2, beside_table=True), max(width, 26), 9)
    assert [line[:1] for line in lines[1:5]] == ["●", "■", "▲", "◆"]
    assert [line.split("%")[0].split()[-1] for line in lines[1:5]] == ["0.13", "0.08", "50.00", "0.00"]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_whole_share_has_its_value_in_full(width: int, height: int) -> None:
    totals = totals_of({"h.0.ln_1.weight": ("F32", (3,)), "h.0.ln_1.bias": ("F32", (3,))})
    line = lines_of(ShareBars(totals, totals), width, height)[0]
    assert width < 24 or line.endswith("█ 100.00 %")


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
    lines = lines_of(KindBars(totals, totals), 65, 12)
    assert lines[0].split() == ["weights", "biases"]
    parted = {}
    for line in lines[1:]:
        if match := re.fullmatch(r"\S (.+?) +(█*)(░*) ([\d.]+ % [\d.k]+)", line):
            parted[match[1]] = (len(match[2]), len(match[3]), match[4])
    room = 65 - len("A Layer norm ") - 16
    assert parted == {
        "Attention": (room - room // 4, room // 4, "25.00 % 10"),
        "Layer norm": (room - room // 2, room // 2, "50.00 % 5"),
        "Embedding": (room, 0, "0.00 % 0"),
    }


def test_the_smallest_part_of_biases_is_seen() -> None:
    (line,) = [line for line in lines_of(KindBars(GPT2, GPT2), 63, 12) if "Attention" in line]
    assert line.endswith("█░ 0.13 % 36.9k")


def test_kind_bars_in_ascii() -> None:
    assert all(line.isascii() for line in lines_of(KindBars(GPT2, GPT2), 63, 12, Palette(ascii=True)))


# Layers.


def layer_bars(tensors: Tensors, parameters: int | None = None) -> LayerBars:
    found = layers(tensors)
    return LayerBars(found, GPT2, sum(totals.parameters for _, totals in found) if parameters is None else parameters)


UNEVEN: Tensors = {
    **{f"h.{n}.mlp.weight": ("F32", (2, 2 * size)) for n, size in enumerate((16, 8, 4, 2))},
    **{f"h.{n}.attn.weight": ("F32", (2, 2 * size)) for n, size in enumerate((4, 2, 1, 2))},
}


def test_layer_bars_are_as_high_as_their_parameters() -> None:
    assert [name for name, _ in layers(UNEVEN)] == ["h.0", "h.1", "h.2", "h.3"]
    lines = lines_of(layer_bars(UNEVEN), 7 + 4 * 9, 23, Palette(monochrome=True))
    assert lines[0] == "Parameters a layer"
    columns = ["".join(line[left : left + 1] for line in lines[1:21]) for left in (7, 16, 25, 34)]
    assert [column.count("█") for column in columns] == [16, 8, 4, 2], "the largest category at the bottom"
    assert [column.count("▓") for column in columns] == [4, 2, 1, 2]
    assert all(len(column.strip()) == height for column, height in zip(columns, (20, 10, 5, 4)))
    assert all(line.find("█") <= line.find("▓") or "▓" not in line for line in lines[:21] if "█" in line)
    assert lines[1].split()[0] == "80"
    assert lines[20].split()[0] == "0"
    assert lines[21].split() == ["h.0", "h.3"]
    assert lines[22] == "■█ MLP 76.92 %  ●▓ Attention 23.08 %"


def test_what_lies_outside_the_layers_is_told() -> None:
    lines = lines_of(LayerBars(layers(gpt2()), GPT2, GPT2.parameters), 60, 20)
    assert lines[0] == "Parameters a layer; 39.4M outside layers not drawn"
    assert lines[-1] == "■ MLP 66.63 %  ● Attention 33.33 %  ▲ Layer norm 0.04 %"


def test_layer_bars_in_ascii_are_made_of_letters() -> None:
    lines = lines_of(layer_bars(gpt2()), 60, 20, Palette(ascii=True))
    assert all(line.isascii() for line in lines)
    assert "MMM" in lines[-3]
    assert "AAA" in lines[2]
    assert lines[-1] == "M MLP 66.63 %  A Attention 33.33 %  N Layer norm 0.04 %"


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
    assert lines[18].strip().startswith(shown)


# All of them.


@pytest.mark.parametrize("kind", [ShareBars, KindBars])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_and_everything_can_be_drawn(kind: type[ShareBars] | type[KindBars], width: int, height: int) -> None:
    assert lines_of(kind(Totals(), Totals()), width, height)[0] == "no parameters"[:width]
    totals = totals_of(EVERY)
    assert len(totals.categories) == 9
    assert lines_of(kind(totals, totals), width, height)


@pytest.mark.parametrize("kind", [ShareBars, KindBars])
def test_drawings_are_equal_where_their_figures_are(kind: type[ShareBars] | type[KindBars]) -> None:
    again = totals_of(gpt2())
    assert kind(GPT2, GPT2) == kind(again, again)
    assert kind(GPT2, GPT2) != kind(totals_of(PARTS), GPT2)
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

"""Models side by side: one table for the screen, text, Markdown and CSV alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from core.classify.category import CATEGORIES
from core.count.labels import category_label
from core.count.totals import Totals
from core.profile.profile import ModelProfile
from core.text.numbers import decimals, exact, percent, share, size

Kind = Literal["count", "percent", "points", "ratio", "times", "size", "text"]
Cell = int | float | str | None


class ComparisonRow(NamedTuple):
    """A row of the comparison: one figure of every model.

    Attributes:
        key: its name for scripts.
        label: its name for people.
        kind: how its cells are shown.
        cells: one a model; None where it is not known.
        category: the category that it is of, or "".
        head: whether it is the first of its category, or begins a group of rows.
    """

    key: str
    label: str
    kind: Kind
    cells: list[Cell]
    category: str = ""
    head: bool = False

    def show(self, number: int) -> str:
        """A cell as people read it."""
        return cell_text(self.kind, self.cells[number])


def cell_text(kind: Kind, cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if kind == "percent":
        return percent(cell)
    if kind == "points":
        text = f"{abs(cell):.2f}"
        return text if text == "0.00" else ("+" if cell > 0 else "−") + text
    if kind in {"ratio", "times"}:
        return decimals(cell, 4 if kind == "ratio" and abs(cell) < 100 else 2)
    return size(int(cell)) if kind == "size" else exact(int(cell))


def compared_categories(totals: Iterable[Totals]) -> list[str]:
    """The categories that at least one of the models has, in the order of `CATEGORIES`."""
    present = {key for each in totals for key, tally in each.categories.items() if tally.parameters}
    return [key for key in CATEGORIES if key in present]


def common_label(category: str, totals: Iterable[Totals]) -> str:
    """A category's word where all models that have it say the same, else its general one."""
    labels = {category_label(category, each) for each in totals if category in each.categories}
    return labels.pop() if len(labels) == 1 else CATEGORIES[category].label


def comparison(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    """The table: a column a model, differences are from the first of them."""
    if not models:
        return []
    totals = [model.totals for model in models]
    rows = [ComparisonRow("parameters", "Parameters", "count", [model.parameters for model in models], head=True)]
    active = [model.active_parameters for model in models]
    if any(used != model.parameters for used, model in zip(active, models)):
        rows.append(ComparisonRow("active_parameters", "for one token", "count", list(active)))
    smallest = models[0].parameters
    times: list[Cell] = [model.parameters / smallest if smallest else None for model in models]
    rows.append(ComparisonRow("times_first", "times the first", "times", times))
    for key in compared_categories(totals):
        shares = [model.percent(key) for model in models]
        label = common_label(key, totals)
        counts: list[Cell] = [model.tally(key).parameters for model in models]
        rows.append(ComparisonRow(key, label, "count", counts, key, head=True))
        rows.append(ComparisonRow(f"{key}_percent", "share %", "percent", list(shares), key))
        if len(models) > 1:
            points: list[Cell] = [part - shares[0] for part in shares]
            rows.append(ComparisonRow(f"{key}_points", "points to 1st", "points", points, key))
    return rows + _ratios(models) + _kinds(models) + _build(models)


def _ratios(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    def ratio(over: str, under: str) -> list[Cell]:
        pairs = [(model.tally(over).parameters, model.tally(under).parameters) for model in models]
        return [top / bottom if bottom else None for top, bottom in pairs]

    rows = [
        ComparisonRow("mlp_to_attention", "MLP ÷ attention", "ratio", ratio("mlp", "attention"), head=True),
        ComparisonRow("embedding_to_attention", "embedding ÷ att.", "ratio", ratio("embedding", "attention")),
    ]
    return [row for row in rows if any(cell is not None for cell in row.cells)]


def _kinds(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    wholes = [model.totals.whole for model in models]
    return [
        ComparisonRow("weights", "Weights", "count", [whole.weights for whole in wholes], head=True),
        ComparisonRow("biases", "Biases", "count", [whole.biases for whole in wholes]),
        ComparisonRow("bytes", "Size", "size", [whole.bytes for whole in wholes]),
    ]


def _build(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    facts: list[tuple[str, str, Callable[[ModelProfile], Cell]]] = [
        ("layers", "Layers", lambda model: model.dimensions.layers),
        ("hidden_size", "Hidden size", lambda model: model.dimensions.hidden_size),
        ("heads", "Heads", lambda model: model.dimensions.heads),
        ("key_value_heads", "Key/value heads", lambda model: model.dimensions.key_value_heads),
        ("vocabulary", "Vocabulary", lambda model: model.dimensions.vocabulary),
        ("context", "Context", lambda model: model.dimensions.context),
        ("experts", "Experts a layer", lambda model: model.dimensions.experts),
        ("experts_used", "used for a token", lambda model: model.dimensions.experts_used),
    ]
    rows = [ComparisonRow(key, label, "count", [fact(model) for model in models]) for key, label, fact in facts]
    known = [row for row in rows if any(cell is not None for cell in row.cells)]
    heads = next((row.cells for row in rows if row.key == "heads"), [])
    known = [row for row in known if row.key != "key_value_heads" or row.cells != heads]
    return [row._replace(head=number == 0) for number, row in enumerate(known)]


def trend(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    """What is there once, whatever the number of layers, and what grows with it; the smallest model first.

    The columns are the models by size, see `by_size`.
    """
    models = by_size(models)
    inside = [model.parameters - model.outside for model in models]
    each: list[Cell] = [held / len(model.layers) if model.layers else None for held, model in zip(inside, models)]
    rule: list[Cell] = [
        12 * model.dimensions.hidden_size**2 if model.dimensions.hidden_size and model.layers else None
        for model in models
    ]
    return [
        ComparisonRow("parameters", "Parameters", "count", [model.parameters for model in models], head=True),
        ComparisonRow("outside_layers", "Outside layers", "count", [model.outside for model in models]),
        ComparisonRow("outside_layers_percent", "share %", "percent", [share(m.outside, m.parameters) for m in models]),
        ComparisonRow("in_layers", "In layers", "count", list(inside)),
        ComparisonRow(
            "in_layers_percent", "share %", "percent", [share(n, m.parameters) for n, m in zip(inside, models)]
        ),
        ComparisonRow("layers", "Layers", "count", [len(model.layers) for model in models]),
        ComparisonRow("per_layer", "A layer", "count", each),
        ComparisonRow("twelve_d_squared", "by the rule 12d²", "count", rule),
    ]


def norms(models: Sequence[ModelProfile]) -> list[ComparisonRow]:
    """The norms apart: count, share, weights against biases."""
    tallies = [model.tally("norm") for model in models]
    wholes = [model.totals.whole for model in models]

    def bias_share(tallies: Iterable[tuple[int, int]]) -> list[Cell]:
        return [share(biases, held) if held else None for biases, held in tallies]

    formulas = [model.formula("norm") for model in models]
    return [
        ComparisonRow("norm", "Norm", "count", [tally.parameters for tally in tallies], "norm", head=True),
        ComparisonRow("norm_formula", "it is", "text", [f.text() if f else None for f in formulas], "norm"),
        ComparisonRow("norm_percent", "share %", "ratio", [model.percent("norm") for model in models], "norm"),
        ComparisonRow("norm_weights", "weights", "count", [tally.weights for tally in tallies], "norm"),
        ComparisonRow("norm_biases", "biases", "count", [tally.biases for tally in tallies], "norm"),
        ComparisonRow(
            "norm_bias_percent",
            "bias % of norm",
            "percent",
            bias_share((tally.biases, tally.parameters) for tally in tallies),
            "norm",
        ),
        ComparisonRow(
            "bias_percent",
            "bias % of all",
            "percent",
            bias_share((whole.biases, whole.parameters) for whole in wholes),
        ),
    ]


def by_size(models: Iterable[ModelProfile]) -> list[ModelProfile]:
    """The models by their parameters, the smallest first."""
    return sorted(models, key=lambda model: model.parameters)

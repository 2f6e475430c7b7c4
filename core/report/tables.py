"""A count as a table, one for text, CSV and Markdown alike: what the columns are, and a row's cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from core.classify.category import CATEGORIES
from core.count.counter import Count
from core.count.labels import category_label, ordered_categories
from core.count.totals import Totals
from core.report.results import MAX_UNRECOGNISED_NAMES, By
from core.text.escape import escaped
from core.text.numbers import exact, percent, plural, share, size

Cell = str | int | float


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        key: its name in CSV.
        title: its name for people; "" for a column that only scripts see.
        kind: what its cells are: text, a category's key, a count, a share in percent, a size in bytes.
    """

    key: str
    title: str
    kind: Literal["text", "category", "count", "percent", "size"] = "text"

    @property
    def is_number(self) -> bool:
        """Whether its cells are aligned right."""
        return self.kind in {"count", "percent", "size"}


class Row(NamedTuple):
    """One row: a cell a column, the category it is of ("" if of several), and how far its name is set in."""

    cells: tuple[Cell, ...]
    category: str = ""
    depth: int = 0


class Table(NamedTuple):
    """Columns, and the rows as they come.

    Attributes:
        columns: from the left.
        rows: in the order of the model.
        totals: they decide what its categories are called.
        optional: titles of columns that go first where there is no room, in this order; then names are cut shorter.
        name_width: how wide the first column may be in text.
        output: the option whose output has all columns.
    """

    columns: tuple[Column, ...]
    rows: Iterator[Row]
    totals: Totals
    optional: tuple[str, ...] = ()
    name_width: int = 34
    output: str = "--csv"

    def show(self, column: Column, cell: Cell) -> str:
        """A cell as people read it, every character printable."""
        if isinstance(cell, str):
            return category_label(cell, self.totals) if column.kind == "category" else escaped(cell)
        if column.kind == "percent":
            return percent(cell)
        return size(int(cell)) if column.kind == "size" else exact(int(cell))


_PARAMETERS = Column("parameters", "Parameters", "count")
_PERCENT = Column("percent", "Share %", "percent")
_WEIGHTS = Column("weights", "Weights", "count")
_BIASES = Column("biases", "Biases", "count")
_TENSORS = Column("tensor_count", "Tensors", "count")
_BYTES = Column("bytes", "Size", "size")


def table_of(count: Count, by: By, depth: int | None = None) -> Table:
    """The table of a count.

    Args:
        count: the model.
        by: what a row is.
        depth: how deep, with modules; None for all.
    """
    if by == "category":
        return category_table(count.totals)
    if by == "module":
        return _by_module(count, depth)
    return _by_layer(count) if by == "layer" else _by_tensor(count)


def category_table(totals: Totals) -> Table:
    """The categories of a model, or of one of its modules, as a table."""
    whole = totals.parameters
    columns = (
        Column("category", "Category", "category"),
        *(_PARAMETERS, _PERCENT, _WEIGHTS, _BIASES, _TENSORS, _BYTES),
    )
    rows = (
        Row(
            (
                *(key, tally.parameters, share(tally.parameters, whole)),
                *(tally.weights, tally.biases, tally.tensor_count, tally.bytes),
            ),
            key,
        )
        for key, tally in ordered_categories(totals)
    )
    return Table(columns, rows, totals)


def _by_layer(count: Count) -> Table:
    from core.count.layer_totals import layer_totals

    rows = [(layer, totals) for layer, _, totals in layer_totals(count)]
    return _stacked(count, Column("layer", "Layer"), rows)


def submodels_table(count: Count) -> Table | None:
    """The submodels of a model as a table; None where it has none."""
    submodels = count.submodels
    return _stacked(count, Column("part", "Part"), submodels)._replace(output="--json") if submodels else None


def unrecognised_table(count: Count) -> Table | None:
    """The names in the category other as a table; None where they hold little."""
    unrecognised = count.unrecognised
    if not unrecognised:
        return None
    whole = count.totals.parameters
    shown = unrecognised[:MAX_UNRECOGNISED_NAMES]
    rows = [
        Row((each.name, each.parameters, share(each.parameters, whole), each.tensor_count), "other") for each in shown
    ]
    if rest := unrecognised[MAX_UNRECOGNISED_NAMES:]:
        parameters = sum(each.parameters for each in rest)
        tensors = sum(each.tensor_count for each in rest)
        rows.append(Row((f"{plural(len(rest), 'more name')}", parameters, share(parameters, whole), tensors)))
    columns = (Column("name", "Other, by name"), _PARAMETERS, _PERCENT, _TENSORS)
    return Table(columns, iter(rows), count.totals, name_width=42)


def tables_of(count: Count, by: By, depth: int | None = None) -> Iterator[Table]:
    """What people are shown of a count: its table, and by category its submodels and unrecognised names too.

    Args:
        count: the model.
        by: what a row is.
        depth: how deep, with modules; None for all.
    """
    yield table_of(count, by, depth)
    if by == "category":
        yield from (table for table in (submodels_table(count), unrecognised_table(count)) if table)


def _stacked(count: Count, first: Column, named: Sequence[tuple[str, Totals]]) -> Table:
    """Rows by name, with a column a category."""
    whole = count.totals.parameters
    present = [key for key, _ in ordered_categories(count.totals)]
    # Scripts get the same columns for every model; people those that have something in them.
    categories = (
        Column(key, category_label(key, count.totals) if key in present else "", "count") for key in CATEGORIES
    )
    columns = (first, _PARAMETERS, _PERCENT, *categories)

    def rows() -> Iterator[Row]:
        for name, totals in named:
            tallies = totals.categories
            held = (tallies[key].parameters if key in tallies else 0 for key in CATEGORIES)
            yield Row((name, totals.parameters, share(totals.parameters, whole), *held))

    return Table(columns, rows(), count.totals)


def _by_module(count: Count, depth: int | None) -> Table:
    from core.count.tree import build_tree
    from core.report.rows import module_rows

    whole = count.totals.parameters
    columns = (Column("module", "Module"), Column("depth", "", "count"), _PARAMETERS, _PERCENT, _TENSORS)

    def rows() -> Iterator[Row]:
        for node, level in module_rows(build_tree(count), depth):
            cells = (node.path, level, node.parameters, share(node.parameters, whole), node.tensor_count)
            yield Row(cells, depth=level - 1)

    return Table(columns, rows(), count.totals)


def _by_tensor(count: Count) -> Table:
    from core.count.tree import build_tree
    from core.report.rows import tensor_rows

    columns = (
        *(Column("name", "Tensor"), Column("shape", "Shape"), Column("dtype", "Type"), _PARAMETERS, _PERCENT),
        *(Column("category", "Category", "category"), Column("kind", "Kind"), Column("role", "Role")),
        *(_BYTES, Column("file", "")),
    )

    def rows() -> Iterator[Row]:
        for row in tensor_rows(build_tree(count), count.totals.parameters):
            tensor = row.node.tensor
            if tensor:
                shape = "x".join(map(str, tensor.shape))
                figures = (row.parameters, row.percent, row.category, row.kind, row.role)
                yield Row((row.name, shape, tensor.dtype, *figures, tensor.nbytes, tensor.file), row.category)

    return Table(columns, rows(), count.totals, ("Size", "Kind", "Category", "Share %"))

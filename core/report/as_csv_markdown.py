"""The headless outputs as tables: CSV for programs, Markdown for papers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from core.checkpoint.errors import Failure
from core.count.counter import Count
from core.report.results import By, Result
from core.report.summary import remarks, summary
from core.report.tables import Table, category_table, table_of, tables_of
from core.text.escape import escaped

if TYPE_CHECKING:
    from core.count.module_count import ModuleCount

_QUOTED = re.compile(r'[",\r\n]')
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def csv_report(results: Iterable[Result], by: By, depth: int | None) -> Iterator[str]:
    """RFC 4180: one header line, then a line a model and row; a model that failed has none."""
    header = False
    for result in results:
        if isinstance(result, Failure):
            continue
        table = table_of(result, by, depth)
        if not header:
            yield _csv_header(table)
            header = True
        yield from _csv_rows(result.source.model, table)


def module_csv(module: ModuleCount) -> Iterator[str]:
    """The same of one module, a line a category."""
    table = category_table(module.totals)
    yield _csv_header(table)
    yield from _csv_rows(module.model, table)


def _csv_header(table: Table) -> str:
    return csv_line(["model", *(column.key for column in table.columns), "model_parameters"])


def _csv_rows(model: str, table: Table) -> Iterator[str]:
    for row in table.rows:
        yield csv_line([model, *row.cells, table.totals.parameters])


def csv_line(cells: list[str | int | float]) -> str:
    """One line of RFC 4180; numbers are bare, and no text runs as a formula in a spreadsheet.

    Text that begins with `=`, `+`, `-` or `@`, as a name from a file may, gets an apostrophe before it, by which
    spreadsheets take it for text. That is the advice of https://owasp.org/www-community/attacks/CSV_Injection, which
    names tab, carriage return and the wide forms of those signs too; the first two are escaped here anyhow.
    """
    return ",".join(map(_csv_cell, cells)) + "\r\n"


def _csv_cell(cell: str | int | float) -> str:
    if not isinstance(cell, str):
        return repr(cell)
    text = escaped(cell)
    if text.startswith(_FORMULA_SIGNS):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def markdown_report(results: Iterable[Result], by: By, depth: int | None) -> Iterator[str]:
    """A heading, a GitHub table and the notes of each model."""
    for number, result in enumerate(results):
        if number:
            yield "\n"
        if isinstance(result, Failure):
            reason = result.error.sentence(result.model)
            yield f"## {markdown_text(result.model)}\n\nNot read: {markdown_text(reason)}\n"
            continue
        yield from _markdown_section(result.source.model, result, tables_of(result, by, depth))


def module_markdown(module: ModuleCount) -> Iterator[str]:
    """The same of one module, a row a category."""
    return _markdown_section(module.model, module, [category_table(module.totals)])


def _markdown_section(name: str, count: Count | ModuleCount, tables: Iterable[Table]) -> Iterator[str]:
    yield f"## {markdown_text(name)}\n\n{markdown_text(summary(count, '·'))}\n\n"
    for n, table in enumerate(tables):
        yield "\n" if n else ""
        yield from _markdown_table(table)
    if lines := list(remarks(count)):
        yield "\n" + "".join(f"- {markdown_text(remark)}\n" for remark in lines)


def _markdown_table(table: Table) -> Iterator[str]:
    shown = [(n, column) for n, column in enumerate(table.columns) if column.title]
    yield "| " + " | ".join(markdown_text(column.title) for _, column in shown) + " |\n"
    yield "| " + " | ".join("---:" if column.is_number else "---" for _, column in shown) + " |\n"
    for row in table.rows:
        cells = [markdown_text(table.show(column, row.cells[n])) for n, column in shown]
        yield "| " + " | ".join(cells) + " |\n"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", escaped(text))

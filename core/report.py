"""The headless outputs for other programs and papers: JSON, CSV and Markdown; and the list of models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.catalog import Entry
from core.counter import Count
from core.errors import CheckpointError
from core.escape import escaped
from core.formats import exact, size
from core.rows import By, as_json
from core.summary import remarks, summary
from core.tables import table_of

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&])")


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that could not be read."""

    model: str
    error: CheckpointError


def json_report(results: Iterable[Count | Failure], by: By, depth: int | None) -> Iterator[str]:
    """The JSON document, schema 1, in pieces."""
    yield '{"schema": 1,\n "models": ['
    for number, result in enumerate(results):
        yield ",\n  " if number else "\n  "
        if isinstance(result, Failure):
            yield json.dumps({"model": result.model, "error": result.error.sentence(result.model)})
            continue
        record = as_json(result, by, depth)
        rows = {key: record.pop(key) for key in ("layers", "modules", "tensors") if key in record}
        yield json.dumps(record, indent=1).replace("\n", "\n   ").removesuffix("\n   }")
        for key, values in rows.items():
            yield f',\n    "{key}": ['
            for n, value in enumerate(values):
                yield (",\n     " if n else "\n     ") + json.dumps(value)
            yield "]"
        yield "}"
    yield "]}\n"


def csv_report(results: Iterable[Count | Failure], by: By, depth: int | None) -> Iterator[str]:
    """RFC 4180: one header line, then a line a model and row; a model that failed has none."""
    header = False
    for result in results:
        if isinstance(result, Failure):
            continue
        table = table_of(result, by, depth)
        if not header:
            yield _csv_line(["model", *(column.key for column in table.columns), "model_parameters"])
            header = True
        for row in table.rows:
            yield _csv_line([result.source.model, *row.cells, result.totals.parameters])


def _csv_line(cells: list[str | int | float]) -> str:
    quoted = []
    for cell in cells:
        text = escaped(cell) if isinstance(cell, str) else repr(cell)
        quoted.append('"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]', text) else text)
    return ",".join(quoted) + "\r\n"


def markdown_report(results: Iterable[Count | Failure], by: By, depth: int | None) -> Iterator[str]:
    """A heading, a GitHub table and the notes of each model."""
    for number, result in enumerate(results):
        if number:
            yield "\n"
        if isinstance(result, Failure):
            yield f"## {_plain(result.model)}\n\nNot read: {_plain(result.error.sentence(result.model))}\n"
            continue
        yield f"## {_plain(result.source.model)}\n\n{_plain(summary(result, '·'))}\n\n"
        table = table_of(result, by, depth)
        shown = [(n, column) for n, column in enumerate(table.columns) if column.title]
        yield "| " + " | ".join(_plain(column.title) for _, column in shown) + " |\n"
        yield "| " + " | ".join("---:" if column.is_number else "---" for _, column in shown) + " |\n"
        for row in table.rows:
            cells = [_plain(table.show(column, row.cells[n])) for n, column in shown]
            yield "| " + " | ".join(cells) + " |\n"
        if lines := list(remarks(result)):
            yield "\n" + "".join(f"- {_plain(remark)}\n" for remark in lines)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", escaped(text))


def list_text(models: Iterable[Entry]) -> Iterator[str]:
    """A line for each model there is to pick."""
    for entry in models:
        parameters = exact(entry.parameters) if entry.parameters is not None else ""
        held = parameters or (size(entry.bytes) if entry.bytes is not None else "")
        yield f"{entry.source:10}  {held:>13}  {escaped(entry.model)}\n"


def list_json(models: Iterable[Entry]) -> Iterator[str]:
    """`{"schema": 1, "models": [{"model", "source", "parameters", "bytes"}]}`, unknown figures as null."""
    yield '{"schema": 1,\n "models": ['
    for number, entry in enumerate(models):
        record = {"model": entry.model, "source": entry.source, "parameters": entry.parameters, "bytes": entry.bytes}
        yield (",\n  " if number else "\n  ") + json.dumps(record)
    yield "]}\n"

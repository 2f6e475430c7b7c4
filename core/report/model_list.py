"""The list of models there are to pick, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from core.locate.catalog import Entry
from core.text.escape import escaped
from core.text.numbers import exact, size


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

"""What the explorer can export of a model."""

from __future__ import annotations

from collections.abc import Callable

from core.counter import Count
from core.json_report import json_report
from core.table_report import csv_report, markdown_report


def export_formats(count: Count, drawing: str) -> dict[str, tuple[str, Callable[[], str]]]:
    """Names and makers of the exports, by file ending.

    Args:
        count: the model.
        drawing: the screen as SVG.
    """
    return {
        "csv": ("CSV: the categories as a table", lambda: "".join(csv_report([count], "category", None))),
        "json": ("JSON: the same as --json", lambda: "".join(json_report([count], "category", None))),
        "md": ("Markdown: a table with the notes", lambda: "".join(markdown_report([count], "category", None))),
        "tensors.csv": ("CSV: every tensor", lambda: "".join(csv_report([count], "tensor", None))),
        "svg": ("SVG: the screen as a picture", lambda: drawing),
    }

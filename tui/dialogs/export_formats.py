"""What the explorer can export of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from core.count.counter import Count
from core.count.module_count import ModuleCount
from core.profile.profile import ModelProfile
from core.report.as_csv_markdown import csv_report, markdown_report, module_csv, module_markdown
from core.report.as_json import json_report, module_json
from core.report.as_text import TextStyle


def comparison_formats(
    models: Sequence[ModelProfile], drawing: str, ascii: bool
) -> dict[str, tuple[str, Callable[[], str]]]:
    """Names and makers of a comparison's exports, by file ending.

    Args:
        models: those compared.
        drawing: the screen as SVG.
        ascii: whether the report is to be ASCII.
    """
    from core.report.study_report import study_csv, study_markdown, study_text

    style = TextStyle(ascii, lambda text, category: text)
    return {
        "md": ("Markdown: tables, charts, claims", lambda: "".join(study_markdown(models, style))),
        "txt": ("Text: the same, of 80 columns", lambda: "".join(study_text(models, style))),
        "csv": ("CSV: every figure", lambda: "".join(study_csv(models))),
        "svg": ("SVG: the screen as a picture", lambda: drawing),
    }


def export_formats(count: Count, shown: Count | ModuleCount, drawing: str) -> dict[str, tuple[str, Callable[[], str]]]:
    """Names and makers of the exports, by file ending.

    Args:
        count: the model.
        shown: the model, or that module of it, that the table on the screen shows.
        drawing: the screen as SVG.
    """
    return {
        "csv": ("CSV: the table shown", lambda: "".join(_csv(shown))),
        "json": ("JSON: the table shown, with notes", lambda: "".join(_json(shown))),
        "md": ("Markdown: the table shown, with all notes", lambda: "".join(_markdown(shown))),
        "layers.csv": ("CSV: every layer of the model", lambda: "".join(csv_report([count], "layer", None))),
        "modules.csv": ("CSV: every module of the model", lambda: "".join(csv_report([count], "module", None))),
        "tensors.csv": ("CSV: every tensor of the model", lambda: "".join(csv_report([count], "tensor", None))),
        "svg": ("SVG: the screen as a picture", lambda: drawing),
    }


def _csv(shown: Count | ModuleCount) -> Iterator[str]:
    return module_csv(shown) if isinstance(shown, ModuleCount) else csv_report([shown], "category", None)


def _json(shown: Count | ModuleCount) -> Iterator[str]:
    return module_json(shown) if isinstance(shown, ModuleCount) else json_report([shown], "category", None)


def _markdown(shown: Count | ModuleCount) -> Iterator[str]:
    return module_markdown(shown) if isinstance(shown, ModuleCount) else markdown_report([shown], "category", None)

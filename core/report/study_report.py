"""The comparison and the claims as a report: text, Markdown with its charts as text, CSV, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from core.checkpoint.errors import Failure
from core.classify.category import CATEGORIES
from core.count.counter import Count
from core.profile.formula import legend
from core.profile.profile import ModelProfile, short_names
from core.report.as_csv_markdown import csv_line, markdown_text
from core.report.as_json import json_models
from core.report.as_text import TextStyle
from core.report.results import Result
from core.report.text_charts import grouped_bars, trend_lines
from core.study.claims import claims_of
from core.study.comparison import ComparisonRow, by_size, comparison, norms, trend
from core.study.findings import FIGURES, Claim, figure_text
from core.study.groups import Compared, claim_groups, profiles_in
from core.text.width import WIDTH, padded, wrapped

_LABEL_CELLS = 18
_COLUMN_CELLS = 15
# As many columns of models as stand beside the labels.
_MODELS_BESIDE = (WIDTH - 2 - _LABEL_CELLS) // _COLUMN_CELLS
_TITLE = "Where parameters sit: the models compared, the study's claims measured"
_SHARES, _ALONG = "Shares, in percent", "Shares along size, in percent"
_METHOD = (
    "Every trained value is counted once, from the shapes of the models' tensors: causal masks and other buffers are "
    "left out, an output head tied to the embedding is not counted again. Shares are of all parameters of a model; "
    "points to 1st are percentage points more or less than in the first model."
)


def profiles_of(results: Iterable[Result]) -> Iterator[Compared]:
    """Results as they are compared."""
    models = [ModelProfile(result) if isinstance(result, Count) else result for result in results]
    names = short_names(model.model for model in models)
    for model in models:
        if isinstance(model, ModelProfile):
            model.name = names[model.model]
        yield model


def study_text(models: Iterable[Compared], style: TextStyle) -> Iterator[str]:
    """The report for people, of at most 80 columns."""
    for line in _text_lines(list(models), style):
        yield line.rstrip() + "\n"


def _text_lines(models: Sequence[Compared], style: TextStyle) -> Iterator[str]:
    known = profiles_in(models)
    yield style.plain(_TITLE)
    for failure in models:
        if isinstance(failure, Failure):
            yield from wrapped(style.plain(f"not read: {failure.model}: {failure.error.sentence(failure.model)}"), "  ")
    if not known:
        return
    asked = [(title, group, claims_of(group)) for title, group in claim_groups(known)]
    for sentence in _method(known, asked):
        yield from ("", *wrapped(style.plain(sentence), ""))
    yield from _text_section("Comparison", comparison(known), known, style)
    yield from _text_chart(_SHARES, grouped_bars(known, WIDTH, style), style)
    yield from _text_section("Trend: what grows with the layers", trend(known), by_size(known), style)
    yield from _text_chart(_ALONG, trend_lines(known, WIDTH, style), style)
    yield from _text_section("Norms apart", norms(known), known, style)
    for title, group, claims in asked:
        yield from ("", f"Claims, asked of {title}", "")
        for claim in claims:
            yield from _text_claim(claim, group, style)


_Asked = tuple[str, list[ModelProfile], list[Claim]]
"""What a group of models is called, the models, and the claims as they are for them."""


def _method(known: Sequence[ModelProfile], asked: Sequence[_Asked]) -> Iterator[str]:
    """How it was counted, and what stands for what in the formulas."""
    yield _METHOD
    formulas = [row.show(n) for row in norms(known) if row.key == "norm_formula" for n in range(len(known))]
    whys = [claim.why for _, _, claims in asked for claim in claims]
    if symbols := legend(*formulas, *whys):
        yield f"In formulas, {symbols}."


def _text_section(
    title: str, rows: Sequence[ComparisonRow], models: Sequence[ModelProfile], style: TextStyle
) -> Iterator[str]:
    yield from ("", title)
    for start in range(0, len(models), _MODELS_BESIDE):
        beside = range(start, min(start + _MODELS_BESIDE, len(models)))
        yield ""
        yield " " * (2 + _LABEL_CELLS) + "".join(_column(models[n].name, style) for n in beside)
        for row in rows:
            mark = "  "
            if row.category and row.head:
                shown = CATEGORIES[row.category]
                mark = style.paint(shown.letter if style.ascii else shown.glyph, row.category) + " "
            label = row.label if row.head or not row.category else f"  {row.label}"
            yield mark + padded(style.plain(label), _LABEL_CELLS) + "".join(_column(row.show(n), style) for n in beside)


def _column(text: str, style: TextStyle) -> str:
    return padded(style.shortened(text, _COLUMN_CELLS - 1), _COLUMN_CELLS, right=True)


def _text_chart(title: str, lines: Iterable[str], style: TextStyle) -> Iterator[str]:
    yield from ("", style.plain(title), "")
    yield from lines


def _text_claim(claim: Claim, models: Sequence[ModelProfile], style: TextStyle) -> Iterator[str]:
    yield from wrapped(style.plain(f"{claim.number}. {claim.claim}"), "   ")
    verdict = claim.verdict or "not asked"
    yield from ("   " + line for line in wrapped(style.plain(f"{verdict}: {claim.why}"), "", WIDTH - 3))
    rows = _figure_rows(claim, models)
    for start in range(0, len(models), _MODELS_BESIDE):
        beside = range(start, min(start + _MODELS_BESIDE, len(models)))
        yield " " * (2 + _LABEL_CELLS) + "".join(_column(models[n].name, style) for n in beside)
        for label, figures in rows:
            yield (
                "   "
                + padded(style.plain(label), _LABEL_CELLS - 1)
                + "".join(_column(figures[n], style) for n in beside)
            )
    yield ""


def _figure_rows(claim: Claim, models: Sequence[ModelProfile]) -> list[tuple[str, list[str]]]:
    """The figures behind a claim: for each what it is called, and its text for each model."""
    found = [claim.findings[model.model] for model in models]
    names = dict.fromkeys(name for finding in found for name in finding.figures)
    rows = [(FIGURES[name][0], [figure_text(name, finding.figures.get(name)) for finding in found]) for name in names]
    if any(finding.holds is not None for finding in found):
        rows.append(("holds", ["–" if f.holds is None else "yes" if f.holds else "no" for f in found]))
    return rows


def study_markdown(models: Iterable[Compared], style: TextStyle) -> Iterator[str]:
    """The report for a lab book: tables as GitHub shows them, charts as blocks of text."""
    models = list(models)
    known = profiles_in(models)
    yield f"# {_TITLE}\n"
    for failure in models:
        if isinstance(failure, Failure):
            reason = failure.error.sentence(failure.model)
            yield f"\nNot read: {markdown_text(failure.model)}: {markdown_text(reason)}\n"
    if not known:
        return
    asked = [(title, group, claims_of(group)) for title, group in claim_groups(known)]
    for sentence in _method(known, asked):
        yield f"\n{markdown_text(sentence)}\n"
    yield from _markdown_section("Comparison", comparison(known), known)
    yield from _block(_SHARES, grouped_bars(known, WIDTH, style))
    yield from _markdown_section("Trend: what grows with the layers", trend(known), by_size(known))
    yield from _block(_ALONG, trend_lines(known, WIDTH, style))
    yield from _markdown_section("Norms apart", norms(known), known)
    for title, group, claims in asked:
        yield f"\n## Claims, asked of {title}\n"
        yield "\n| | claim | verdict | why |\n| ---: | --- | --- | --- |\n"
        for claim in claims:
            cells_ = (markdown_text(claim.claim), claim.verdict or "not asked", markdown_text(claim.why))
            yield f"| {claim.number} | {' | '.join(cells_)} |\n"
        for claim in claims:
            yield f"\n### {claim.number}. {markdown_text(claim.claim)}\n"
            yield from _markdown_table(_figure_rows(claim, group), group)


def _markdown_section(title: str, rows: Sequence[ComparisonRow], models: Sequence[ModelProfile]) -> Iterator[str]:
    yield f"\n## {title}\n"
    category, labelled = "", []
    for row in rows:
        category = row.label if row.head and row.category else category if row.category else ""
        label = f"{category}: {row.label}" if row.category and not row.head else row.label
        labelled.append((label, [row.show(n) for n in range(len(models))]))
    yield from _markdown_table(labelled, models)


def _markdown_table(rows: Iterable[tuple[str, list[str]]], models: Sequence[ModelProfile]) -> Iterator[str]:
    yield "\n| | " + " | ".join(markdown_text(model.name) for model in models) + " |\n"
    yield "| --- |" + " ---: |" * len(models) + "\n"
    for label, figures in rows:
        yield f"| {markdown_text(label)} | " + " | ".join(map(markdown_text, figures)) + " |\n"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"\n{title}:\n\n```text\n"
    for line in lines:
        yield line.rstrip() + "\n"
    yield "```\n"


def study_csv(models: Iterable[Compared]) -> Iterator[str]:
    """RFC 4180: one header line, then a line a figure of a model; a claim's verdict is of no one model."""
    known = profiles_in(models)
    yield csv_line(["model", "table", "row", "figure"])
    tables = (("comparison", comparison(known)), ("norms", norms(known)))
    for table, rows in tables:
        for row in rows:
            for model, cell in zip(known, row.cells):
                yield csv_line([model.model, table, row.key, "" if cell is None else cell])
    for row in trend(known):
        for model, cell in zip(by_size(known), row.cells):
            yield csv_line([model.model, "trend", row.key, "" if cell is None else cell])
    for _, group in claim_groups(known):
        for claim in claims_of(group):
            table = f"claim {claim.number}"
            for model in group:
                for name, figure in claim.findings[model.model].figures.items():
                    yield csv_line([model.model, table, name, "" if figure is None else figure])
            asked = "; ".join(model.model for model in group)
            yield csv_line([asked, table, "verdict", claim.verdict or ""])


def study_json(results: Iterable[Result]) -> Iterator[str]:
    """The JSON document, schema 1: the models, `claims` of the study's own, and of others where there are some."""
    models: list[Compared] = []

    def kept() -> Iterator[Result]:
        for result in results:
            models.extend(profiles_of([result]))
            yield result

    yield from json_models(kept(), "category", None)
    known = profiles_in(models)
    groups = claim_groups(known)
    claims = [claims_of(group) for _, group in groups]
    yield ',\n "claims": ' + _claims_json(claims[0] if claims else [])
    if len(claims) > 1:
        yield ',\n "claims_of_others": ' + _claims_json(claims[1])
    for name, rows, columns in (
        ("comparison", comparison(known), known),
        ("trend", trend(known), by_size(known)),
        ("norms", norms(known), known),
    ):
        figures = [{"model": model.model, **{row.key: row.cells[n] for row in rows}} for n, model in enumerate(columns)]
        yield f',\n "{name}": ' + _lines_json(figures)
    yield "}\n"


def _claims_json(claims: Iterable[Claim]) -> str:
    records = []
    for claim in claims:
        figures = {model: {**found.figures, "holds": found.holds} for model, found in claim.findings.items()}
        reasons = {model: found.reason for model, found in claim.findings.items() if found.reason}
        record = {"number": claim.number, "claim": claim.claim, "verdict": claim.verdict, "figures": figures}
        records.append({**record, "why": claim.why, "reasons": reasons})
    return _lines_json(records)


def _lines_json(records: Iterable[object]) -> str:
    """A list, a line a record."""
    lines = [json.dumps(record) for record in records]
    return "[" + ",\n  ".join(chain(["\n  " + lines[0]] if lines else [], lines[1:])) + "]"

"""The headless output for programs: JSON, schema 1."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from core.checkpoint.errors import Failure
from core.checkpoint.metadata import ArrayLength
from core.checkpoint.uncounted import Uncounted
from core.classify.category import ROLES
from core.count.counter import Count
from core.count.dtype_totals import bits_per_weight
from core.count.labels import ordered_breakdown, ordered_categories
from core.count.totals import NOT_COUNTED, Totals
from core.profile.stated_dimensions import stated_dimensions
from core.report.results import MAX_UNRECOGNISED_NAMES, By, Result
from core.text.numbers import share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from core.count.module_count import ModuleCount


def json_report(results: Iterable[Result], by: By, depth: int | None) -> Iterator[str]:
    """The JSON document, schema 1, in pieces."""
    yield from json_models(results, by, depth)
    yield "}\n"


def json_models(results: Iterable[Result], by: By, depth: int | None) -> Iterator[str]:
    """The document as far as its models go: what is behind them, and its end, is to follow."""
    yield '{"schema": 1,\n "models": ['
    for number, result in enumerate(results):
        yield ",\n  " if number else "\n  "
        if isinstance(result, Failure):
            yield json.dumps({"model": result.model, "error": result.error.sentence(result.model)})
            continue
        yield _open_object(_record(result))
        if by != "category":
            yield f',\n    "{by}s": ['
            for n, value in enumerate(_rows(result, by, depth)):
                yield (",\n     " if n else "\n     ") + json.dumps(value)
            yield "]"
        yield "}"
    yield "]"


def module_json(module: ModuleCount) -> Iterator[str]:
    """The document of one module, by category."""
    record = {"model": module.model, "source": module.source, "format": module.format, **_figures(module, [])}
    yield '{"schema": 1,\n "models": [\n  '
    yield _open_object(record)
    yield "}]}\n"


def _open_object(record: dict[str, Any]) -> str:
    """A record as it stands in the list of models, up to its closing bracket."""
    return json.dumps(record, indent=1).replace("\n", "\n   ").removesuffix("\n   }")


def _record(count: Count) -> dict[str, Any]:
    """One model, without its rows."""
    whole = count.totals.parameters
    parts = [
        {
            "part": name,
            "parameters": totals.parameters,
            "percent": share(totals.parameters, whole),
            "categories": _categories(totals, whole),
        }
        for name, totals in count.submodels
    ]
    source = count.source
    record = {"model": source.model, "source": source.source, "format": source.format, **_figures(count, parts)}
    if unrecognised := count.unrecognised:
        record["categories"]["other"]["names"] = [
            {"name": other.name, "tensor_count": other.tensor_count, "parameters": other.parameters}
            for other in unrecognised[:MAX_UNRECOGNISED_NAMES]
        ]
    return {**record, **_facts(count)}


def _facts(count: Count) -> dict[str, Any]:
    """What is told of a model beside its counts."""
    wholes = {dtype: totals.whole for dtype, totals in count.dtypes.items()}
    metadata = count.source.metadata.values
    return {
        "dtypes": {
            dtype: {"parameters": whole.parameters, "tensor_count": whole.tensor_count, "bytes": whole.bytes}
            for dtype, whole in wholes.items()
            if whole.tensor_count or whole.bytes
        },
        "bits_per_weight": bits_per_weight(count.totals.whole),
        "dimensions": stated_dimensions(count),
        "metadata": {key: value for key, value in metadata.items() if not isinstance(value, ArrayLength)},
    }


def _figures(count: Count | ModuleCount, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What is told of a model and of a module alike, and what a model consists of."""
    totals = count.totals
    whole = totals.whole
    figures: dict[str, Any] = {
        "architecture": count.architecture,
        "parameters": whole.parameters,
        "active_parameters": count.active_parameters,
        "tensor_count": whole.tensor_count,
        "bytes": whole.bytes,
        "weights": whole.weights,
        "biases": whole.biases,
        "categories": _categories(totals, whole.parameters),
        "parts": parts,
        "not_counted": {ROLES[role].key: _left(totals.not_counted.get(role, Uncounted())) for role in NOT_COUNTED},
        "complete": count.complete,
        "notes": count.notes,
    }
    for key in totals.breakdown:
        figures["categories"][key]["of_which"] = ordered_breakdown(key, totals)
    return figures


def _rows(count: Count, by: By, depth: int | None) -> Iterator[dict[str, Any]]:
    """What is asked for beside the categories, a record each."""
    whole = count.totals.parameters
    # The tree takes time to import, which the totals alone do not need.
    if by == "layer":
        from core.count.layer_totals import layer_totals

        for layer, _, part in layer_totals(count):
            yield {
                "layer": layer,
                "parameters": part.parameters,
                "percent": share(part.parameters, whole),
                "categories": _categories(part, whole),
            }
        return
    from core.count.tree import build_tree
    from core.report.rows import module_rows, tensor_rows

    if by == "module":
        for node, level in module_rows(build_tree(count), depth):
            yield {
                "module": node.path,
                "depth": level,
                "parameters": node.parameters,
                "percent": share(node.parameters, whole),
                "tensor_count": node.tensor_count,
            }
        return
    for row in tensor_rows(build_tree(count), whole):
        if tensor := row.node.tensor:
            yield {
                "name": row.name,
                "shape": tensor.shape,
                "dtype": tensor.dtype,
                "category": row.category,
                "kind": row.kind,
                "role": row.role,
                "parameters": row.parameters,
                "bytes": tensor.nbytes,
                "percent": row.percent,
                "file": tensor.file,
            }


def _categories(totals: Totals, parameters: int) -> dict[str, dict[str, float]]:
    return {
        key: {
            "parameters": tally.parameters,
            "percent": share(tally.parameters, parameters),
            "weights": tally.weights,
            "biases": tally.biases,
            "tensor_count": tally.tensor_count,
            "bytes": tally.bytes,
        }
        for key, tally in ordered_categories(totals)
    }


def _left(left: Uncounted) -> dict[str, int]:
    return {"elements": left.elements, "tensor_count": left.tensor_count, "bytes": left.bytes}

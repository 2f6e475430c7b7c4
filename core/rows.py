"""The rows of every output: a count cut by category, layer, module or tensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from core.categories import CATEGORIES
from core.counter import Count
from core.formats import share
from core.layers import layer_totals
from core.totals import NOT_COUNTED, Tally, Totals, Uncounted
from core.tree import ModuleNode, build_tree

By = Literal["category", "layer", "module", "tensor"]
BY: tuple[By, ...] = ("category", "layer", "module", "tensor")


@dataclass(frozen=True, slots=True)
class TensorRow:
    """One tensor as the outputs show it; see INTERFACE `--by tensor` for the fields."""

    node: ModuleNode
    name: str
    category: str
    kind: str
    role: str
    parameters: int
    percent: float


def ordered_categories(totals: Totals) -> list[tuple[str, Tally]]:
    """The categories that hold parameters, in the order of `CATEGORIES`."""
    present = totals.categories
    return [(key, present[key]) for key in CATEGORIES if key in present and present[key].parameters]


def category_label(category: str, totals: Totals) -> str:
    """A category's word; norms are layer norms where they have biases, as in GPT-2."""
    if category == "norm" and (norms := totals.categories.get("norm")) and norms.biases:
        return "Layer norm"
    return CATEGORIES[category].label


def tensor_rows(root: ModuleNode, parameters: int) -> Iterator[TensorRow]:
    """Every tensor of a tree, in its order.

    Args:
        root: the tree.
        parameters: the model's, of which `percent` is a share.
    """
    for node in root.below():
        if node.tensor and (meaning := node.meaning):
            yield TensorRow(
                node,
                node.tensor.name,
                meaning.category,
                meaning.kind,
                meaning.role,
                meaning.parameters,
                share(meaning.parameters, parameters),
            )


def module_rows(root: ModuleNode, depth: int | None) -> Iterator[tuple[ModuleNode, int]]:
    """Every module of a tree that holds others or tensors, with its depth: 1 for those of the model itself.

    Args:
        root: the tree.
        depth: how deep to go; None for all.
    """
    stack = [(child, 1) for child in reversed(root.children.values())]
    while stack:
        node, level = stack.pop()
        if not node.children:
            continue
        yield node, level
        if depth is None or level < depth:
            stack += [(child, level + 1) for child in reversed(node.children.values())]


def as_json(count: Count, by: By, depth: int | None) -> dict[str, Any]:
    """One model as `--json` writes it."""
    totals, source = count.totals, count.source
    whole = totals.whole
    record: dict[str, Any] = {
        "model": source.model,
        "source": source.source,
        "format": source.format,
        "architecture": count.architecture,
        "parameters": whole.parameters,
        "active_parameters": count.active_parameters,
        "tensor_count": whole.tensor_count,
        "bytes": whole.bytes,
        "weights": whole.weights,
        "biases": whole.biases,
        "categories": _categories(totals, whole.parameters),
        "not_counted": {role: _left(totals.not_counted.get(role, Uncounted())) for role in NOT_COUNTED},
        "notes": count.notes,
    }
    if by == "layer":
        record["layers"] = [
            {
                "layer": layer,
                "parameters": part.parameters,
                "percent": share(part.parameters, whole.parameters),
                "categories": _categories(part, whole.parameters),
            }
            for layer, _, part in layer_totals(count)
        ]
    elif by == "module":
        record["modules"] = [
            {
                "module": node.path,
                "depth": level,
                "parameters": node.parameters,
                "percent": share(node.parameters, whole.parameters),
                "tensor_count": node.tensor_count,
            }
            for node, level in module_rows(build_tree(count), depth)
        ]
    elif by == "tensor":
        record["tensors"] = [
            {
                "name": row.name,
                "shape": row.node.tensor.shape,
                "dtype": row.node.tensor.dtype,
                "category": row.category,
                "kind": row.kind,
                "role": row.role,
                "parameters": row.parameters,
                "bytes": row.node.tensor.nbytes,
                "percent": row.percent,
                "file": row.node.tensor.file,
            }
            for row in tensor_rows(build_tree(count), whole.parameters)
            if row.node.tensor
        ]
    return record


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

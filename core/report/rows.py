"""The rows of a tree: its tensors, its modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core.classify.category import ROLES
from core.count.tree import ModuleNode
from core.text.numbers import share


class TensorRow(NamedTuple):
    """One tensor as the outputs show it; see INTERFACE `--by tensor` for the fields."""

    node: ModuleNode
    name: str
    category: str
    kind: str
    role: str
    parameters: int
    percent: float


def tensor_rows(root: ModuleNode, parameters: int) -> Iterator[TensorRow]:
    """Every tensor of a tree, in its order.

    Args:
        root: the tree.
        parameters: the model's, of which `percent` is a share.
    """
    for node in root.below():
        if node.tensor and (classification := node.classification):
            yield TensorRow(
                node,
                node.tensor.name,
                classification.category,
                classification.kind,
                ROLES[classification.role].key,
                classification.parameters,
                share(classification.parameters, parameters),
            )


def module_rows(root: ModuleNode, depth: int | None) -> Iterator[tuple[ModuleNode, int]]:
    """Every module of a tree that holds others or tensors, with its depth: 1 for those of the model itself.

    A tensor that lies in no module stands for itself, so that the rows of depth 1 add up to the model.

    Args:
        root: the tree.
        depth: how deep to go; None for all.
    """
    stack = [(child, 1) for child in reversed(root.children.values())]
    while stack:
        node, level = stack.pop()
        if not node.children and level > 1:
            continue
        yield node, level
        if depth is None or level < depth:
            stack += [(child, level + 1) for child in reversed(node.children.values())]

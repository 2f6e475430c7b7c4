"""The parameter tree: modules with their totals, made as they are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType

from core.checkpoint.tensors import StoredTensor
from core.classify.groups import Classification
from core.count.counter import Count
from core.count.totals import Totals, add_tensor
from core.naming.template import template_of
from core.text.order import natural_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 64
"""Names with more dots are cut no further: no model nests so deep, a hostile name may."""
_KEEP_TOTALS_FROM_TENSORS = 64
_CHECK_EVERY_NODES = 5000

_DIGITS = re.compile(r"(\d+)")


_NO_CHILDREN: Any = MappingProxyType({})


class ModuleNode:
    """A module, or a tensor at the end of its path; a path that is both has a tensor and children.

    Attributes:
        name: the last part of its path.
        path: the whole path, as the file writes it; "" for the model itself.
        children: what lies in it, by name, in natural order once the tree is built.
        tensor: the tensor of this very path.
        classification: what that tensor is.
        parameters: of the tensor and all below, buffers and copies left out.
        tensor_count: tensors at and below it, of any role.
        structure: equal for two nodes exactly where all below them has the same names, shapes and dtypes; which of
            GGUF's block types a tensor has does not matter, as they change from layer to layer.
    """

    __slots__ = (
        "_totals",
        "children",
        "classification",
        "name",
        "parameters",
        "path",
        "structure",
        "tensor",
        "tensor_count",
    )

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path
        # Most nodes are tensors: two million dictionaries for nothing would take a while.
        self.children: dict[str, ModuleNode] = _NO_CHILDREN
        self.tensor: StoredTensor | None = None
        self.classification: Classification | None = None
        self.parameters = 0
        self.tensor_count = 0
        self.structure = 0
        self._totals: Totals | None = None

    def child(self, name: str, path: str) -> ModuleNode:
        """The child of a name, made if there is none yet."""
        children = self.children
        node = children.get(name)
        if node is None:
            node = ModuleNode(name, path)
            if isinstance(children, dict):
                children[name] = node
            else:
                self.children = {name: node}
        return node

    def totals(self) -> Totals:
        """The totals of the tensor and all below."""
        if self._totals is not None:
            return self._totals
        totals = Totals()
        if self.tensor and self.classification:
            add_tensor(totals, self.classification, self.tensor.nbytes)
        for child in self.children.values():
            totals.add(child.totals())
        # Kept where it saves work only: ten thousand small modules would take more memory than all their names.
        if self.tensor_count >= _KEEP_TOTALS_FROM_TENSORS:
            self._totals = totals
        return totals

    def below(self) -> Iterator[ModuleNode]:
        """The node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.children.values())


def build_tree(count: Count, check: Callable[[], None] = lambda: None) -> ModuleNode:
    """The tree of a counted checkpoint; its root is the model.

    Args:
        count: the checkpoint.
        check: called every few thousand tensors; it may raise to end the work.


    Children stand in the order in which their kinds first appear in the checkpoint, and in natural order among
    those that differ in digits only (`h.2` before `h.10`).
    """
    root = ModuleNode(count.source.model, "")
    modules = {"": root}
    for number, (tensor, classification) in enumerate(count.tensors()):
        if not number % _CHECK_EVERY_NODES:
            check()
        path, dot, name = tensor.name.rpartition(".")
        parent = modules.get(path) if dot else root
        if parent is None or (dot and not path):
            parent, name = _make_modules(root, modules, tensor.name)
        node = parent.child(name, tensor.name)
        node.tensor, node.classification = tensor, classification
    _finish(root, check)
    return root


def _make_modules(root: ModuleNode, modules: dict[str, ModuleNode], name: str) -> tuple[ModuleNode, str]:
    """The module that holds a name, made with all above it, and what is left of the name in it."""
    *parts, last = name.split(".", MAX_DEPTH)
    node, path = root, ""
    for n, part in enumerate(parts):
        path = f"{path}.{part}" if n else part
        node = node.child(part, path)
    if path and path == name.rpartition(".")[0]:
        modules[path] = node
    return node, last


def _finish(root: ModuleNode, check: Callable[[], None]) -> None:
    """Sums, structures and order, from the leaves up."""
    structures: dict[object, int] = {}
    kinds: dict[int, int] = {}
    for number, node in enumerate(reversed(list(root.below()))):
        if not number % _CHECK_EVERY_NODES:
            check()
        children = node.children
        if len(children) > 1:
            _sort(node)
            children = node.children
        parameters = tensors = 0
        classification = node.classification
        key: list[object] = []
        if classification:
            parameters, tensors = classification.parameters, 1
            # Tensors of one group have one meaning and differ in digits only, so that the name tells the rest.
            kind = kinds.get(id(classification))
            if kind is None:
                kind = kinds[id(classification)] = structures.setdefault(
                    _kind(node.tensor, classification), len(structures)
                )
            key.append(kind)
        for child in children.values():
            parameters += child.parameters
            tensors += child.tensor_count
            key += child.name, child.structure
        node.parameters, node.tensor_count = parameters, tensors
        node.structure = structures.setdefault(tuple(key), len(structures))


def _kind(tensor: StoredTensor | None, classification: Classification) -> object:
    """Equal for tensors that differ in digits and block types alone."""
    if not tensor or not classification.elements or not tensor.nbytes % classification.elements:
        return id(classification)
    # In blocks with their scales: a value takes no whole number of bytes.
    return ("blocks", tensor.shape, classification)


def _sort(node: ModuleNode) -> None:
    """Natural order among children that differ in digits only; each kind keeps the places it has."""
    children = node.children
    if not _DIGITS.search("".join(children)):
        return
    kinds: dict[str, list[str]] = {}
    templates = [template_of(name) for name in children]
    for name, template in zip(children, templates):
        kinds.setdefault(template, []).append(name)
    if len(kinds) == len(children):
        return
    ordered = {template: iter(sorted(names, key=natural_key)) for template, names in kinds.items()}
    node.children = {name: children[name] for name in (next(ordered[template]) for template in templates)}


class Run:
    """Neighbours that are numbered one after the other and alike in structure, as one row: `h.0–11 ×12`."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: list[ModuleNode]) -> None:
        self.nodes = nodes

    @property
    def path(self) -> str:
        """The first one's path, and the last one's number: `transformer.h.0–11`."""
        return f"{self.nodes[0].path}–{self.nodes[-1].name}"

    @property
    def parameters(self) -> int:
        """Parameters of all of them."""
        return sum(node.parameters for node in self.nodes)

    @property
    def tensor_count(self) -> int:
        """Tensors of all of them."""
        return sum(node.tensor_count for node in self.nodes)

    def totals(self) -> Totals:
        """The totals of all of them."""
        totals = Totals()
        for node in self.nodes:
            totals.add(node.totals())
        return totals


def folded(node: ModuleNode, shortest: int = 2) -> list[ModuleNode | Run]:
    """A module's children with the runs among them folded.

    Args:
        node: the module.
        shortest: a run of fewer is not folded.
    """
    rows: list[ModuleNode | Run] = []
    run: list[ModuleNode] = []

    def close() -> None:
        rows.extend([Run(list(run))] if len(run) >= shortest else run)
        run.clear()

    for child in node.children.values():
        numbered = child.name.isascii() and child.name.isdigit() and len(child.name) < 20 and bool(child.children)
        follows = run and numbered and run[-1].structure == child.structure and int(run[-1].name) + 1 == int(child.name)
        if not follows:
            close()
        if numbered:
            run.append(child)
        else:
            rows.append(child)
    close()
    return rows

"""The rows of the tree that are open at the moment; the screen only draws them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.count.tree import ModuleNode, Run, folded
from core.text.escape import escaped

MAX_OPENED_ROWS = 100_000
"""Rows that opening all below stops at."""
MAX_MATCH_ROWS = 2000
"""Rows that a filter shows at most; who wants more types more of the name."""


@dataclass(slots=True, eq=False)
class OutlineRow:
    """One visible row.

    Attributes:
        item: a module, a tensor, or a run of modules alike.
        parent: the module it lies in; None for the model.
        depth: how far it is set in; 0 for the model.
        label: its name, escaped.
        opened: whether its children are shown below it.
    """

    item: ModuleNode | Run
    parent: ModuleNode | None
    depth: int
    label: str
    opened: bool = False

    @property
    def opens(self) -> bool:
        """Whether it has children."""
        return isinstance(self.item, Run) or bool(self.item.children)


class _RowKey(NamedTuple):
    """What tells an open row from all others.

    A path alone does not: a run has its list's, and a module without a name the model's, which is empty.
    """

    kind: str
    path: str


@dataclass(slots=True)
class Outline:
    """A tree's visible rows, and what changes them.

    Attributes:
        root: the model.
        rows: what is visible, from the top.
        by_size: whether children stand by their parameters, the largest first, and not in natural order.
        fold: whether runs of modules alike are one row.
        pattern: only rows whose path has this in it are shown, with those above them; "" for all.
        matches: how many paths have it.
    """

    root: ModuleNode
    rows: list[OutlineRow] = field(default_factory=list)
    by_size: bool = False
    fold: bool = True
    pattern: str = ""
    matches: int = 0
    _open: set[_RowKey] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Opens the model, and on as long as there is only one thing to open."""
        self._open = {self._key(self.root)}
        inner = _children_with_modules(self.root)
        while len(inner) == 1:
            self._open.add(self._key(inner[0]))
            inner = _children_with_modules(inner[0])
        self.rebuild()

    def rebuild(self) -> None:
        """Makes all rows anew."""
        root = OutlineRow(self.root, None, 0, escaped(self.root.name))
        if self.pattern:
            self.rows = [root, *self._matching()]
            root.opened = len(self.rows) > 1
        else:
            root.opened = self._key(self.root) in self._open
            self.rows = [root, *(self._children(root) if root.opened else [])]

    def toggle(self, index: int) -> None:
        """Opens or closes a row."""
        row = self.rows[index]
        if row.opened:
            self.close(index)
        else:
            self.open(index)

    def open(self, index: int) -> None:
        """Shows a row's children, those of its children that were open too."""
        row = self.rows[index]
        if row.opens and not row.opened:
            row.opened = True
            self._open.add(self._key(row.item))
            self.rows[index + 1 : index + 1] = self._children(row)

    def open_below(self, index: int, levels: int | None = None) -> None:
        """Opens a row and all below it, or as many levels of it.

        Args:
            index: the row.
            levels: 1 for the next closed level only; None for all.
        """
        row = self.rows[index]
        if not row.opens:
            return
        items: list[ModuleNode | Run] = [row.item]
        opened = 0
        while items and opened + len(items) <= MAX_OPENED_ROWS:
            opened += len(items)
            closed = [item for item in items if self._key(item) not in self._open]
            self._open.update(self._key(item) for item in items)
            if closed and levels is not None:
                break
            below = [child for item in items for child in self._items(item)]
            items = [child for child in below if isinstance(child, Run) or child.children]
        end = self.end_of(index)
        row.opened = True
        self.rows[index + 1 : end] = self._children(row)

    def close(self, index: int) -> None:
        """Hides a row's children."""
        row = self.rows[index]
        if row.opened:
            row.opened = False
            self._open.discard(self._key(row.item))
            del self.rows[index + 1 : self.end_of(index)]

    def parent_of(self, index: int) -> int:
        """The row that a row lies in; the first row lies in itself."""
        depth = self.rows[index].depth
        while index > 0 and self.rows[index].depth >= depth:
            index -= 1
        return index

    def index_of(self, path: str) -> int:
        """The row of a path, or of the nearest open one above it."""
        best = 0
        for index, row in enumerate(self.rows):
            if row.item.path == path:
                return index
            names = row.item.nodes if isinstance(row.item, Run) else [row.item]
            for node in names:
                if node.path == path and (row.item is node or not row.opened):
                    return index
                if node.path and path.startswith(node.path + "."):
                    best = index
        return best

    def is_match(self, index: int) -> bool:
        """Whether a row itself has the filter's pattern in its path, not only one below it."""
        return bool(self.pattern) and self.pattern.lower() in self.rows[index].item.path.lower()

    def _key(self, item: ModuleNode | Run) -> _RowKey:
        if isinstance(item, Run):
            return _RowKey("run", item.path)
        return _RowKey("model" if item is self.root else "module", item.path)

    def end_of(self, index: int) -> int:
        """The first row behind a row and all that is open below it."""
        depth = self.rows[index].depth
        end = index + 1
        while end < len(self.rows) and self.rows[end].depth > depth:
            end += 1
        return end

    def _items(self, item: ModuleNode | Run) -> Iterable[ModuleNode | Run]:
        if isinstance(item, Run):
            items: Iterable[ModuleNode | Run] = item.nodes
        elif self.fold:
            items = folded(item)
        else:
            items = item.children.values()
        if self.by_size:
            return sorted(items, key=lambda child: -child.parameters)
        return items

    def _rows_of(self, parent: ModuleNode | None, depth: int, item: ModuleNode | Run) -> Iterator[OutlineRow]:
        lone = _lone_tensor(item)
        if lone:
            yield OutlineRow(lone, parent, depth, _label(item, parent) + "." + _label(lone, None))
            return
        row = OutlineRow(item, parent, depth, _label(item, parent))
        yield row
        if row.opens and self._key(item) in self._open:
            row.opened = True
            yield from self._children(row)

    def _children(self, row: OutlineRow) -> Iterator[OutlineRow]:
        parent = row.parent if isinstance(row.item, Run) else row.item
        for item in self._items(row.item):
            yield from self._rows_of(parent, row.depth + 1, item)

    def _matching(self) -> Iterator[OutlineRow]:
        """The rows that match, closed, and those above them; below a match nothing is looked for."""
        wanted = self.pattern.lower()
        self.matches = 0
        waiting: list[OutlineRow] = []  # rows above the present one that no match has called for yet
        stack = [(child, self.root, 1) for child in reversed(self.root.children.values())]
        while stack:
            node, parent, depth = stack.pop()
            while waiting and waiting[-1].depth >= depth:
                waiting.pop()
            row = OutlineRow(node, parent, depth, _label(node, parent))
            if wanted in node.path.lower():
                self.matches += 1
                if self.matches <= MAX_MATCH_ROWS:
                    yield from waiting
                    waiting.clear()
                    yield row
            elif node.children:
                row.opened = True
                waiting.append(row)
                stack += [(child, node, depth + 1) for child in reversed(node.children.values())]


def _children_with_modules(node: ModuleNode) -> list[ModuleNode]:
    """The children that hold modules, and not tensors alone."""
    return [child for child in node.children.values() if any(inner.children for inner in child.children.values())]


def _lone_tensor(item: ModuleNode | Run) -> ModuleNode | None:
    """The tensor that is all a module holds: one row tells both."""
    if isinstance(item, Run) or item.tensor or len(item.children) != 1:
        return None
    child = next(iter(item.children.values()))
    return None if child.children else child


def _label(item: ModuleNode | Run, parent: ModuleNode | None) -> str:
    """A name to show; a number has its list's name before it: `h.0`, `h.0–11 ×12`."""
    node = item.nodes[0] if isinstance(item, Run) else item
    name = node.name
    if node.name.isdigit() and parent and parent.name and parent.path:
        name = f"{parent.name}.{node.name}"
    if isinstance(item, Run):
        name = f"{name}–{item.nodes[-1].name} ×{len(item.nodes)}"
    return escaped(name) or "(no name)"

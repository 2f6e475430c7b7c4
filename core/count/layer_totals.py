"""Totals by layer, and of what lies outside the layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.count.counter import Count
from core.count.totals import Totals, add_tensor
from core.count.tree import ModuleNode
from core.naming.layers import Layers
from core.text.order import natural_key


def layer_totals(count: Count) -> list[tuple[str, bool, Totals]]:
    """The totals of each layer and of each module outside the layers, in the order of the model.

    What is only a wrapper around all layers (`transformer`, `model`) is left out of the rows' names.

    Returns:
        For each row its name, whether it is a layer, and its totals.
    """
    layers = count.layers
    # The tensors with one classification differ in digits only, so that their depth is asked for once.
    depths: dict[int, int] = {}
    rows: dict[str, tuple[bool, Totals]] = {}
    kinds: dict[str, int] = {}
    for tensor, classification in count.tensors():
        name = tensor.name
        depth = depths.get(id(classification))
        if depth is None:
            depth = depths[id(classification)] = layers.depth_of(name)
        if depth:
            path = ".".join(name.split(".", depth)[:depth])
            # In a list with numbers in its name, a module without one (`layer` among `layer1`, `layer2`) is no layer.
            is_layer = path[-1:].isdigit()
        else:
            path, is_layer = name.rpartition(".")[0] or name, False
        path = layers.short(path)
        if path not in rows:
            rows[path] = (is_layer, Totals())
            kinds.setdefault(_kind(path, is_layer), len(kinds))
        add_tensor(rows[path][1], classification, tensor.nbytes)

    def order(path: str) -> tuple[int, list[tuple[int, str]]]:
        return kinds[_kind(path, rows[path][0])], natural_key(path)

    return [(path, *rows[path]) for path in sorted(rows, key=order)]


def _kind(path: str, is_layer: bool) -> str:
    """The layers of one list stand together."""
    return path.rstrip("0123456789") if is_layer else path


def layers_below(nodes: Iterable[ModuleNode], layers: Layers) -> list[tuple[str, Totals]]:
    """The outermost layers below a module, or, where there are none, the module itself; of a run, its modules.

    Args:
        nodes: the module, or those of the run.
        layers: which modules are layers.

    Returns:
        Their names (`h.0`) and totals, in the tree's order.
    """
    found: list[tuple[str, Totals]] = []
    nodes = list(nodes)
    for top in nodes:
        itself = bool(top.path) and layers.is_layer(top.path)
        below = [] if itself and len(nodes) > 1 else list(_layers_below(top, layers))
        found += [(layers.short(node.path), node.totals()) for node in below or ([top] if itself else [])]
    return found


def _layers_below(top: ModuleNode, layers: Layers) -> Iterator[ModuleNode]:
    stack = list(reversed(top.children.values()))
    while stack:
        node = stack.pop()
        if not node.children:
            continue
        if layers.is_layer(node.path):
            yield node
        else:
            stack += reversed(node.children.values())

"""The totals of a model's layers, and of what lies outside them."""

from __future__ import annotations

from core.counter import Count
from core.meaning import add_tensor
from core.totals import Totals
from core.tree import natural_key


def layer_totals(count: Count) -> list[tuple[str, bool, Totals]]:
    """The totals of each layer and of each module outside the layers, in the order of the model.

    What is only a wrapper around all layers (`transformer`, `model`) is left out of the rows' names.

    Returns:
        For each row its name, whether it is a layer, and its totals.
    """
    layers = count.layers
    # The tensors of one meaning differ in digits only: one tells for all.
    depths: dict[int, int] = {}
    rows: dict[str, tuple[bool, Totals]] = {}
    kinds: dict[str, int] = {}
    for tensor, meaning in count.tensors():
        name = tensor.name
        depth = depths.get(id(meaning))
        if depth is None:
            depth = depths[id(meaning)] = layers.depth_of(name)
        if depth:
            path = ".".join(name.split(".", depth)[:depth])
            # Where the number is missing, `layer` beside `layer1`, it is no layer after all.
            is_layer = path[-1:].isdigit()
        else:
            path, is_layer = name.rpartition(".")[0] or name, False
        path = layers.short(path)
        if path not in rows:
            rows[path] = (is_layer, Totals())
            kinds.setdefault(_kind(path, is_layer), len(kinds))
        add_tensor(rows[path][1], meaning, tensor.nbytes)

    def order(path: str) -> tuple[int, list[tuple[int, str]]]:
        return kinds[_kind(path, rows[path][0])], natural_key(path)

    return [(path, *rows[path]) for path in sorted(rows, key=order)]


def _kind(path: str, is_layer: bool) -> str:
    """The layers of one list stand together."""
    return path.rstrip("0123456789") if is_layer else path

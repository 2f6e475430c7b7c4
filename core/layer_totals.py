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
    rows: dict[str, tuple[bool, Totals]] = {}
    kinds: dict[str, int] = {}
    for tensor, meaning in count.tensors():
        layer = layers.layer_of(tensor.name)
        path = layers.short(layer or tensor.name.rpartition(".")[0] or tensor.name)
        if path not in rows:
            rows[path] = (bool(layer), Totals())
            kinds.setdefault(_kind(path, bool(layer)), len(kinds))
        add_tensor(rows[path][1], meaning, tensor.nbytes)

    def order(path: str) -> tuple[int, list[tuple[int, str]]]:
        return kinds[_kind(path, rows[path][0])], natural_key(path)

    return [(path, *rows[path]) for path in sorted(rows, key=order)]


def _kind(path: str, is_layer: bool) -> str:
    """The layers of one list stand together."""
    return path.rstrip("0123456789") if is_layer else path

"""A model's layers, found by the numbers in its tensors' names."""

from __future__ import annotations

from collections.abc import Iterable

from core.counter import Count
from core.meaning import add_tensor
from core.totals import Totals
from core.tree import natural_key

# Parts that a class which wraps another puts before its names: transformers, torch.compile, DataParallel, PEFT.
_WRAPPERS = {"transformer", "model", "module", "_orig_mod", "base_model"}
_EMBEDDINGS = ("embed", "wte", "tok_emb")


def layer_totals(count: Count) -> list[tuple[str, bool, Totals]]:
    """The totals of each layer and of each module outside the layers, in the order of the model.

    A layer is everything below the first number in a name: `transformer.h.0.attn…` lies in `h.0`. What all layers'
    names begin with and is only a wrapper (`transformer`, `model`) is left out of the rows' names.

    Returns:
        For each row its name, whether it is a numbered layer, and its totals.
    """
    prefix = _wrapper([tensor.name for tensor, _ in count.tensors()])
    rows: dict[str, tuple[bool, Totals]] = {}
    kinds: dict[str, int] = {}
    for tensor, meaning in count.tensors():
        layer, numbered = _row_of(tensor.name.removeprefix(prefix))
        if layer not in rows:
            rows[layer] = (numbered, Totals())
            kinds.setdefault(layer.rpartition(".")[0] if numbered else layer, len(kinds))
        add_tensor(rows[layer][1], meaning, tensor.nbytes)

    def order(layer: str) -> tuple[int, list[tuple[int, str]]]:
        return kinds[layer.rpartition(".")[0] if rows[layer][0] else layer], natural_key(layer)

    return [(layer, *rows[layer]) for layer in sorted(rows, key=order)]


def _row_of(name: str) -> tuple[str, bool]:
    parts = name.split(".")
    for n, part in enumerate(parts[:-1]):
        if part.isascii() and part.isdigit():
            return ".".join(parts[: n + 1]), True
    return ".".join(parts[:-1]) or name, False


def _wrapper(names: Iterable[str]) -> str:
    """What stands before all layers' names without telling anything, with its dot."""
    names = list(names)
    heads = {layer.rpartition(".")[0].rpartition(".")[0] for layer, numbered in map(_row_of, names) if numbered}
    if not heads:
        return ""
    first = min(heads).split(".")
    prefix = ""
    for n, part in enumerate(first):
        whole = ".".join(first[: n + 1])
        shared = all(head == whole or head.startswith(whole + ".") for head in heads)
        if not shared:
            break
        wraps = part in _WRAPPERS or (
            not prefix and any(name.startswith(whole + ".") and any(e in name for e in _EMBEDDINGS) for name in names)
        )
        if not wraps:
            break
        prefix = whole + "."
    return prefix

"""What is told of a model beside its counts, in words: how it is built, which dtypes it is stored in."""

from __future__ import annotations

from core.count.counter import Count
from core.count.dtype_totals import bits_per_weight
from core.profile.stated_dimensions import stated_dimensions
from core.text.numbers import decimals, exact, percent, plural, share

_MAX_DTYPES = 4
_WORDS = {
    "layers": "layers",
    "hidden_size": "width",
    "heads": "heads",
    "kv_heads": "KV heads",
    "intermediate_size": "MLP width",
    "experts": "experts",
    "vocabulary": "vocabulary",
    "context": "context",
}
"""What people call the sizes that `stated_dimensions` tells."""


def dimension_figures(count: Count) -> dict[str, str]:
    """The sizes that are known of a model, by what people call them: `heads` is `12 of 64`, `experts` is `4 of 32`.

    Heads of keys and values are told where they are fewer, a window with the number of layers that have one.
    """
    known = stated_dimensions(count)
    figures = {word: exact(size) for key, word in _WORDS.items() if (size := known[key])}
    if known["kv_heads"] == known["heads"]:
        figures.pop("KV heads", None)
    if known["heads"] and known["head_dim"]:
        figures["heads"] = f"{exact(known['heads'])} of {exact(known['head_dim'])}"
    if known["experts"] and known["experts_used"]:
        figures["experts"] = f"{exact(known['experts_used'])} of {exact(known['experts'])}"
    if window := count.source.config.sliding_window:
        figures["window"] = exact(window) + _layers_with_window(count)
    return figures


def _layers_with_window(count: Count) -> str:
    """In how many layers it is, where the config says which."""
    kinds = count.source.config.layer_types
    held = sum("sliding" in kind for kind in kinds)
    return f" in {exact(held)}" if 0 < held < len(kinds) else ""


def dimensions_text(count: Count) -> str:
    """`12 layers · width 768 · 12 heads of 64 · MLP width 3,072 · …`; "" where nothing is known."""
    texts = []
    for word, figure in dimension_figures(count).items():
        if word == "heads":
            number, _, width = figure.partition(" of ")
            texts.append(f"{number} heads" + (f" of {width}" if width else ""))
        elif word in {"layers", "KV heads", "experts"}:
            texts.append(f"{figure} {word if figure != '1' else word[:-1]}")
        else:
            texts.append(f"{word} {figure}")
    return " · ".join(texts)


def dtype_labels(count: Count) -> dict[str, str]:
    """What people call each dtype of a model; `4-bit in I32`, `MXFP4 in U8` where all in it are weights packed alike.

    The method is the config's, the bits are those that the shapes tell.
    """
    method = count.source.config.quantization.method
    bits: dict[str, set[int]] = {}
    for group in count.groups:
        if group.classification and group.classification.parameters:
            packed = group.classification.is_packed
            bits.setdefault(group.tensor.dtype, set()).add(group.classification.bits if packed else 0)
    labels = {dtype: dtype for dtype in count.dtypes}
    for dtype, found in bits.items():
        if len(found) == 1 and (each := found.pop()):
            labels[dtype] = f"{'MXFP4' if method == 'mxfp4' else f'{each}-bit'} in {dtype}"
    return labels


def dtypes_text(count: Count) -> str:
    """`F8_E4M3 99.71 %, BF16 0.29 % of the parameters · 8.03 bits a weight`; "" of nothing."""
    whole = count.totals.whole
    bits = bits_per_weight(whole)
    if bits is None:
        return ""
    held = [(dtype, totals.parameters) for dtype, totals in count.dtypes.items() if totals.parameters]
    if len(held) == 1:
        said = dtype_labels(count)[held[0][0]]
    else:
        largest = sorted(held, key=lambda item: -item[1])
        labels = dtype_labels(count)
        shown = [f"{labels[dtype]} {percent(share(n, whole.parameters))} %" for dtype, n in largest[:_MAX_DTYPES]]
        more = f" and {plural(len(held) - _MAX_DTYPES, 'other')}" if len(held) > _MAX_DTYPES else ""
        said = f"{', '.join(shown)}{more} of the parameters"
    return f"{said} · {decimals(bits, 2)} bits a weight"

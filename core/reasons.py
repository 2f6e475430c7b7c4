"""Why a model's parts are as large as they are, in a line, in the terms of its shapes."""

from __future__ import annotations

from core.formats import exact, share
from core.study import Measured


def layer_of(model: Measured) -> str:
    """`8d² + 5d in the MLP and 4d² + 4d in attention`; "" where that is not known."""
    attention, mlp = model.formula("attention"), model.formula("mlp")
    if not attention or not mlp or not attention.layer.terms or not mlp.layer.terms:
        return ""
    text = f"{mlp.layer.text()} in the MLP and {attention.layer.text()} in attention"
    used = attention.layer.symbols | mlp.layer.symbols
    widths = [
        f"{symbol} = {relative(model.sizes[symbol], model.sizes['d'])}" for symbol in "qkrctzwfgs" if symbol in used
    ]
    widths += [f"E = {exact(model.sizes['E'])}"] if "E" in used else []
    return text + (f", where {', '.join(widths)}" if widths else "")


def build_of(model: Measured) -> str:
    """What is particular in a model's build: `by its gated MLP and grouped queries (32 heads, 8 keys and values)`."""
    sizes, told = model.sizes, []
    mlp = model.formula("mlp")
    if mlp:
        gated = any(_is_of_three(symbols, times) for symbols, times in mlp.layer.terms.items())
        told += ["its gated MLP"] if gated else []
    if "E" in sizes:
        used = model.dimensions.experts_used
        told.append(f"{exact(sizes['E'])} experts a layer" + (f" ({used} used)" if used else ""))
    queries = sizes.get("q", sizes.get("d", 0))
    if sizes.get("k", queries) < queries:
        heads, shared = model.dimensions.heads, model.dimensions.key_value_heads
        counted = f" ({heads} heads, {shared} keys and values)" if heads and shared and shared < heads else ""
        told.append(f"grouped queries{counted}")
    if "c" in sizes:
        told.append("latent attention")
    if not told:
        outside = share(model.outside, model.parameters)
        return f"as {outside:.1f} % lie outside of the layers"
    return "by " + (", ".join(told[:-1]) + " and " if len(told) > 1 else "") + told[-1]


def _is_of_three(symbols: tuple[str, ...], times: int) -> bool:
    """Whether a term is that of three matrices or more between the width and an inner one, which may be d or 4d."""
    widths = [symbol for symbol in symbols if symbol != "E"]
    return times in {3, 12} if widths == ["d", "d"] else times >= 3 and len(widths) == 2 and widths[0] == "d"


def difference(model: Measured) -> str:
    """A model's build with what a layer then holds."""
    layer = layer_of(model)
    return build_of(model) + (f": a layer has {layer}" if layer else "")


def relative(size: int, d: int) -> str:
    """A width by the model's own: `4d`, `d/4`, `3.5d`."""
    if not size % d:
        return "d" if size == d else f"{size // d}d"
    return f"d/{d // size}" if not d % size else f"{size / d:.3g}d"

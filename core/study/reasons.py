"""Why a model's categories are as large as they are: a line that names what in its build makes them so.

A reason ends with the formulas of a layer where they give the ratio that was counted. Where layers differ, each kind of
layer has its formula; where there are too many kinds, the reason has no formulas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.naming.components import CROSS_ATTENTION
from core.naming.experts import is_routed_expert
from core.profile.formula import Formula
from core.profile.polynomial import Polynomial, total
from core.profile.profile import ModelProfile
from core.text.numbers import exact, share

RATIO = 2.0
"""Parameters of the MLP over those of attention, as the study claims it of GPT-2."""
ABOUT = 0.05
"""By how much a figure may differ, relative to another, that is "about" or "of the same size" as that one."""
_ALIKE_SHARE = 0.01
"""Layers are of one kind whose parameters in each category differ by no more than this share."""
_MAX_KINDS, _MAX_LAYERS_CHARS = 3, 120
_IN = {"mlp": "in the MLP", "attention": "in attention", "mixer": "in the mixer"}


class _Kind(NamedTuple):
    """Layers that hold the same.

    Attributes:
        layers: how many they are.
        held: what one of them holds of each category in question.
    """

    layers: int
    held: tuple[Polynomial, ...]


def because(finding: str, causes: Iterable[str], layers: str) -> str:
    """A finding with its causes, and with what a layer holds: `4 times, by its gated MLP: a layer has …`."""
    cause = " and ".join(causes)
    sentence = f"{finding}, {cause}" if cause else finding
    return f"{sentence}: {layers}" if layers else sentence


def ratio_of(model: ModelProfile) -> float | None:
    """Parameters of the MLP over those of attention; None where there is no attention."""
    attention = model.tally("attention").parameters
    return model.tally("mlp").parameters / attention if attention else None


def is_about(value: float | None, claimed: float) -> bool:
    """Whether a figure is about what the study claims."""
    return value is not None and abs(value / claimed - 1) <= ABOUT


def why_ratio(finding: str, model: ModelProfile) -> str:
    """Why the MLP is not twice the attention."""
    if lacks := _lacks(model):
        return because(finding, [lacks], "")
    return because(finding, _build(model), layers_of(model))


def why_shares(finding: str, model: ModelProfile, least: Sequence[float]) -> str:
    """Why attention and the MLP have other shares than GPT-2's.

    Args:
        finding: what stands before the reason.
        model: the model.
        least: percents that attention and the MLP should have at least.
    """
    if lacks := _lacks(model):
        return because(finding, [lacks], "")
    shares = [model.percent("attention"), model.percent("mlp")]
    rest, twice = 100 - sum(shares), is_about(ratio_of(model), RATIO)
    causes = []
    if rest > 100 - sum(least) or (twice and any(part < bound for part, bound in zip(shares, least))):
        causes.append(_rest(model, rest))
    elif twice:
        causes.append(f"as only {rest:.1f} % are neither")
    return because(finding, causes if twice else [*causes, *_build(model)], "" if twice else layers_of(model))


def why_largest(finding: str, model: ModelProfile, largest: str) -> str:
    """Why another category is larger than the MLP."""
    if not model.tally("mlp").parameters:
        return because(finding, ["as it has no MLP"], "")
    if largest == "attention":
        return because(finding, _build(model), layers_of(model))
    if largest in {"embedding", "head"} and model.layers and model.outside >= model.tally(largest).parameters:
        return because(finding, [_outside(model)], "")
    return because(finding, [], layers_of(model, largest, "mlp") if largest in _IN else "")


def _lacks(model: ModelProfile) -> str:
    lacking = [word for key, word in (("attention", "attention"), ("mlp", "MLP")) if not model.tally(key).parameters]
    return f"as it has {'neither' if len(lacking) > 1 else 'no ' + lacking[0]}" if lacking else ""


def _outside(model: ModelProfile) -> str:
    return f"as {share(model.outside, model.parameters):.1f} % lie outside of the layers"


def _rest(model: ModelProfile, rest: float) -> str:
    """Where most of what is neither attention nor MLP lies."""
    if model.layers and share(model.outside, model.parameters) >= rest / 2:
        return _outside(model)
    others = [key for key in model.totals.categories if key not in {"attention", "mlp"}]
    most = max(others, key=model.percent)
    return f"as {model.label(most)} holds {model.percent(most):.1f} %"


def _build(model: ModelProfile) -> list[str]:
    """What in a model's build makes the ratio other than twice: `by its gated MLP and grouped queries`."""
    ratio = ratio_of(model) or 0.0
    causes = _more_mlp(model) if ratio > RATIO else _more_attention(model)
    if not causes:
        return []
    *others, last = causes
    return [f"by {', '.join(others)} and {last}" if others else f"by {last}"]


def _more_mlp(model: ModelProfile) -> list[str]:
    """What makes the MLP larger, or attention smaller, than in GPT-2."""
    sizes, causes = model.sizes, []
    if _is_gated(model):
        causes.append("its gated MLP")
    routed = (t.layers for t in model.tensors if t.category == "mlp" and is_routed_expert(t.template))
    experts = len(frozenset().union(*routed))
    if sizes.get("E", 0) > 1 and experts:
        used = model.dimensions.experts_used
        where = _in_layers(experts, model) or "a layer"
        causes.append(f"{exact(sizes['E'])} experts {where}" + (f" ({used} used)" if used else ""))
    queries = sizes.get("q", sizes.get("d", 0))
    if sizes.get("k", queries) < queries:
        heads, shared = model.dimensions.heads, model.dimensions.key_value_heads
        counted = f" ({heads} heads, {shared} keys and values)" if heads and shared and shared < heads else ""
        causes.append(f"grouped queries{counted}")
    if "c" in sizes and max((layer.attention for layer in model.layers), default=0) < 4 * sizes["d"] ** 2:
        causes.append("latent attention")
    attention, mlp = _layers_with(model)
    layers = len(model.layers)
    if 0 < attention < mlp == layers:
        causes.append(f"{exact(layers - attention)} of {exact(layers)} layers without attention")
    elif 0 < attention < mlp:
        causes.append(f"attention in {exact(attention)} and an MLP in {exact(mlp)} of {exact(layers)} layers")
    return causes


def _more_attention(model: ModelProfile) -> list[str]:
    """What makes attention larger, or the MLP smaller, than in GPT-2."""
    causes = []
    own, cross = set[str](), set[str]()
    for tensor in model.tensors:
        if tensor.category == "attention":
            (cross if _is_cross(tensor.name) else own).update(tensor.layers)
    if both := len(own & cross):
        causes.append(f"cross attention {_in_layers(both, model)}".rstrip())
    attention, mlp = _layers_with(model)
    layers = len(model.layers)
    if 0 < mlp < attention == layers:
        causes.append(f"{exact(layers - mlp)} of {exact(layers)} layers without an MLP")
    elif 0 < mlp < attention:
        causes.append(f"an MLP in {exact(mlp)} and attention in {exact(attention)} of {exact(layers)} layers")
    return causes


def _is_cross(name: str) -> bool:
    return CROSS_ATTENTION.has_piece_in(name) or CROSS_ATTENTION.has_word_in(name)


def _layers_with(model: ModelProfile) -> tuple[int, int]:
    """How many layers have attention, and how many an MLP."""
    return sum(layer.attention > 0 for layer in model.layers), sum(layer.mlp > 0 for layer in model.layers)


def _in_layers(count: int, model: ModelProfile) -> str:
    """`in 6 of 12 layers`; "" where it is all of them."""
    layers = len(model.layers)
    return "" if count == layers else f"in {exact(count)} of {exact(layers)} layers"


def _is_gated(model: ModelProfile) -> bool:
    """Whether most of the MLP has a gate beside what it lets through."""
    formula = _formula(model, "mlp")
    if not formula:
        return False
    gated = sum(
        summand.times * summand.each.value(formula.sizes)
        for summand in formula.summands
        if any(_is_of_three(symbols, times) for symbols, times in summand.each.terms.items())
    )
    return 2 * gated > formula.value


def _is_of_three(symbols: tuple[str, ...], times: int) -> bool:
    """Whether a term is that of three matrices or more between the width and an inner one, which may be d or 4d."""
    widths = [symbol for symbol in symbols if symbol != "E"]
    return times in {3, 12} if widths == ["d", "d"] else times >= 3 and len(widths) == 2 and widths[0] == "d"


def layers_of(model: ModelProfile, over: str = "mlp", under: str = "attention") -> str:
    """What a layer holds of two categories, where that gives the ratio that was counted.

    Returns:
        `a layer has 8d² + 5d in the MLP and 4d² + 4d in attention`; "" where no formula gives that ratio in short.
    """
    below = model.tally(under).parameters
    ratio = model.tally(over).parameters / below if below else 0
    known = [_formula(model, key) for key in (over, under)]
    formulas = [formula for formula in known if formula]
    if not ratio or len(formulas) < 2:
        return ""
    keys, sizes = (over, under), formulas[0].sizes
    kinds = _merged(_kinds(formulas), sizes)
    for kind in kinds[:1]:
        held = [each.value(sizes) for each in kind.held]
        if held[1] and is_about(held[0] / held[1], ratio):
            every = kind.layers == len(model.layers)
            have = "has" if kind.layers == 1 else "have"
            who = "a layer has" if every else f"{exact(kind.layers)} of {exact(len(model.layers))} layers {have}"
            return _layers_sentence(who, [each.text() for each in kind.held], keys, kind.held, model)
    sides = [_merged([_Kind(kind.layers, (kind.held[n],)) for kind in kinds], sizes) for n in range(2)]
    sides = [[kind for kind in side if kind.held[0].terms] for side in sides]
    held = [sum(kind.layers * kind.held[0].value(sizes) for kind in side) for side in sides]
    if not held[1] or not is_about(held[0] / held[1], ratio) or max(map(len, sides)) > _MAX_KINDS:
        return ""
    used = [kind.held[0] for side in sides for kind in side]
    texts = [_either(side, len(model.layers)) for side in sides]
    return (
        _layers_sentence("a layer has", texts, keys, used, model) if sum(map(len, texts)) <= _MAX_LAYERS_CHARS else ""
    )


def _layers_sentence(
    who: str, texts: Sequence[str], keys: Sequence[str], used: Iterable[Polynomial], model: ModelProfile
) -> str:
    """A sentence of what layers hold, with the widths that the letters in it stand for."""
    symbols = frozenset().union(*(each.symbols for each in used))
    sizes = model.sizes
    widths = [f"{symbol} = {relative(sizes[symbol], sizes['d'])}" for symbol in "qkrctzwfgs" if symbol in symbols]
    widths += [f"E = {exact(sizes['E'])}"] if "E" in symbols else []
    text = f"{who} {' and '.join(f'{text} {_IN[key]}' for text, key in zip(texts, keys))}"
    return text + (f", where {', '.join(widths)}" if widths else "")


def _either(kinds: Sequence[_Kind], layers: int) -> str:
    """`8d² (6 of 12 layers) or 4d² (6)`."""
    if len(kinds) == 1 and kinds[0].layers == layers:
        return kinds[0].held[0].text()
    of_all = [f" of {exact(layers)} layers", *[""] * len(kinds)]
    return " or ".join(f"{kind.held[0].text()} ({exact(kind.layers)}{rest})" for kind, rest in zip(kinds, of_all))


def _formula(model: ModelProfile, category: str) -> Formula | None:
    return model.formula(category) or model.formula(category, nameless=True)


def _kinds(formulas: Sequence[Formula]) -> list[_Kind]:
    """The kinds of layers by what they hold of each formula's category."""
    summands = [(number, summand) for number, formula in enumerate(formulas) for summand in formula.summands]
    places_of_layer: dict[str, tuple[int, ...]] = {}
    for place, (_, summand) in enumerate(summands):
        for layer in summand.layers:
            places_of_layer[layer] = (*places_of_layer.get(layer, ()), place)
    kinds = []
    for places, layers in Counter(places_of_layer.values()).items():
        own = [summands[place] for place in places]
        held = (total(summand.each for of, summand in own if of == number) for number in range(len(formulas)))
        kinds.append(_Kind(layers, tuple(held)))
    return kinds


def _merged(kinds: Iterable[_Kind], sizes: dict[str, int]) -> list[_Kind]:
    """The kinds, those that hold nearly the same made one; the kind that holds the most comes first."""
    merged: dict[tuple[Polynomial, ...], int] = {}
    for kind in sorted(kinds, key=lambda kind: -kind.layers):
        like = next((held for held in merged if _are_alike(held, kind.held, sizes)), kind.held)
        merged[like] = merged.get(like, 0) + kind.layers

    def size(kind: _Kind) -> int:
        return kind.layers * sum(each.value(sizes) for each in kind.held)

    return sorted((_Kind(layers, held) for held, layers in merged.items()), key=size, reverse=True)


def _are_alike(one: Sequence[Polynomial], other: Sequence[Polynomial], sizes: dict[str, int]) -> bool:
    pairs = [(a.value(sizes), b.value(sizes)) for a, b in zip(one, other)]
    return all(abs(a - b) <= _ALIKE_SHARE * min(a, b) for a, b in pairs)


def relative(size: int, d: int) -> str:
    """A width by the model's own: `4d`, `d/4`, `3.5d`."""
    if not size % d:
        return "d" if size == d else f"{size // d}d"
    return f"d/{d // size}" if not d % size else f"{size / d:.3g}d"

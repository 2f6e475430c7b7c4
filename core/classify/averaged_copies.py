"""Averaged copies (EMA) of a model that lie among its tensors: `ema.h.0.attn.c_attn.weight` beside `h.0.attn…`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.classify.groups import TensorGroup

_NAMES = {"ema"}
_NAMES_OF_MODELS = {"average", "averaged", "avg", "swa", "shadow"}
_MODELS = {"model", "net", "network", "module"}
_PIECES = ("ema", "av", "swa", "shadow")
"""One of which stands in each."""
_OUTERMOST = 2
"""In so many words at the beginning of a name a copy is told; what stands deeper is a layer's own."""
_CERTAIN = "model_ema."
"""Of these names the dots are gone, so that no others are like them (CompVis/latent-diffusion, ldm/modules/ema.py)."""
_MOST = 8
_FEWEST = 2
"""Tensors of modules that a copy has at least: one alone is like many others by chance."""

_Names = dict[tuple[str, tuple[int, ...]], int]


def beginning_of(template: str) -> str:
    """How a name begins that may be a copy's, up to the word that says so: `ema.`; "" where none does."""
    words = template.split(".", _OUTERMOST)
    for at, word in enumerate(words[:-1]):
        if _is_average(word):
            return ".".join([*words[: at + 1], ""])
    return ""


def _is_average(word: str) -> bool:
    low = word.lower()
    if not any(piece in low for piece in _PIECES):
        return False
    tokens = set(low.split("_"))
    return not tokens.isdisjoint(_NAMES) or not (tokens.isdisjoint(_NAMES_OF_MODELS) or tokens.isdisjoint(_MODELS))


def averaged_copies_in(groups: Sequence[TensorGroup]) -> tuple[str, ...]:
    """How the names of averaged copies begin: each has a whole set of names and shapes that lie outside of it too.

    Args:
        groups: all tensors of the checkpoint that are known so far.
    """
    copies: dict[str, _Names] = {}
    for group in groups:
        if beginning := beginning_of(group.template):
            copies.setdefault(beginning, {})
            if len(copies) == _MOST:
                break
    if not copies:
        return ()
    outside: _Names = {}
    for group in groups:
        beginning, shape = beginning_of(group.template), group.tensor.shape
        names = copies.get(beginning, outside)
        name = group.template if names is outside else group.template.removeprefix(beginning)
        # Beside a copy stand how often it was averaged, and how.
        if names is outside or prod(shape) > 1 or "." in name:
            names[name, shape] = names.get((name, shape), 0) + group.count
    return tuple(
        beginning
        for beginning, below in copies.items()
        if outside and (beginning == _CERTAIN or _repeats(beginning, _unwrapped(below), outside))
    )


def _unwrapped(below: _Names) -> _Names:
    """The names as the model has them: torch.optim.swa_utils.AveragedModel keeps a copy as its `module`."""
    if all(name.startswith("module.") for name, _ in below):
        return {(name.removeprefix("module."), shape): count for (name, shape), count in below.items()}
    return below


def _repeats(beginning: str, below: _Names, outside: _Names) -> bool:
    """Whether all these names stand outside too, as most of one module, with as many tensors of each shape."""
    if sum(count for (name, _), count in below.items() if "." in name) < _FEWEST:
        return False
    longest, shape = max(below, key=lambda key: len(key[0]))
    modules = [
        name.removesuffix(longest)
        for name, other in outside
        if other == shape and (name == longest or name.endswith(f".{longest}"))
    ]
    return any(
        all(outside.get((module + name, shape)) == count for (name, shape), count in below.items())
        and sum(name.startswith(module) for name, _ in outside) < 2 * len(below)
        for module in modules[:_MOST]
        if _is_of(beginning, module)
    )


def _is_of(beginning: str, module: str) -> bool:
    """Whether a copy's name is a module's with a word of averages: two branches of one build are no copies."""
    *outer, word, _ = beginning.split(".")
    rest = "_".join(token for token in word.lower().split("_") if token not in _NAMES | _NAMES_OF_MODELS)
    around = ".".join([*outer, ""])
    return (
        not rest
        or module.lower() in {f"{around}{rest}.".lower(), f"{around}online_{rest}.".lower()}
        or (rest in _MODELS and module in {around, ""})
    )

"""Averaged copies (EMA) of a model among its own tensors: `ema.h.0.attn.c_attn.weight` and `h.0.attn…` together."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from core.naming.averages import CERTAIN_PREFIX, WORDS_OF_AVERAGES, WORDS_OF_MODELS, is_average

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.classify.groups import TensorGroup

_MAX_DEPTH = 2
"""The words at a name's beginning among which one may tell a copy; deeper words are a layer's own."""
_MAX_COPIES = 8
_MAX_MODULES = 8
"""Modules that are compared with a copy; a hostile file has thousands."""
_MIN_TENSORS = 2
"""Tensors in modules that a copy has at least, since a single one is like many others by chance."""

_Names = dict[tuple[str, tuple[int, ...]], int]
"""Numbers of tensors by template and shape."""


def prefix_of_copy(template: str) -> str:
    """The beginning of a template that may tell an averaged copy, such as `ema.`; "" where nothing in it does."""
    words = template.split(".", _MAX_DEPTH)
    for at, word in enumerate(words[:-1]):
        if is_average(word):
            return ".".join([*words[: at + 1], ""])
    return ""


def averaged_copies_in(groups: Sequence[TensorGroup]) -> tuple[str, ...]:
    """How the templates of averaged copies begin: each has a whole set of names and shapes that the model has too.

    Args:
        groups: all tensors of the checkpoint that were read so far.
    """
    copies: dict[str, _Names] = {}
    for group in groups:
        prefix = prefix_of_copy(group.template)
        if prefix:
            copies.setdefault(prefix, {})
            if len(copies) == _MAX_COPIES:
                break
    if not copies:
        return ()
    outside: _Names = {}
    for group in groups:
        prefix, shape = prefix_of_copy(group.template), group.tensor.shape
        if prefix not in copies:
            _add(outside, group.template, group)
            continue
        name = group.template.removeprefix(prefix)
        # Single values tell how often the copy was averaged, and how; the model has none of them.
        if prod(shape) > 1 or "." in name:
            _add(copies[prefix], name, group)
    if not outside:
        return ()
    return tuple(
        prefix
        for prefix, names in copies.items()
        if prefix == CERTAIN_PREFIX or _repeats(prefix, _unwrapped(names), outside)
    )


def _add(names: _Names, name: str, group: TensorGroup) -> None:
    key = name, group.tensor.shape
    names[key] = names.get(key, 0) + group.count


def _unwrapped(names: _Names) -> _Names:
    """A copy's names as the model has them: torch.optim.swa_utils.AveragedModel keeps a copy as its `module`."""
    if all(name.startswith("module.") for name, _ in names):
        return {(name.removeprefix("module."), shape): count for (name, shape), count in names.items()}
    return names


def _repeats(prefix: str, names: _Names, outside: _Names) -> bool:
    """Whether a module of the model has the copy's names, as many tensors of each shape, and little else."""
    if sum(count for (name, _), count in names.items() if "." in name) < _MIN_TENSORS:
        return False
    # Modules are looked for by the longest name in the copy, which is found in the fewest places.
    longest, longest_shape = max(names, key=lambda key: len(key[0]))
    modules = [
        name.removesuffix(longest)
        for name, shape in outside
        if shape == longest_shape and (name == longest or name.endswith(f".{longest}"))
    ]
    return any(
        _is_average_of(prefix, module) and _holds_mostly(module, names, outside) for module in modules[:_MAX_MODULES]
    )


def _holds_mostly(module: str, names: _Names, outside: _Names) -> bool:
    """Whether a module has tensors with all of some names, and fewer others than those."""
    has_all = all(outside.get((module + name, shape)) == count for (name, shape), count in names.items())
    return has_all and sum(name.startswith(module) for name, _ in outside) < 2 * len(names)


def _is_average_of(prefix: str, module: str) -> bool:
    """Whether a copy is named for a module, with a word for averages: branches of the same build are no copies."""
    *outer, word, _ = prefix.split(".")
    rest = "_".join(token for token in word.lower().split("_") if token not in WORDS_OF_AVERAGES)
    around = ".".join([*outer, ""])
    return (
        not rest
        or module.lower() in {f"{around}{rest}.".lower(), f"{around}online_{rest}.".lower()}
        or (rest in WORDS_OF_MODELS and module in {around, ""})
    )

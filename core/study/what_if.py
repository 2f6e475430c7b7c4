"""A GPT-2 of any size, counted without being built: what would 96 layers of 12,288 be?"""

from __future__ import annotations

from typing import Literal

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.count.counter import count
from core.profile.profile import ModelProfile
from core.readers.builtin import BuiltInReader

MODEL = "what if"
MAX_SHAPE = Gpt2Shape(layers=1000, hidden_size=100_000, heads=1000, vocabulary=2_000_000, positions=2_000_000)
"""The largest shape that can be asked for."""
_HEAD_DIM = 64

# The sliders go through sizes that people build, so that a few steps lead from GPT-2 to GPT-3.
_LAYERS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128)
_WIDTHS = (
    *(64, 128, 256, 384, 512, 640, 768, 896, 1024, 1152, 1280, 1408, 1536, 1600, 1792, 2048, 2304, 2560, 3072),
    *(4096, 5120, 6144, 7168, 8192, 9216, 10240, 11264, 12288, 14336, 16384, 18432, 20480),
)

# GPT-3 is the largest model in table 2.1 of Brown et al., 2020; it reads 2,048 tokens.
PRESETS = {**BUILT_IN, "GPT-3": Gpt2Shape(96, 12288, 96, positions=2048)}


def what_if_profile(shape: Gpt2Shape, name: str = MODEL) -> ModelProfile:
    """The profile of a GPT-2 of that shape, from a count of the tensors that it would have."""
    return ModelProfile(count(BuiltInReader(name, shape)))


def rule_of_thumb(shape: Gpt2Shape) -> int:
    """12 × layers × width²: all matrices of the layers, without biases, norms and embeddings."""
    return 12 * shape.layers * shape.hidden_size**2


def stepped(shape: Gpt2Shape, what: Literal["layers", "hidden_size"], step: int) -> Gpt2Shape:
    """The next larger (1) or smaller (-1) shape in layers or width."""
    now, ladder = _ladder(shape, what)
    beyond = [n for n in ladder if (n > now if step > 0 else n < now)]
    if not beyond:
        return shape
    return _of({**shape.as_dict(), what: min(beyond) if step > 0 else max(beyond)})


def preset_name(shape: Gpt2Shape) -> str:
    """The name of the published model of this shape; "" where there is none."""
    same = (name for name, each in PRESETS.items() if each.replaced(heads=0) == shape.replaced(heads=0))
    return next(same, "")


def next_preset(shape: Gpt2Shape) -> Gpt2Shape:
    """The smallest preset that is larger; after the largest the first."""
    return next((each for each in PRESETS.values() if rule_of_thumb(each) > rule_of_thumb(shape)), BUILT_IN["gpt2"])


def place(shape: Gpt2Shape, what: Literal["layers", "hidden_size"]) -> float:
    """Where a shape stands between the least and the largest step, 0 to 1."""
    now, ladder = _ladder(shape, what)
    return sum(n <= now for n in ladder[1:]) / (len(ladder) - 1)


def _ladder(shape: Gpt2Shape, what: Literal["layers", "hidden_size"]) -> tuple[int, tuple[int, ...]]:
    return (shape.layers, _LAYERS) if what == "layers" else (shape.hidden_size, _WIDTHS)


def parsed(text: str) -> Gpt2Shape:
    """A shape as people type it: `96 12288`, `96 x 12,288`, with vocabulary and context behind where they differ.

    Raises:
        ValueError: with what is wrong, as a clause.
    """
    words = text.replace(",", "").replace("×", " ").replace("x", " ").split()
    if not 2 <= len(words) <= 4 or not all(word.isascii() and word.isdigit() and len(word) < 9 for word in words):
        raise ValueError("layers and width are wanted, such as 96 12288, then vocabulary and context if you like")
    shape = _of(dict(zip(("layers", "hidden_size", "vocabulary", "positions"), map(int, words))))
    largest = MAX_SHAPE.as_dict()
    for name in ("layers", "hidden_size", "heads", "vocabulary", "positions"):
        if not 0 < getattr(shape, name) <= largest[name]:
            raise ValueError(f"{name.replace('_', ' ')} from 1 to {largest[name]:,} is wanted")
    return shape


def _of(numbers: dict[str, int]) -> Gpt2Shape:
    """A shape with heads of 64, as GPT-2's; they do not change the count."""
    return Gpt2Shape(**{**numbers, "heads": max(1, numbers["hidden_size"] // _HEAD_DIM)})

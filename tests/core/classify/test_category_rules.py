"""The categories of 332 layouts of transformers' models.

`data/layouts.json.gz` has their tensors' names without digits, shapes, and how many tensors of each category are named
so; "" for those whose category is a matter of taste, which are context alone. The labels come from the classes of the
modules that own the tensors in transformers 5, checked by hand; one to two layers of each kind of a model.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import NamedTuple

import pytest

from core.checkpoint.config import ModelConfig
from core.classify.categorizer import categories_of

Shape = tuple[int, ...]


class Layout(NamedTuple):
    """The tensors of a model, and their labels with how many tensors have each."""

    config: dict[str, object]
    tensors: list[tuple[str, Shape]]
    labels: list[dict[str, int]]

    def categories(self) -> list[str]:
        return categories_of(self.tensors, ModelConfig.of(self.config))

    def without(self, prefix: str) -> list[tuple[str, Shape]]:
        return [tensor for tensor in self.tensors if not tensor[0].startswith(prefix)]


def _layouts() -> dict[str, Layout]:
    with gzip.open(Path(__file__).parent / "data" / "layouts.json.gz") as file:
        told = json.load(file)
    return {
        key: Layout(
            {"model_type": layout["model_type"], "architectures": [layout["class"]]},
            [(name, tuple(shape)) for name, shape, _ in layout["tensors"]],
            [labels for _, _, labels in layout["tensors"]],
        )
        for key, layout in told.items()
    }


@pytest.fixture(scope="module")
def layouts() -> dict[str, Layout]:
    return _layouts()


def _score(layout: Layout) -> Iterator[tuple[int, int, int]]:
    """How many tensors of a name are scored, how many of them are right, and the parameters of one."""
    for (_, shape), labels, category in zip(layout.tensors, layout.labels, layout.categories()):
        yield sum(labels.values()) - labels.get("", 0), labels.get(category, 0), prod(shape)


def test_nearly_every_tensor_is_right(layouts: dict[str, Layout]) -> None:
    whole = 0
    shares = []
    tensors: Counter[str] = Counter()
    for layout in layouts.values():
        scores = list(_score(layout))
        whole += all(right == scored for scored, right, _ in scores)
        if weight := sum(scored * numel for scored, _, numel in scores):
            shares.append(sum(right * numel for _, right, numel in scores) / weight)
        tensors["scored"] += sum(scored for scored, _, _ in scores)
        tensors["right"] += sum(right for _, right, _ in scores)
    assert whole / len(layouts) >= 0.98
    assert sum(shares) / len(shares) >= 0.998
    assert tensors["right"] / tensors["scored"] >= 0.999


@pytest.mark.parametrize("prefix", ["model.", "module.", "base_model.model.", "_orig_mod.", "a.b."])
def test_what_wraps_a_model_changes_nothing(layouts: dict[str, Layout], prefix: str) -> None:
    for layout in layouts.values():
        wrapped = [(f"{prefix}{name}", shape) for name, shape in layout.tensors]
        assert categories_of(wrapped, ModelConfig.of({})) == layout.categories()


def test_a_head_or_a_tower_left_out_changes_nothing(layouts: dict[str, Layout]) -> None:
    for key, layout in layouts.items():
        known = dict(zip(layout.tensors, layout.categories()))
        headless = [tensor for tensor in layout.tensors if known[tensor] != "head"]
        assert categories_of(headless, ModelConfig.of({})) == [known[tensor] for tensor in headless], key
        words = [name.split(".") for name, _ in layout.tensors]
        parts = {word[0] for word in words} | {".".join(word[:2]) for word in words if word[0] == "model" and word[1]}
        for part in parts:
            rest = layout.without(f"{part}.")
            assert categories_of(rest, ModelConfig.of({})) == [known[tensor] for tensor in rest], (
                f"{key} without {part}"
            )


def test_the_config_is_not_needed(layouts: dict[str, Layout]) -> None:
    for layout in layouts.values():
        assert categories_of(layout.tensors, ModelConfig.of({})) == layout.categories()

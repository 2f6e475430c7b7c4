"""A reader of tensors that a test gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.checkpoint.config import ModelConfig
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch
from core.count.counter import count
from core.count.tree import ModuleNode, build_tree
from tests.support.checkpoints import Tensors, byte_count


def batch_of(tensors: Tensors, file: str = "") -> TensorBatch:
    """Tensors as a reader tells them."""
    return TensorBatch(
        names=list(tensors),
        shapes=[tuple(shape) for _, shape in tensors.values()],
        dtypes=[dtype for dtype, _ in tensors.values()],
        sizes=[byte_count(dtype, shape) for dtype, shape in tensors.values()],
        file=file,
    )


class TensorReader:
    """Tells the tensors of one file."""

    def __init__(self, tensors: Tensors, model: str = "model", config: dict[str, Any] | None = None) -> None:
        self.source = Source(model, model, "safetensors", ModelConfig.of(config), [])
        self._tensors = tensors

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        yield batch_of(self._tensors), Progress(1, 1)


def tree_of(tensors: Tensors, model: str = "model") -> ModuleNode:
    """The tree of some tensors."""
    return build_tree(count(TensorReader(tensors, model)))

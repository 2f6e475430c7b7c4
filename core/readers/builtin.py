"""The built-in GPT-2 models, read from their shapes without a file."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from core.checkpoint.config import ModelConfig
from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape, parameter_shapes
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch


class BuiltInReader:
    """A model that needs no file; its values would be float32, 4 bytes each."""

    def __init__(self, name: str, shape: Gpt2Shape | None = None) -> None:
        """
        Args:
            name: the model's.
            shape: None for that of the published model of this name.
        """
        shape = shape or BUILT_IN[name]
        self._shape = shape
        self.source = Source(
            model=name,
            source="built-in",
            format="built-in",
            config=ModelConfig.of(
                {
                    "architectures": ["GPT2LMHeadModel"],
                    "model_type": "gpt2",
                    "n_layer": shape.layers,
                    "n_embd": shape.hidden_size,
                    "n_head": shape.heads,
                    "vocab_size": shape.vocabulary,
                    "n_positions": shape.positions,
                }
            ),
            notes=["lm_head.weight is tied to transformer.wte.weight: counted once"],
        )

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """All tensors at once."""
        names, shapes = zip(*parameter_shapes(self._shape))
        sizes = [4 * prod(shape) for shape in shapes]
        yield TensorBatch(names, shapes, ["F32"] * len(names), sizes, ""), Progress(1, 1)

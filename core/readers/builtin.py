"""The four GPT-2 language models, from their shapes alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from core.stored import Progress, Source, TensorBatch


class Gpt2Shape(NamedTuple):
    """The shape of a GPT-2: its `n_layer`, `n_embd`, `n_head`, `vocab_size` and `n_positions`."""

    layers: int
    hidden_size: int
    heads: int
    vocabulary: int = 50257
    positions: int = 1024


# transformers' GPT2Config and the config.json of the published models.
BUILT_IN = {
    "gpt2": Gpt2Shape(12, 768, 12),
    "gpt2-medium": Gpt2Shape(24, 1024, 16),
    "gpt2-large": Gpt2Shape(36, 1280, 20),
    "gpt2-xl": Gpt2Shape(48, 1600, 25),
}


def parameter_shapes(shape: Gpt2Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of `GPT2LMHeadModel.named_parameters()`, in its order.

    The output head is not among them: it is the token embedding (transformers, models/gpt2/modeling_gpt2.py).
    """
    d = shape.hidden_size
    yield "transformer.wte.weight", (shape.vocabulary, d)
    yield "transformer.wpe.weight", (shape.positions, d)
    for n in range(shape.layers):
        layer = f"transformer.h.{n}."
        for name, weight in (
            ("ln_1", (d,)),
            ("attn.c_attn", (d, 3 * d)),
            ("attn.c_proj", (d, d)),
            ("ln_2", (d,)),
            ("mlp.c_fc", (d, 4 * d)),
            ("mlp.c_proj", (4 * d, d)),
        ):
            yield f"{layer}{name}.weight", weight
            yield f"{layer}{name}.bias", weight[-1:]
    yield "transformer.ln_f.weight", (d,)
    yield "transformer.ln_f.bias", (d,)


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
            config={
                "architectures": ["GPT2LMHeadModel"],
                "model_type": "gpt2",
                "n_layer": shape.layers,
                "n_embd": shape.hidden_size,
                "n_head": shape.heads,
                "vocab_size": shape.vocabulary,
                "n_positions": shape.positions,
            },
            notes=["lm_head.weight is tied to transformer.wte.weight: counted once"],
        )

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """All tensors at once."""
        names, shapes = zip(*parameter_shapes(self._shape))
        sizes = [4 * prod(shape) for shape in shapes]
        yield TensorBatch(names, shapes, ["F32"] * len(names), sizes, ""), Progress(1, 1)

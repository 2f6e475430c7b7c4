"""The four published GPT-2 models as shapes: every tensor of theirs by name."""

from __future__ import annotations

from collections.abc import Iterator

from core.checkpoint.record import Record


class Gpt2Shape(Record):
    """The shape of a GPT-2: its `n_layer`, `n_embd`, `n_head`, `vocab_size` and `n_positions`."""

    __slots__ = ("heads", "hidden_size", "layers", "positions", "vocabulary")

    def __init__(
        self, layers: int, hidden_size: int, heads: int, vocabulary: int = 50257, positions: int = 1024
    ) -> None:
        self.layers = layers
        self.hidden_size = hidden_size
        self.heads = heads
        self.vocabulary = vocabulary
        self.positions = positions


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

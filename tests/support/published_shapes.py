"""Published models by their tensors: names, shapes and dtypes as their files have them, from their configs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Layout = tuple[str, Sequence[int]]
Layouts = dict[str, Layout]
Linear = Callable[[str, int, int], Layouts]
"""How a linear layer is stored: from its name, out features and in features."""


def plain(name: str, out: int, columns: int) -> Layouts:
    return {f"{name}.weight": ("BF16", (out, columns))}


def llama(  # noqa: PLR0917  # as its config has them
    vocabulary: int,
    width: int,
    layers: int,
    query: int,
    key: int,
    inner: int,
    *,
    head: bool = True,
    head_norm: int = 0,
    linear: Linear = plain,
) -> Layouts:
    """The names of Llama and of those built like it.

    Args:
        vocabulary: tokens.
        width: `hidden_size`.
        layers: how many.
        query: width of all query heads.
        key: width of all key heads.
        inner: `intermediate_size`; 0 leaves the MLP out.
        head: whether lm_head is stored.
        head_norm: of Qwen3 the width of a head, whose queries and keys have norms; 0 for none.
        linear: how its linear layers are stored.
    """
    tensors: Layouts = {"model.embed_tokens.weight": ("BF16", (vocabulary, width))}
    for n in range(layers):
        layer = f"model.layers.{n}."
        tensors[f"{layer}input_layernorm.weight"] = ("BF16", (width,))
        for name, out, columns in (
            ("q_proj", query, width),
            ("k_proj", key, width),
            ("v_proj", key, width),
            ("o_proj", width, query),
        ):
            tensors |= linear(f"{layer}self_attn.{name}", out, columns)
        if head_norm:
            tensors[f"{layer}self_attn.q_norm.weight"] = ("BF16", (head_norm,))
            tensors[f"{layer}self_attn.k_norm.weight"] = ("BF16", (head_norm,))
        tensors[f"{layer}post_attention_layernorm.weight"] = ("BF16", (width,))
        if inner:
            tensors |= linear(f"{layer}mlp.gate_proj", inner, width)
            tensors |= linear(f"{layer}mlp.up_proj", inner, width)
            tensors |= linear(f"{layer}mlp.down_proj", width, inner)
    tensors["model.norm.weight"] = ("BF16", (width,))
    if head:
        tensors["lm_head.weight"] = ("BF16", (vocabulary, width))
    return tensors


def mixtral(linear: Linear = plain, layers: int = 32) -> Layouts:
    """mistralai/Mixtral-8x7B-v0.1."""
    tensors = llama(32000, 4096, layers, 4096, 1024, 0, linear=linear)
    for n in range(layers):
        moe = f"model.layers.{n}.block_sparse_moe."
        tensors |= plain(f"{moe}gate", 8, 4096)
        for expert in range(8):
            for name, out, columns in (("w1", 14336, 4096), ("w2", 4096, 14336), ("w3", 14336, 4096)):
                tensors |= linear(f"{moe}experts.{expert}.{name}", out, columns)
    return tensors


def qwen3_moe() -> Layouts:
    """Qwen/Qwen3-30B-A3B."""
    tensors = llama(151936, 2048, 48, 4096, 512, 0, head_norm=128)
    for n in range(48):
        mlp = f"model.layers.{n}.mlp."
        tensors |= plain(f"{mlp}gate", 128, 2048)
        for expert in range(128):
            tensors |= plain(f"{mlp}experts.{expert}.gate_proj", 768, 2048)
            tensors |= plain(f"{mlp}experts.{expert}.up_proj", 768, 2048)
            tensors |= plain(f"{mlp}experts.{expert}.down_proj", 2048, 768)
    return tensors


def gpt_oss() -> Layouts:
    """openai/gpt-oss-20b, its experts in MXFP4."""
    tensors = llama(201088, 2880, 24, 4096, 512, 0)
    for n in range(24):
        layer = f"model.layers.{n}."
        for name, out in (("q_proj", 4096), ("k_proj", 512), ("v_proj", 512), ("o_proj", 2880)):
            tensors[f"{layer}self_attn.{name}.bias"] = ("BF16", (out,))
        tensors[f"{layer}self_attn.sinks"] = ("BF16", (64,))
        tensors[f"{layer}mlp.router.weight"] = ("BF16", (32, 2880))
        tensors[f"{layer}mlp.router.bias"] = ("BF16", (32,))
        for name, rows in (("gate_up_proj", 5760), ("down_proj", 2880)):
            tensors[f"{layer}mlp.experts.{name}_blocks"] = ("U8", (32, rows, 90, 16))
            tensors[f"{layer}mlp.experts.{name}_scales"] = ("U8", (32, rows, 90))
            tensors[f"{layer}mlp.experts.{name}_bias"] = ("BF16", (32, rows))
    return tensors


def gpt_oss_original() -> Layouts:
    """The same as its makers name its tensors: openai/gpt-oss-20b, folder `original`."""
    width = ("BF16", (2880,))
    tensors: Layouts = {
        "embedding.weight": ("BF16", (201088, 2880)),
        "norm.scale": width,
        "unembedding.weight": ("BF16", (201088, 2880)),
    }
    for n in range(24):
        attn, mlp = f"block.{n}.attn.", f"block.{n}.mlp."
        tensors |= {f"{attn}norm.scale": width, f"{mlp}norm.scale": width, f"{attn}sinks": ("BF16", (64,))}
        for name, out, columns in ((f"{attn}qkv", 5120, 2880), (f"{attn}out", 2880, 4096), (f"{mlp}gate", 32, 2880)):
            tensors |= plain(name, out, columns) | {f"{name}.bias": ("BF16", (out,))}
        for name, rows in (("mlp1", 5760), ("mlp2", 2880)):
            tensors[f"{mlp}{name}_weight.blocks"] = ("U8", (32, rows, 90, 16))
            tensors[f"{mlp}{name}_weight.scales"] = ("U8", (32, rows, 90))
            tensors[f"{mlp}{name}_bias"] = ("BF16", (32, rows))
    return tensors


def _float8_linear(name: str, out: int, columns: int) -> Iterator[tuple[str, Layout]]:
    """A matrix of float8 with a scale for each block of 128 × 128."""
    yield f"{name}.weight", ("F8_E4M3", (out, columns))
    yield f"{name}.weight_scale_inv", ("F32", (-(-out // 128), -(-columns // 128)))


def _float8_mlp(name: str, inner: int) -> Iterator[tuple[str, Layout]]:
    yield from _float8_linear(f"{name}.gate_proj", inner, 7168)
    yield from _float8_linear(f"{name}.up_proj", inner, 7168)
    yield from _float8_linear(f"{name}.down_proj", 7168, inner)


def _latent_attention(layer: str) -> Iterator[tuple[str, Layout]]:
    yield f"{layer}input_layernorm.weight", ("BF16", (7168,))
    yield from _float8_linear(f"{layer}self_attn.q_a_proj", 1536, 7168)
    yield f"{layer}self_attn.q_a_layernorm.weight", ("BF16", (1536,))
    yield from _float8_linear(f"{layer}self_attn.q_b_proj", 24576, 1536)
    yield from _float8_linear(f"{layer}self_attn.kv_a_proj_with_mqa", 576, 7168)
    yield f"{layer}self_attn.kv_a_layernorm.weight", ("BF16", (512,))
    yield from _float8_linear(f"{layer}self_attn.kv_b_proj", 32768, 512)
    yield from _float8_linear(f"{layer}self_attn.o_proj", 7168, 16384)
    yield f"{layer}post_attention_layernorm.weight", ("BF16", (7168,))


def deepseek_v3() -> Iterator[tuple[str, Layout]]:
    """deepseek-ai/DeepSeek-V3: float8 in blocks of 128, 61 layers and one for speculative decoding."""
    yield "model.embed_tokens.weight", ("BF16", (129280, 7168))
    for n in range(62):
        layer = f"model.layers.{n}."
        yield from _latent_attention(layer)
        if n < 3:
            yield from _float8_mlp(f"{layer}mlp", 18432)
            continue
        yield f"{layer}mlp.gate.weight", ("BF16", (256, 7168))
        yield f"{layer}mlp.gate.e_score_correction_bias", ("F32", (256,))
        yield from _float8_mlp(f"{layer}mlp.shared_experts", 2048)
        for expert in range(256):
            yield from _float8_mlp(f"{layer}mlp.experts.{expert}", 2048)
    last = "model.layers.61."
    yield f"{last}embed_tokens.weight", ("BF16", (129280, 7168))
    yield f"{last}enorm.weight", ("BF16", (7168,))
    yield f"{last}hnorm.weight", ("BF16", (7168,))
    yield f"{last}eh_proj.weight", ("BF16", (7168, 14336))
    yield f"{last}shared_head.norm.weight", ("BF16", (7168,))
    yield f"{last}shared_head.head.weight", ("BF16", (129280, 7168))
    yield "model.norm.weight", ("BF16", (7168,))
    yield "lm_head.weight", ("BF16", (129280, 7168))

"""llama.cpp's names of tensors count where the names do that they were made from.

The `gguf` package tells for each architecture which tensors it has, how llama.cpp calls them, and which names of the
models' own they come from. Those of one architecture are read as one checkpoint, which they never are: some come from
models of a kind of their own, and are named in `APART` or `STRANGERS`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gguf.constants import MODEL_ARCH, MODEL_ARCH_NAMES, MODEL_TENSOR, MODEL_TENSORS, TENSOR_NAMES
from gguf.tensor_mapping import TensorNameMap

from core.checkpoint.config import ModelConfig
from core.classify.categorizer import categories_of
from core.classify.category import CATEGORIES
from core.naming.template import template_of

# The parts of llama.cpp's names whose tensors are vectors.
VECTORS = ("norm", "ln1", "ln2", "_ln", "ln_", ".bn")

# llama.cpp's name, and a piece of the other's name: where they may differ, and why.
APART = {
    # One name for what is a projector in each model, whatever it is called there: no category.
    ("mm.", ""),
    ("resampler.kv", ""),
    ("a.proj_query", "projector.query"),
    # A buffer.
    ("attn_rot_embd", "inv_freq"),
    # A table of relative positions has a module of its own in Gemma 3n.
    ("linear_pos", "relative_position_embedding"),
    # What else its layer has decides, which names from other models stand beside here.
    ("attn_output", "mixer.out_proj"),
    ("attn_output", ".wo"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.out_proj"),
    ("ffn_gate_inp", "mixer.gate"),
    ("ffn_gate_inp", "layers.{bid}.gate"),
    ("ffn_gate_inp", "moe.gate"),
    # Qwen3-Next's linear attention, with names that are attention's elsewhere.
    ("attn_gate", ""),
    ("attn_qkv", ""),
    ("attn_output", "linear_attn"),
    # Words that say nothing by themselves.
    ("cls", "dense"),
    ("conv1d", "backbone.embed"),
    ("posnet.{bid}.attn", "backbone.posnet"),
    # Convolutions of an image, which have four dimensions.
    ("v.patch_embd", "conv"),
}

# Kimi's, which make a linear attention of all in their module: beside the names of others they say nothing true.
STRANGERS = ("self_attn.A_log", "self_attn.dt_proj", "self_attn.b_proj")


def _pairs(arch: MODEL_ARCH) -> Iterator[tuple[MODEL_TENSOR, str]]:
    """The architecture's tensors, each with every name of a model's own that becomes it."""
    has = set(MODEL_TENSORS[arch])
    maps = (
        TensorNameMap.mappings_cfg,
        TensorNameMap.block_mappings_cfg,
        TensorNameMap.arch_block_mappings_cfg.get(arch, {}),
    )
    for tensor, names in (item for mapping in maps for item in mapping.items()):
        if tensor in has:
            kimi = arch == MODEL_ARCH.KIMI_LINEAR
            yield from ((tensor, name) for name in names if kimi or not name.endswith(STRANGERS))


def _tensor(name: str, tensor: MODEL_TENSOR) -> tuple[str, tuple[int, ...]]:
    vector = any(part in TENSOR_NAMES[tensor] for part in VECTORS)
    return template_of(f"{name}.weight".format(bid=0, xid=0)), (64,) if vector else (64, 32)


def _apart(stored: str, own: str) -> bool:
    return any(piece in stored and other in own for piece, other in APART)


@pytest.mark.parametrize("arch", MODEL_TENSORS, ids=MODEL_ARCH_NAMES.get)
def test_its_names_count_where_the_models_own_do(arch: MODEL_ARCH) -> None:
    config = ModelConfig.of({"model_type": MODEL_ARCH_NAMES[arch]})
    tensors = MODEL_TENSORS[arch]
    stored = dict(zip(tensors, categories_of([_tensor(TENSOR_NAMES[tensor], tensor) for tensor in tensors], config)))
    assert set(stored.values()) <= set(CATEGORIES)
    pairs = list(_pairs(arch))
    own = categories_of([_tensor(name, tensor) for tensor, name in pairs], config)
    differing = {
        (TENSOR_NAMES[tensor], name): (stored[tensor], category)
        for (tensor, name), category in zip(pairs, own)
        if category != stored[tensor] and not _apart(TENSOR_NAMES[tensor], name)
    }
    assert not differing


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("embedding", "token_embd.weight position_embd.weight"),
        ("attention", "blk.0.attn_q.weight blk.0.attn_output.weight blk.0.attn_sinks.weight blk.0.attn_k.bias"),
        ("mlp", "blk.0.ffn_up.weight blk.0.ffn_down_exps.weight blk.0.ffn_gate_shexp.weight"),
        ("router", "blk.0.ffn_gate_inp.weight blk.0.exp_probs_b.bias blk.0.ffn_gate_inp_shexp.weight"),
        ("norm", "blk.0.attn_norm.weight output_norm.weight blk.0.attn_q_norm.weight"),
        ("mixer", "blk.0.ssm_in.weight blk.0.ssm_a blk.0.ssm_conv1d.weight"),
        ("head", "output.weight"),
        ("other", "rope_freqs.weight v.blk.0.ls1.weight mm.image_begin.weight v.boi.weight"),
    ],
)
def test_the_names_everybody_meets(category: str, names: str) -> None:
    vectors = ("norm", "bias", "sinks", "rope", "ssm_a", "inp_shexp", "ls1", "image_begin", "boi")
    tensors = [
        (template_of(name), (64,) if any(part in name for part in vectors) else (64, 32)) for name in names.split()
    ]
    assert categories_of(tensors, ModelConfig.of({})) == [category] * len(tensors)

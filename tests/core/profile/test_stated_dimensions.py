"""Dimensions in the JSON, against the configs of transformers' own models, with config.json and by shapes alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints import Tensors, experts, gpt2, write
from tests.support.command import Command
from tests.support.gguf_files import mixtral
from tests.support.gguf_files import write as write_gguf

KEYS = [
    *("layers", "hidden_size", "heads", "kv_heads", "head_dim", "intermediate_size", "vocabulary", "context"),
    *("experts", "experts_used"),
]
SMALL = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 4}
# Kinds of transformers, each with a config of it, and what its code makes of that.
CONFIGS: dict[str, tuple[dict[str, Any], list[int | None]]] = {
    "gpt2": (
        {"vocab_size": 96, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 48},
        [3, 32, 4, 4, 8, 128, 96, 48, None, None],
    ),
    "llama": (
        {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 64},
        [3, 32, 4, 2, 8, 80, 96, 64, None, None],
    ),
    "qwen3": (
        {**SMALL, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64},
        [3, 32, 4, 2, 16, 80, 96, 64, None, None],
    ),
    "mixtral": (
        {**SMALL, "num_key_value_heads": 1, "num_local_experts": 4, "max_position_embeddings": 64},
        [3, 32, 4, 1, 8, 80, 96, 64, 4, 2],
    ),
    "bert": ({**SMALL, "max_position_embeddings": 64}, [3, 32, 4, 4, 8, 80, 96, 64, None, None]),
    "gpt_neox": ({**SMALL, "max_position_embeddings": 64}, [3, 32, 4, 4, 8, 80, 96, 64, None, None]),
    "falcon": (
        {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "multi_query": True},
        [3, 32, 4, 1, 8, 128, 96, 2048, None, None],
    ),
}


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_dimensions_are_those_of_transformers_config(kind: str, tmp_path: Path, command: Command) -> None:
    import transformers

    settings, expected = CONFIGS[kind]
    library: Any = transformers
    config = library.AutoConfig.for_model(kind, **settings)
    of_kind = library.AutoModelForMaskedLM if kind == "bert" else library.AutoModelForCausalLM
    of_kind.from_config(config).save_pretrained(tmp_path)
    told = command(tmp_path, "--json").model["dimensions"]
    assert told == dict(zip(KEYS, expected))
    alone = command(tmp_path / "config.json", "--json").model["dimensions"] if kind == "llama" else told
    assert alone == told
    # By the shapes alone what is told is right, and the rest null.
    (tmp_path / "config.json").unlink()
    shapes = command(tmp_path, "--json").model["dimensions"]
    assert list(shapes) == KEYS
    assert {key: size for key, size in shapes.items() if size is not None}.items() <= told.items()
    assert (shapes["layers"], shapes["hidden_size"], shapes["vocabulary"]) == (3, 32, 96)


def test_the_heads_of_t5_are_as_wide_as_its_queries_say(tmp_path: Path, command: Command) -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(vocab_size=96, d_model=32, d_kv=16, d_ff=80, num_layers=3, num_heads=4)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    told = command(tmp_path, "--json").model["dimensions"]
    assert (told["heads"], told["kv_heads"], told["head_dim"], told["intermediate_size"]) == (4, 4, 16, 80)


def test_a_gguf_file_has_its_dimensions_in_its_keys(tmp_path: Path, command: Command) -> None:
    tensors, metadata = mixtral()
    sizes = {
        "llama.attention.head_count": 32,
        "llama.attention.head_count_kv": 8,
        "llama.context_length": 32768,
        "llama.feed_forward_length": 14336,
        "llama.vocab_size": 32000,
    }
    path = write_gguf(tmp_path / "x.gguf", tensors, {**metadata, **sizes})
    told = command(path, "--json").model["dimensions"]
    assert told == dict(zip(KEYS, [32, 4096, 32, 8, 128, 14336, 32000, 32768, 8, 2]))


def test_shapes_that_leave_a_doubt_tell_nothing(tmp_path: Path, command: Command) -> None:
    two_stacks: Tensors = {
        **{f"encoder.layers.{n}.self_attn.q_proj.weight": ("F32", (8, 8)) for n in range(3)},
        **{f"decoder.layers.{n}.self_attn.q_proj.weight": ("F32", (8, 8)) for n in range(2)},
        **{f"decoder.layers.{n}.fc1.weight": ("F32", (8 * (n + 3), 8)) for n in range(2)},
        "encoder.embed_tokens.weight": ("F32", (30, 8)),
        "decoder.embed_tokens.weight": ("F32", (40, 8)),
        "decoder.embed_positions.weight": ("F32", (66, 8)),
    }
    told = command(write(tmp_path / "x.safetensors", two_stacks), "--json").model["dimensions"]
    assert told == dict.fromkeys(KEYS)
    stages: Tensors = {
        **{f"layers.{n}.downsample.norm.weight": ("F32", (8,)) for n in range(3)},
        **{f"layers.{n}.blocks.{m}.mlp.fc1.weight": ("F32", (8, 8)) for n in range(3) for m in range(2)},
    }
    assert command(write(tmp_path / "y.safetensors", stages), "--json").model["dimensions"]["layers"] is None


def test_experts_are_counted_by_the_router(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", dict(experts(3, 5)))
    told = command(path, "--json").model["dimensions"]
    assert (told["layers"], told["hidden_size"], told["experts"], told["experts_used"]) == (3, 64, 5, None)


def test_a_model_without_attention_has_no_heads(tmp_path: Path, command: Command) -> None:
    tensors: Tensors = {
        "backbone.embeddings.weight": ("F32", (96, 32)),
        **{f"backbone.layers.{n}.mixer.in_proj.weight": ("F32", (64, 32)) for n in range(2)},
        **{f"backbone.layers.{n}.norm.weight": ("F32", (32,)) for n in range(2)},
    }
    config = {"model_type": "mamba2", "num_heads": 8, "head_dim": 8, "hidden_size": 32, "num_hidden_layers": 2}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write(tmp_path / "model.safetensors", tensors)
    told = command(tmp_path, "--json").model["dimensions"]
    assert (told["heads"], told["kv_heads"], told["head_dim"]) == (None, None, None)
    assert (told["layers"], told["hidden_size"]) == (2, 32)


def test_the_text_tells_dimensions_and_dtypes_in_a_line_or_two(tmp_path: Path, command: Command) -> None:
    lines = command("gpt2", "--print").out.splitlines()
    assert lines[1:4] == [
        "  12 layers · width 768 · 12 heads of 64 · MLP width 3,072 · vocabulary 50,257 ·",
        "  context 1,024 · F32 · 32.00 bits a weight",
        "",
    ]
    by_shapes = command(write(tmp_path / "x.safetensors", gpt2()), "--print", "--ascii").out
    assert "  12 layers - width 768 - MLP width 3,072 - vocabulary 50,257 - context 1,024 -\n" in by_shapes

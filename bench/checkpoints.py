"""Checkpoints to measure with: true headers over sparse files, so that terabytes take kilobytes of disk.

They are written by a process of their own, `python -m bench.checkpoints FOLDER`, because the peak memory of a child
process begins at that of the process which starts it.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

from core.checkpoint.gpt2 import BUILT_IN, parameter_shapes
from tests.support.published_shapes import gpt_oss

GPT2 = "gpt2/model.safetensors"
GPT2_TORCH = "gpt2.pt"
GPT_OSS = "gpt-oss"
SHARDED = "sharded"
SPELLINGS = ("compact", "default", "indented", "escaped")
"""How the headers of `SHARDED` and its likes are spelt: the safetensors crate's way, `json.dumps`' own, and so on."""
MILLION = "million/model.safetensors"
GGUF = "gguf/model.gguf"

SHARDS = 163
SHARDED_TENSORS = 90_427
MILLION_TENSORS = 1_000_000
TOKENS = 150_000

_BYTES = {"F32": 4, "BF16": 2, "F8_E4M3": 1, "U8": 1}
_HIDDEN = 7168
_LAYERS = 61
_DENSE_LAYERS = 3
_EXPERTS = 256


class Tensor(NamedTuple):
    """One entry of a header."""

    name: str
    dtype: str
    shape: Sequence[int]


def sharded(spelling: str) -> str:
    """The folder of a spelling."""
    return SHARDED if spelling == "compact" else f"{SHARDED}-{spelling}"


def spelt(header: dict[str, object], spelling: str) -> str:
    """A header as JSON."""
    if spelling == "default":
        return json.dumps(header)
    if spelling == "indented":
        return json.dumps(header, indent=2)
    text = json.dumps(header, separators=(",", ":"))
    # The first letter of every text, keys and dtypes too.
    return re.sub(r'(?<=[{,:]")\w', _escape, text) if spelling == "escaped" else text


def _escape(letter: re.Match[str]) -> str:
    return f"\\u{ord(letter[0]):04x}"


def write_safetensors(path: Path, tensors: Iterable[Tensor], spelling: str = "compact") -> int:
    """Writes a file with the header of these tensors and a hole for their data.

    Returns:
        The bytes of their data.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for tensor in tensors:
        begin, end = end, end + prod(tensor.shape) * _BYTES[tensor.dtype]
        header[tensor.name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [begin, end]}
    text = spelt(header, spelling).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    return end


def gpt2_tensors() -> Iterator[Tensor]:
    """The 148 tensors of the smallest GPT-2."""
    for name, shape in parameter_shapes(BUILT_IN["gpt2"]):
        yield Tensor(name, "F32", shape)


def deepseek_v3_tensors() -> Iterator[Tensor]:
    """The tensors of DeepSeek-V3's layers: float8 weights in blocks of 128, and 256 experts a layer."""
    yield Tensor("model.embed_tokens.weight", "BF16", (129280, _HIDDEN))
    for layer in range(_LAYERS):
        prefix = f"model.layers.{layer}."
        yield Tensor(f"{prefix}input_layernorm.weight", "BF16", (_HIDDEN,))
        yield from _attention(f"{prefix}self_attn.")
        if layer < _DENSE_LAYERS:
            yield from _mlp(f"{prefix}mlp.", 18432)
        else:
            yield Tensor(f"{prefix}mlp.gate.weight", "BF16", (_EXPERTS, _HIDDEN))
            yield Tensor(f"{prefix}mlp.gate.e_score_correction_bias", "F32", (_EXPERTS,))
            yield from _mlp(f"{prefix}mlp.shared_experts.", 2048)
            for expert in range(_EXPERTS):
                yield from _mlp(f"{prefix}mlp.experts.{expert}.", 2048)
        yield Tensor(f"{prefix}post_attention_layernorm.weight", "BF16", (_HIDDEN,))
    yield Tensor("model.norm.weight", "BF16", (_HIDDEN,))
    yield Tensor("lm_head.weight", "BF16", (129280, _HIDDEN))


def million_tensors() -> Iterator[Tensor]:
    """A million weights of a thousand layers."""
    for n in range(MILLION_TENSORS):
        layer, expert = divmod(n, 1000)
        yield Tensor(f"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight", "BF16", (2048, 512))


def _attention(prefix: str) -> Iterator[Tensor]:
    yield from _quantised(f"{prefix}q_a_proj", 1536, _HIDDEN)
    yield Tensor(f"{prefix}q_a_layernorm.weight", "BF16", (1536,))
    yield from _quantised(f"{prefix}q_b_proj", 24576, 1536)
    yield from _quantised(f"{prefix}kv_a_proj_with_mqa", 576, _HIDDEN)
    yield Tensor(f"{prefix}kv_a_layernorm.weight", "BF16", (512,))
    yield from _quantised(f"{prefix}kv_b_proj", 32768, 512)
    yield from _quantised(f"{prefix}o_proj", _HIDDEN, 16384)


def _mlp(prefix: str, width: int) -> Iterator[Tensor]:
    yield from _quantised(f"{prefix}gate_proj", width, _HIDDEN)
    yield from _quantised(f"{prefix}up_proj", width, _HIDDEN)
    yield from _quantised(f"{prefix}down_proj", _HIDDEN, width)


def _quantised(name: str, rows: int, columns: int) -> Iterator[Tensor]:
    yield Tensor(f"{name}.weight", "F8_E4M3", (rows, columns))
    yield Tensor(f"{name}.weight_scale_inv", "F32", (-(-rows // 128), -(-columns // 128)))


def write_torch(path: Path, tensors: Iterable[Tensor]) -> None:
    """Writes a file of torch.save whose values are holes."""
    import torch

    dtypes = {"F32": torch.float32, "BF16": torch.bfloat16}
    state = {tensor.name: torch.empty(tensor.shape, dtype=dtypes[tensor.dtype]) for tensor in tensors}
    with torch.serialization.skip_data():
        torch.save(state, path)


def gpt_oss_tensors() -> Iterator[Tensor]:
    """gpt-oss-20b as it was published, its experts in MXFP4: blocks of 32 weights in 16 bytes, and their scales."""
    for name, (dtype, shape) in gpt_oss().items():
        yield Tensor(name, dtype, shape)


def write_gpt_oss(folder: Path) -> None:
    """Writes gpt-oss-20b's three shards with their index, and the config that matters here."""
    tensors = list(gpt_oss_tensors())
    size = 0
    weight_map: dict[str, str] = {}
    for shard in range(3):
        name = f"model-{shard:05d}-of-00002.safetensors"
        size += write_safetensors(folder / name, tensors[shard::3])
        weight_map |= dict.fromkeys((tensor.name for tensor in tensors[shard::3]), name)
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    config = {
        "architectures": ["GptOssForCausalLM"],
        "model_type": "gpt_oss",
        "num_local_experts": 32,
        "num_experts_per_tok": 4,
        "tie_word_embeddings": False,
        "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def write_sharded(folder: Path, spelling: str = "compact") -> None:
    """Writes DeepSeek-V3's layers as it was published: an index, its shards, and the config that matters here."""
    tensors = list(deepseek_v3_tensors())
    if len(tensors) != SHARDED_TENSORS:
        raise AssertionError(f"{len(tensors)} tensors instead of {SHARDED_TENSORS}")
    weight_map: dict[str, str] = {}
    size = 0
    for shard in range(SHARDS):
        part = tensors[shard * len(tensors) // SHARDS : (shard + 1) * len(tensors) // SHARDS]
        name = f"model-{shard + 1:05d}-of-{SHARDS:06d}.safetensors"
        size += write_safetensors(folder / name, part, spelling)
        weight_map |= dict.fromkeys((tensor.name for tensor in part), name)
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    config = {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "num_hidden_layers": _LAYERS,
        "n_routed_experts": _EXPERTS,
        "num_experts_per_tok": 8,
        "tie_word_embeddings": False,
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def write_gguf(path: Path) -> None:
    """Writes Qwen3-8B's attention in Q8_0 with a tokenizer of 150,000 tokens, with merges, scores and types."""
    width, layers = 4096, 36
    tokens = [f"{n * 2654435761 % 2**32:x}" for n in range(TOKENS)]
    merges = [f"{token[:3]} {token[3:]}" for token in tokens]
    pairs = [
        _gguf_text("general.architecture") + struct.pack("<I", 8) + _gguf_text("qwen3"),
        _gguf_array("tokenizer.ggml.tokens", 8, TOKENS, b"".join(map(_gguf_text, tokens))),
        _gguf_array("tokenizer.ggml.scores", 6, TOKENS, bytes(4 * TOKENS)),
        _gguf_array("tokenizer.ggml.token_type", 5, TOKENS, bytes(4 * TOKENS)),
        _gguf_array("tokenizer.ggml.merges", 8, TOKENS, b"".join(map(_gguf_text, merges))),
    ]
    infos, end = [], 0
    for layer in range(layers):
        for part in ("q", "k", "v", "output"):
            shape = struct.pack("<IQQIQ", 2, width, width, 8, end)
            infos.append(_gguf_text(f"blk.{layer}.attn_{part}.weight") + shape)
            end += width * width // 32 * 34
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + -len(head) % 32 + end)


def _gguf_text(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def _gguf_array(key: str, kind: int, length: int, content: bytes) -> bytes:
    return _gguf_text(key) + struct.pack("<IIQ", 9, kind, length) + content


def write_all(folder: Path) -> None:
    """Writes the checkpoints that are measured, some 220 MB of headers."""
    write_gguf(folder / GGUF)
    write_safetensors(folder / GPT2, gpt2_tensors())
    write_torch(folder / GPT2_TORCH, gpt2_tensors())
    write_gpt_oss(folder / GPT_OSS)
    for spelling in SPELLINGS:
        write_sharded(folder / sharded(spelling), spelling)
    write_safetensors(folder / MILLION, million_tensors())


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))

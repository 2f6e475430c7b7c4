"""Small checkpoints for tests: safetensors files whose headers are true and whose values are holes in the file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from pathlib import Path

from core.checkpoint.gpt2 import BUILT_IN, parameter_shapes

Tensors = Mapping[str, tuple[str, Sequence[int]]]
"""Names, each with dtype and shape, in the order of the file."""

BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}


def byte_count(dtype: str, shape: Sequence[int]) -> int:
    return prod(shape) * BITS[dtype] // 8


def entries(tensors: Tensors) -> dict[str, dict[str, object]]:
    """The header's entries, one tensor's values behind the other's."""
    result: dict[str, dict[str, object]] = {}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + byte_count(dtype, shape)
        result[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    return result


def header(tensors: Tensors, metadata: Mapping[str, str] | None = None) -> bytes:
    """The header's JSON as the safetensors crate writes it: compact, UTF-8, spaces up to a multiple of 8 bytes."""
    record: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    record.update(entries(tensors))
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % 8)


def write_raw(path: Path, head: bytes, values: int | bytes = 0) -> Path:
    """A file of a length, a header as it is given, and values: bytes, or a hole of so many."""
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        if isinstance(values, bytes):
            file.write(values)
    if isinstance(values, int):
        os.truncate(path, 8 + len(head) + values)
    return path


def write_hole(path: Path, size: int) -> Path:
    """A file of so many zeros that takes no room."""
    path.touch()
    os.truncate(path, size)
    return path


def write(path: Path, tensors: Tensors, metadata: Mapping[str, str] | None = None) -> Path:
    """A sparse safetensors file: it takes as much of the disk as its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_raw(path, header(tensors, metadata), sum(byte_count(*layout) for layout in tensors.values()))


def write_index(path: Path, weight_map: Mapping[str, object]) -> Path:
    """An index as the hub's models have it."""
    path.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": dict(weight_map)}), encoding="utf-8")
    return path


def write_shards(folder: Path, shards: Sequence[Tensors]) -> Path:
    """A folder of numbered shards with their index."""
    folder.mkdir(parents=True, exist_ok=True)
    weight_map: dict[str, str] = {}
    for number, tensors in enumerate(shards):
        name = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        write(folder / name, tensors)
        weight_map.update(dict.fromkeys(tensors, name))
    write_index(folder / "model.safetensors.index.json", weight_map)
    return folder


def write_hub(cache: Path, model: str, files: Mapping[str, bytes | Tensors], commit: str = "a" * 40) -> Path:
    """A model in a hub cache as huggingface_hub lays it out: blobs, links to them in a snapshot, `refs/main`."""
    folder = cache / ("models--" + model.replace("/", "--"))
    snapshot = folder / "snapshots" / commit
    for below in (folder / "blobs", folder / "refs", snapshot):
        below.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(files.items()):
        blob = folder / "blobs" / f"{number:040x}{commit[:24]}"
        if isinstance(content, bytes):
            blob.write_bytes(content)
        else:
            write(blob, content)
        (snapshot / name).symlink_to(Path("..", "..", "blobs", blob.name))
    (folder / "refs" / "main").write_text(commit, encoding="utf-8")
    return folder


def gpt2(
    name: str = "gpt2", *, layers: int | None = None, prefix: str = "transformer."
) -> dict[str, tuple[str, Sequence[int]]]:
    """The tensors that transformers saves of a GPT-2, in the order of its modules.

    Args:
        name: the built-in model whose shapes they have.
        layers: how many layers to keep; None for all.
        prefix: what stands before each name; "" in the published files.
    """
    result: dict[str, tuple[str, Sequence[int]]] = {}
    for full, shape in parameter_shapes(BUILT_IN[name]):
        parts = full.split(".")
        if layers is None or parts[1] != "h" or int(parts[2]) < layers:
            result[prefix + full.removeprefix("transformer.")] = ("F32", shape)
    return result


def masks(layers: int, prefix: str = "", context: int = 1024) -> dict[str, tuple[str, Sequence[int]]]:
    """The causal masks of the published GPT-2 files, with the scalar that some of them have too."""
    result: dict[str, tuple[str, Sequence[int]]] = {}
    for n in range(layers):
        result[f"{prefix}h.{n}.attn.bias"] = ("F32", (1, 1, context, context))
        result[f"{prefix}h.{n}.attn.masked_bias"] = ("F32", ())
    return result


def experts(layers: int, per_layer: int, width: int = 64) -> Iterator[tuple[str, tuple[str, Sequence[int]]]]:
    """Names and layouts of a mixture of experts as DeepSeek-V3's, small in width and large in number."""
    yield "model.embed_tokens.weight", ("BF16", (1000, width))
    for layer in range(layers):
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield f"model.layers.{layer}.self_attn.{part}.weight", ("BF16", (width, width))
        yield f"model.layers.{layer}.input_layernorm.weight", ("BF16", (width,))
        yield f"model.layers.{layer}.mlp.gate.weight", ("BF16", (per_layer, width))
        for expert in range(per_layer):
            for part in ("gate_proj", "up_proj", "down_proj"):
                name = f"model.layers.{layer}.mlp.experts.{expert}.{part}"
                yield f"{name}.weight", ("F8_E4M3", (width, width))
                yield f"{name}.weight_scale_inv", ("F32", (1, 1))
    yield "lm_head.weight", ("BF16", (1000, width))


def split(tensors: Iterable[tuple[str, tuple[str, Sequence[int]]]], shards: int) -> list[Tensors]:
    """Tensors spread over shards, neighbours together."""
    whole = list(tensors)
    size = -(-len(whole) // shards)
    return [dict(whole[start : start + size]) for start in range(0, len(whole), size)]


LLAVA: Tensors = {
    **{
        f"model.vision_tower.encoder.layers.{n}.{part}": ("F32", shape)
        for n in range(3)
        for part, shape in (
            ("layer_norm1.weight", (32,)),
            ("layer_norm1.bias", (32,)),
            ("self_attn.q_proj.weight", (32, 32)),
            ("self_attn.out_proj.weight", (32, 32)),
        )
    },
    "model.multi_modal_projector.gizmo": ("F32", (64, 32)),
    **{
        f"model.language_model.layers.{n}.{part}.weight": ("F32", shape)
        for n in range(5)
        for part, shape in (("input_layernorm", (64,)), ("self_attn.q_proj", (64, 96)), ("mlp.up_proj", (64, 64)))
    },
}
"""A small vision tower with layer norms, a projector of a name that no rule knows, a text model with RMSNorms."""

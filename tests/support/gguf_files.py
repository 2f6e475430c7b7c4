"""Small GGUF files for tests: headers to the byte, over values that are holes in the file."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path

import gguf

from core.readers.gguf.ggml_types import GGML_TYPES

Value = int | float | bool | str | list[str] | list[int]
Tensors = Mapping[str, tuple[str, Sequence[int]]]
"""Names, each with ggml's type and the shape as PyTorch has it, the row's length last."""

NUMBERS = {kind.name: number for number, kind in GGML_TYPES.items()}
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 5, 6, 7, 8, 9, 10


def byte_count(dtype: str, shape: Sequence[int]) -> int:
    kind = GGML_TYPES[NUMBERS[dtype]]
    return prod(shape) // kind.block * kind.nbytes


class Form:
    """Writes headers of one version in one byte order."""

    def __init__(self, order: str = "<", version: int = 3, alignment: int = 32) -> None:
        self.order = order
        self.version = version
        self.alignment = alignment
        self._length = "I" if version == 1 else "Q"

    def pack(self, form: str, *values: float) -> bytes:
        return struct.pack(self.order + form, *values)

    def length(self, value: int) -> bytes:
        return self.pack(self._length, value)

    def text(self, value: str | bytes) -> bytes:
        content = value.encode() if isinstance(value, str) else value
        return self.length(len(content)) + content

    def pair(self, key: str | bytes, value: Value) -> bytes:
        """A key with its value; whole numbers have 32 bits."""
        return self.text(key) + self._value(value)

    def raw_pair(self, key: str | bytes, kind: int, content: bytes) -> bytes:
        return self.text(key) + self.pack("I", kind) + content

    def _value(self, value: Value) -> bytes:
        if isinstance(value, bool):
            return self.pack("IB", BOOL, value)
        if isinstance(value, int):
            return self.pack("Ii" if value < 0 else "II", INT32 if value < 0 else UINT32, value)
        if isinstance(value, float):
            return self.pack("If", FLOAT32, value)
        if isinstance(value, str):
            return self.pack("I", STRING) + self.text(value)
        texts = all(isinstance(element, str) for element in value)
        start = self.pack("II", ARRAY, STRING if texts else INT32) + self.length(len(value))
        if texts:
            return start + b"".join(self.text(str(element)) for element in value)
        return start + self.pack(f"{len(value)}i", *map(int, value))

    def tensor(self, name: str | bytes, dtype: str | int, shape: Sequence[int], offset: int) -> bytes:
        number = dtype if isinstance(dtype, int) else NUMBERS[dtype]
        dimensions = b"".join(self.length(n) for n in reversed(shape))
        return self.text(name) + self.pack("I", len(shape)) + dimensions + self.pack("IQ", number, offset)

    def start(self, tensors: int, pairs: int) -> bytes:
        return b"GGUF" + self.pack("I", self.version) + self.length(tensors) + self.length(pairs)

    def file(self, pairs: Iterable[bytes] = (), tensors: Iterable[bytes] = (), values: int = 0) -> bytes:
        """A whole file of parts as they are given, padded, with so many bytes of values."""
        pairs, tensors = list(pairs), list(tensors)
        head = self.start(len(tensors), len(pairs)) + b"".join(pairs) + b"".join(tensors)
        return head + bytes(-len(head) % self.alignment) + bytes(values)

    def head(self, tensors: Tensors, metadata: Mapping[str, Value]) -> tuple[bytes, int]:
        """A header padded up to its values, and how many bytes they take."""
        end, infos = 0, []
        for name, (dtype, shape) in tensors.items():
            infos.append(self.tensor(name, dtype, shape, end))
            end += byte_count(dtype, shape)
            end += -end % self.alignment
        pairs = [self.pair(key, value) for key, value in metadata.items()]
        return self.file(pairs, infos), end


LITTLE = Form()


def write(path: Path, tensors: Tensors, metadata: Mapping[str, Value] | None = None, form: Form = LITTLE) -> Path:
    """A sparse GGUF file: it takes as much of the disk as its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head, values = form.head(tensors, metadata or {})
    path.write_bytes(head)
    os.truncate(path, len(head) + values)
    return path


def write_split(folder: Path, prefix: str, parts: Sequence[Tensors], metadata: Mapping[str, Value]) -> list[Path]:
    """A split model as llama-gguf-split writes it: the first part has the metadata."""
    whole = sum(map(len, parts))
    paths = []
    for number, tensors in enumerate(parts):
        split: dict[str, Value] = {"split.no": number, "split.count": len(parts), "split.tensors.count": whole}
        path = folder / f"{prefix}-{number + 1:05}-of-{len(parts):05}.gguf"
        paths.append(write(path, tensors, {**(metadata if number == 0 else {}), **split}))
    return paths


def package_reads(path: Path) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """What the gguf package finds in a file: names, each with type, shape, elements and bytes."""
    return {
        tensor.name: (
            tensor.tensor_type.name,
            tuple(reversed(tensor.shape.tolist())),
            int(tensor.n_elements),
            int(tensor.n_bytes),
        )
        for tensor in gguf.GGUFReader(path).tensors
    }


def mixture(
    architecture: str,
    *,
    layers: int,
    width: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    head: int,
    experts: int,
    used: int,
    vocabulary: int,
    head_norms: bool = False,
) -> tuple[dict[str, tuple[str, Sequence[int]]], dict[str, Value]]:
    """Tensors and metadata of a mixture of experts as llama.cpp's converter and quantiser make them.

    Args:
        architecture: as llama.cpp names it.
        layers: how many.
        width: of the residual stream.
        hidden: of an expert.
        heads: of queries.
        kv_heads: of keys and values.
        head: the width of a head.
        experts: how many in a layer.
        used: how many of them work on a token.
        vocabulary: how many tokens.
        head_norms: whether queries and keys are normalised.
    """
    tensors: dict[str, tuple[str, Sequence[int]]] = {"token_embd.weight": ("Q4_K", (vocabulary, width))}
    for n in range(layers):
        layer: dict[str, tuple[str, Sequence[int]]] = {
            "attn_norm": ("F32", (width,)),
            "attn_q": ("Q4_K", (heads * head, width)),
            "attn_k": ("Q4_K", (kv_heads * head, width)),
            "attn_v": ("Q6_K", (kv_heads * head, width)),
            "attn_output": ("Q4_K", (width, heads * head)),
            "ffn_norm": ("F32", (width,)),
            "ffn_gate_inp": ("F32", (experts, width)),
            "ffn_gate_exps": ("Q4_K", (experts, hidden, width)),
            "ffn_down_exps": ("Q6_K", (experts, width, hidden)),
            "ffn_up_exps": ("Q4_K", (experts, hidden, width)),
        }
        if head_norms:
            layer["attn_q_norm"] = layer["attn_k_norm"] = ("F32", (head,))
        tensors.update({f"blk.{n}.{name}.weight": layout for name, layout in layer.items()})
    tensors["output_norm.weight"] = ("F32", (width,))
    tensors["output.weight"] = ("Q6_K", (vocabulary, width))
    metadata: dict[str, Value] = {
        "general.architecture": architecture,
        f"{architecture}.block_count": layers,
        f"{architecture}.embedding_length": width,
        f"{architecture}.expert_count": experts,
        f"{architecture}.expert_used_count": used,
        "general.file_type": 15,
    }
    return tensors, metadata


def mixtral() -> tuple[dict[str, tuple[str, Sequence[int]]], dict[str, Value]]:
    """Mixtral-8x7B."""
    return mixture(
        "llama",
        layers=32,
        width=4096,
        hidden=14336,
        heads=32,
        kv_heads=8,
        head=128,
        experts=8,
        used=2,
        vocabulary=32000,
    )


def qwen3_30b() -> tuple[dict[str, tuple[str, Sequence[int]]], dict[str, Value]]:
    """Qwen3-30B-A3B."""
    return mixture(
        "qwen3moe",
        layers=48,
        width=2048,
        hidden=768,
        heads=32,
        kv_heads=4,
        head=128,
        experts=128,
        used=8,
        vocabulary=151936,
        head_norms=True,
    )


def gpt_oss() -> tuple[dict[str, tuple[str, Sequence[int]]], dict[str, Value]]:
    """gpt-oss-20b, its experts in MXFP4."""
    width, heads, kv_heads, head, experts = 2880, 64, 8, 64, 32
    tensors: dict[str, tuple[str, Sequence[int]]] = {"token_embd.weight": ("Q8_0", (201_088, width))}
    for n in range(24):
        layer: dict[str, tuple[str, Sequence[int]]] = {
            "attn_norm.weight": ("F32", (width,)),
            "attn_sinks.weight": ("F32", (heads,)),
            "attn_output.weight": ("Q8_0", (width, heads * head)),
            "attn_output.bias": ("F32", (width,)),
            "post_attention_norm.weight": ("F32", (width,)),
            "ffn_gate_inp.weight": ("F32", (experts, width)),
            "ffn_gate_inp.bias": ("F32", (experts,)),
        }
        for name, rows in (("q", heads * head), ("k", kv_heads * head), ("v", kv_heads * head)):
            layer[f"attn_{name}.weight"] = ("Q8_0", (rows, width))
            layer[f"attn_{name}.bias"] = ("F32", (rows,))
        for name in ("gate", "up", "down"):
            layer[f"ffn_{name}_exps.weight"] = ("MXFP4", (experts, width, width))
            layer[f"ffn_{name}_exps.bias"] = ("F32", (experts, width))
        tensors.update({f"blk.{n}.{name}": layout for name, layout in layer.items()})
    tensors["output_norm.weight"] = ("F32", (width,))
    tensors["output.weight"] = ("Q8_0", (201_088, width))
    metadata: dict[str, Value] = {
        "general.architecture": "gpt-oss",
        "gpt-oss.expert_count": experts,
        "gpt-oss.expert_used_count": 4,
    }
    return tensors, metadata

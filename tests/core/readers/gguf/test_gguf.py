"""GGUF files of one part and of many, the folders they lie in, and what they say of their models."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import gguf
import numpy as np
import pytest
import torch

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import CheckpointError
from core.count.counter import Count
from core.files.folder import LocalFolder
from core.readers.gguf.ggml_types import GGML_TYPES
from core.readers.gguf.reader import GgufReader
from tests.support.checkpoints import write as write_safetensors
from tests.support.command import Command
from tests.support.configs import fields_of
from tests.support.counting import counted, stored
from tests.support.gguf_files import (
    Form,
    Tensors,
    Value,
    byte_count,
    gpt_oss,
    mixtral,
    package_reads,
    qwen3_30b,
    write,
    write_split,
)

TINY: Tensors = {
    "token_embd.weight": ("F16", (1000, 64)),
    "blk.0.attn_q.weight": ("Q8_0", (64, 64)),
    "blk.0.attn_q.bias": ("F32", (64,)),
    "blk.0.ffn_up.weight": ("F32", (256, 64)),
    "output.weight": ("F16", (1000, 64)),
}
TINY_PARAMETERS = 64_000 + 4096 + 64 + 16_384 + 64_000
LLAMA: dict[str, Value] = {"general.architecture": "llama"}
FORMS = {
    "version 3": Form(),
    "version 3, big-endian": Form(">"),
    "version 2": Form(version=2),
    "version 2, big-endian": Form(">", 2),
    "aligned by 64": Form(alignment=64),
    "aligned by 8": Form(alignment=8),
}


def layouts(path: Path) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """Names, each with type, shape, elements and bytes, as this reader tells them."""
    return {
        tensor.name: (tensor.dtype, tensor.shape, int(np.prod(tensor.shape, dtype=object)), tensor.nbytes)
        for tensor in stored(path)
    }


def write_by_package(path: Path, endian: gguf.GGUFEndian) -> None:
    """A file by the gguf package: metadata of all kinds, a tensor of each of ggml's types, some of NumPy's."""
    writer = gguf.GGUFWriter(path, "qwen2", endianess=endian)
    writer.add_name("A model")
    writer.add_size_label("1B")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_block_count(2)
    writer.add_context_length(4096)
    writer.add_rope_freq_base(1e6)
    writer.add_causal_attention(True)
    writer.add_uint64("some.uint64", 1 << 63)
    writer.add_int8("some.int8", -1)
    writer.add_int64("some.int64", -(1 << 62))
    writer.add_float64("some.float64", 0.5)
    writer.add_token_list([f"token {n}" for n in range(3000)])
    writer.add_token_scores([0.5] * 3000)
    writer.add_token_types([1] * 3000)
    writer.add_token_merges([f"a b{n}" for n in range(2000)])
    writer.add_chat_template("{{ messages }}" * 1000)
    for number, kind in enumerate(gguf.GGMLQuantizationType):
        block, nbytes = gguf.GGML_QUANT_SIZES[kind]
        rows = np.zeros((2, 3 + number, 2 * nbytes), np.uint8)
        shape = (2, 3 + number, 2 * block)
        writer.add_tensor(f"blk.{number}.ffn_up.weight", rows, raw_shape=rows.shape, raw_dtype=kind)
        assert rows.nbytes == byte_count(kind.name, shape)
    for dtype in (np.float32, np.float16, np.int8, np.int32):
        writer.add_tensor(f"blk.0.{np.dtype(dtype).name}.weight", np.zeros((4, 5), dtype))
    writer.add_tensor("output_norm.weight", np.zeros(7, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("endian", list(gguf.GGUFEndian))
def test_a_file_that_the_gguf_package_writes_is_read_as_that_reads_it(
    endian: gguf.GGUFEndian, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "model.gguf"
    write_by_package(path, endian)
    theirs = package_reads(path)
    assert len(theirs) == len(gguf.GGMLQuantizationType) + 5
    assert layouts(path) == theirs
    config = counted(path).source.config
    assert config.model_type == "qwen2"
    assert (config.vocabulary, config.context) == (3000, 4096)
    big = ", big-endian" if endian == gguf.GGUFEndian.BIG else ""
    # The second note is of the types for whole numbers, which no model's weights have.
    assert command(path, "--json").model["notes"][:1] == [
        f"its metadata says: A model, size label 1B, file type Q4_K_M{big}"
    ]


@pytest.mark.parametrize("form", FORMS)
def test_all_versions_byte_orders_and_alignments_are_read_as_the_gguf_package_reads_them(
    form: str, tmp_path: Path
) -> None:
    metadata = LLAMA | {"general.alignment": FORMS[form].alignment, "tokenizer.ggml.tokens": ["a", "", "é"] * 9}
    path = write(tmp_path / "x.gguf", TINY, metadata, FORMS[form])
    assert layouts(path) == package_reads(path)
    assert counted(path).totals.parameters == TINY_PARAMETERS


def test_the_first_version_is_read_too(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.gguf", TINY, LLAMA | {"tokenizer.ggml.tokens": ["a", "b"]}, Form(version=1))
    assert layouts(path) == layouts(write(tmp_path / "y.gguf", TINY, LLAMA))
    result = command(path, "--json").model
    assert (result["parameters"], result["architecture"], result["format"]) == (TINY_PARAMETERS, "llama", "gguf")


def test_the_figures_are_those_of_the_weights_and_the_bytes_those_of_the_file(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.gguf", TINY, LLAMA)
    result = command(path, "--json", "--by", "tensor").model
    assert (result["parameters"], result["biases"]) == (TINY_PARAMETERS, 64)
    assert result["bytes"] == sum(byte_count(*layout) for layout in TINY.values())
    assert [(t["name"], t["dtype"], tuple(t["shape"])) for t in result["tensors"]] == [
        (name, dtype, shape) for name, (dtype, shape) in TINY.items()
    ]
    assert {t["file"] for t in result["tensors"]} == {str(path)}


@pytest.mark.parametrize(
    ("model", "total", "active"),
    [
        (mixtral, 46_702_792_704, 12_879_925_248),
        (qwen3_30b, 30_532_122_624, 3_353_032_704),
        (gpt_oss, 20_914_757_184, 4_187_440_704),
    ],
)
def test_of_a_mixture_of_experts_the_active_parameters_come_out(
    model: type, total: int, active: int, tmp_path: Path, command: Command
) -> None:
    tensors, metadata = model()
    result = command(write(tmp_path / "x.gguf", tensors, metadata), "--json").model
    assert (result["parameters"], result["active_parameters"]) == (total, active)


def test_experts_that_are_a_tensor_each_are_told_too(tmp_path: Path) -> None:
    stacked, metadata = mixtral()
    tensors: dict[str, tuple[str, Sequence[int]]] = {}
    for name, (dtype, shape) in stacked.items():
        if "_exps" in name:
            for expert in range(shape[0]):
                tensors[name.replace("_exps", f".{expert}")] = (dtype, shape[1:])
        else:
            tensors[name] = (dtype, shape)
    count = counted(write(tmp_path / "x.gguf", tensors, metadata))
    assert (count.totals.parameters, count.active_parameters) == (46_702_792_704, 12_879_925_248)


def test_rotary_factors_and_the_routers_balance_are_buffers(tmp_path: Path) -> None:
    extra: Tensors = {
        "rope_freqs.weight": ("F32", (64,)),
        "rope_factors_long.weight": ("F32", (48,)),
        "rope_factors_short.weight": ("F32", (48,)),
        "blk.0.exp_probs_b.bias": ("F32", (256,)),
    }
    count = counted(write(tmp_path / "x.gguf", {**TINY, **extra}, LLAMA))
    assert count.totals.parameters == TINY_PARAMETERS
    assert count.totals.not_counted["buffer"].elements == 64 + 48 + 48 + 256


def test_scales_beside_ternary_weights_are_quantisation_data(tmp_path: Path) -> None:
    tensors: Tensors = {"blk.0.attn_q.weight": ("TQ1_0", (512, 512)), "blk.0.attn_q.scale": ("F32", (1,))}
    count = counted(write(tmp_path / "x.gguf", tensors, LLAMA))
    assert count.totals.parameters == 512 * 512
    assert count.totals.not_counted["quantization"].elements == 1


@pytest.mark.parametrize("head", ["F16", "Q6_K"])
def test_the_head_that_gpt2s_files_repeat_counts_once(head: str, tmp_path: Path, command: Command) -> None:
    tensors: Tensors = {"token_embd.weight": ("F16", (50257, 768)), "output.weight": (head, (50257, 768))}
    path = write(tmp_path / "x.gguf", tensors, {"general.architecture": "gpt2"})
    result = command(path, "--json").model
    assert result["parameters"] == 50257 * 768
    assert result["notes"] == ["output.weight is tied to token_embd.weight: counted once"]
    path = write(tmp_path / "y.gguf", tensors, LLAMA)
    assert command(path, "--json").model["parameters"] == 2 * 50257 * 768


def test_a_model_without_a_head_says_what_serves(tmp_path: Path) -> None:
    tensors: Tensors = {"token_embd.weight": ("F16", (1000, 64))}
    serves = "no output head is stored: token_embd.weight serves as one"
    assert counted(write(tmp_path / "x.gguf", tensors, LLAMA)).notes == [serves]
    assert counted(write(tmp_path / "y.gguf", TINY, LLAMA)).notes == []
    embedder: dict[str, Value] = {"general.architecture": "bert", "bert.pooling_type": 1}
    assert counted(write(tmp_path / "z.gguf", tensors, embedder)).notes == []


def note(tmp_path: Path, metadata: dict[str, Value]) -> list[str]:
    count: Count = counted(write(tmp_path / "x.gguf", TINY, metadata))
    return count.notes


def test_what_the_metadata_says_is_noted_escaped_and_short(tmp_path: Path) -> None:
    assert note(tmp_path, {}) == []
    assert note(tmp_path, {"general.name": "a\x1b[31m\nb"}) == ["its metadata says: a\\x1b[31m\\nb"]
    assert note(tmp_path, {"general.file_type": 1024 + 15}) == ["its metadata says: file type Q4_K_M (guessed)"]
    assert note(tmp_path, {"general.file_type": "x", "general.name": 5, "general.size_label": True}) == []
    (long,) = note(tmp_path, {"general.name": "x" * 3000})
    assert len(long) < 120


def test_an_adapter_and_a_projector_are_said_to_be_no_whole_model(tmp_path: Path) -> None:
    adapter: dict[str, Value] = {"general.type": "adapter", "general.base_model.0.name": "Llama 3"}
    assert note(tmp_path, adapter) == ["it is a LoRA adapter, not a whole model; its base model is Llama 3"]
    (projector,) = note(tmp_path, {"general.type": "mmproj"})
    assert "whose language model is another file" in projector


def test_metadata_of_other_types_than_usual_does_no_harm(tmp_path: Path) -> None:
    odd: dict[str, Value] = {
        "general.architecture": 5,
        "llama.expert_count": "many",
        "tokenizer.ggml.tokens": 7,
    }
    count = counted(write(tmp_path / "x.gguf", TINY, odd))
    assert (count.totals.parameters, count.architecture, count.source.config.model_type) == (
        TINY_PARAMETERS,
        None,
        "",
    )
    arrays: dict[str, Value] = {
        "general.architecture": "x",
        "x.attention.head_count_kv": [4, 8],
        "x.expert_count": [1],
        "x.block_count": 3,
    }
    config = counted(write(tmp_path / "x.gguf", TINY, arrays)).source.config
    assert fields_of(config) == fields_of(
        ModelConfig.of(
            {"architectures": ["x"], "model_type": "x", "num_hidden_layers": 3, "tie_word_embeddings": False}
        )
    )


PARTS: list[Tensors] = [dict(list(TINY.items())[:2]), dict(list(TINY.items())[2:4]), dict(list(TINY.items())[4:])]


@pytest.mark.parametrize("named", [0, 1, 2])
def test_any_part_of_a_split_model_stands_for_all(named: int, tmp_path: Path, command: Command) -> None:
    paths = write_split(tmp_path, "m", PARTS, LLAMA)
    result = command(paths[named], "--json", "--by", "tensor").model
    assert (result["parameters"], result["architecture"]) == (TINY_PARAMETERS, "llama")
    assert [tensor["name"] for tensor in result["tensors"]] == list(TINY)
    assert command(tmp_path, "--json").model["parameters"] == TINY_PARAMETERS


@pytest.mark.parametrize("small_first", [True, False])
def test_a_split_model_of_the_gguf_package_is_read(small_first: bool, tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama", split_max_tensors=2, small_first_shard=small_first)
    for n in range(5):
        writer.add_tensor(f"blk.{n}.ffn_up.weight", np.zeros((n + 1, 8), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    paths = sorted(tmp_path.glob("*.gguf"))
    assert len(paths) == 3 + small_first
    count = counted(paths[-1])
    assert (count.totals.parameters, count.stored_count) == (15 * 8, 5)
    assert count.architecture == "llama"


def test_a_missing_part_is_named(tmp_path: Path, command: Command) -> None:
    paths = write_split(tmp_path, "m", PARTS, LLAMA)
    paths[1].unlink()
    for named in (paths[0], paths[2], tmp_path):
        complaint = command(named).complaint
        assert f"{paths[1]}: missing, one of 3 parts of a split model; download it again" in complaint
    paths[2].unlink()
    assert f"{paths[1]}: missing, as are 1 more of 3 parts" in command(paths[0]).complaint


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        counted(path)
    return caught.value.sentence()


def test_parts_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "m", PARTS, LLAMA)
    content = [path.read_bytes() for path in paths]
    paths[1].write_bytes(content[2])
    assert "its metadata says that it is part 3 of 3, and its name says part 2 of 3" in refusal(paths[0])
    write(paths[1], PARTS[1], LLAMA)
    assert "it is a whole model, and its name says part 2 of 3" in refusal(paths[0])
    write(paths[1], PARTS[1], {"split.no": 1, "split.count": 4})
    assert "its metadata says that it is part 2 of 4, and its name says part 2 of 3" in refusal(paths[0])
    write(paths[1], PARTS[0], {"split.no": 1, "split.count": 3})
    assert "tensor blk.0.attn_q.weight: an earlier part of the model has this tensor too" in refusal(paths[0])
    write(paths[1], {}, {"split.no": 1, "split.count": 3})
    assert "its parts hold 3 tensors, and split.tensors.count says 5" in refusal(paths[0])
    write(paths[1], {}, {"split.no": "one", "split.count": 3})
    assert "split.count and split.no are no whole numbers" in refusal(paths[0])


def test_a_part_under_another_name_is_refused(tmp_path: Path) -> None:
    path = write_split(tmp_path, "m", PARTS, LLAMA)[0].rename(tmp_path / "x.gguf")
    assert "its metadata says that it is part 1 of 3, and its name does not" in refusal(path)


@pytest.mark.parametrize("name", ["m-00001-of-00001.gguf", "m.gguf"])
@pytest.mark.parametrize("split", [{}, {"split.count": 1}, {"split.no": 1}])
def test_a_whole_model_may_be_called_a_part(name: str, split: dict[str, Value], tmp_path: Path) -> None:
    assert counted(write(tmp_path / name, TINY, {**LLAMA, **split})).totals.parameters == TINY_PARAMETERS


@pytest.mark.parametrize(
    "name", ["m-00000-of-00003.gguf", "m-00004-of-00003.gguf", "m-1-of-3.gguf", "m-0000x-of-00003.gguf", "-of-.gguf"]
)
def test_a_name_that_only_looks_like_a_parts_is_any_name(name: str, tmp_path: Path) -> None:
    assert counted(write(tmp_path / name, TINY, LLAMA)).totals.parameters == TINY_PARAMETERS


def test_a_folder_with_one_model_opens_and_says_what_is_beside_it(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model-Q8_0.gguf", TINY, LLAMA)
    write(tmp_path / "mmproj-model-f16.gguf", {"v.patch_embd.weight": ("F16", (8, 8))}, {})
    write(tmp_path / "imatrix.gguf", {"x": ("F32", (8,))}, {})
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["source"]) == (TINY_PARAMETERS, str(tmp_path))
    assert result["notes"] == [
        "not read, a file of its own beside it: imatrix.gguf",
        "not read, a file of its own beside it: mmproj-model-f16.gguf",
    ]


def test_a_folder_with_several_models_lists_them(tmp_path: Path, command: Command) -> None:
    one = write(tmp_path / "m-Q8_0.gguf", TINY, LLAMA)
    parts = write_split(tmp_path, "m-F16", PARTS, LLAMA)
    sizes = one.stat().st_size, sum(path.stat().st_size for path in parts)
    complaint = command(tmp_path).complaint
    assert "there are 2 GGUF models in it: " in complaint
    assert f"m-F16-00001-of-00003.gguf ({sizes[1] / 1000:.1f} kB), m-Q8_0.gguf ({sizes[0] / 1000:.1f} kB)" in complaint
    assert complaint.endswith("; name one of them")


def test_many_models_are_not_all_listed(tmp_path: Path, command: Command) -> None:
    for n in range(30):
        write(tmp_path / f"m-{n:02}.gguf", {}, {})
    complaint = command(tmp_path).complaint
    assert "there are 30 GGUF models in it: m-00.gguf (32 B)," in complaint
    assert "m-07.gguf (32 B) and 22 more; name one" in complaint


def test_a_folder_with_safetensors_takes_those(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "m.gguf", TINY, LLAMA)
    write_safetensors(tmp_path / "model.safetensors", {"x": ("F32", (5,))})
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["format"]) == (5, "safetensors")


@pytest.mark.parametrize("name", ["sha256-0123", "model.bin", "x.safetensors", "x.GGUF", "m.gguf.part"])
def test_a_gguf_file_opens_whatever_its_name(name: str, tmp_path: Path, command: Command) -> None:
    result = command(write(tmp_path / name, TINY, LLAMA), "--json").model
    assert (result["parameters"], result["format"]) == (TINY_PARAMETERS, "gguf")


def test_a_file_without_tensors_says_so(tmp_path: Path) -> None:
    count = counted(write(tmp_path / "vocab.gguf", {}, LLAMA | {"tokenizer.ggml.tokens": ["a"]}))
    assert (count.totals.parameters, count.notes) == (0, ["there is not one tensor in it"])


def test_tensors_may_lie_in_any_order_and_apart(tmp_path: Path) -> None:
    form = Form()
    infos = [
        form.tensor("a", "F32", (8,), 64),
        form.tensor("b", "F32", (8,), 0),
        form.tensor("empty", "F32", (0, 4), 64),
        form.tensor("c", "F32", (8,), 256),
    ]
    path = tmp_path / "x.gguf"
    path.write_bytes(form.file([], infos, 256 + 32))
    assert {tensor.name: tensor.nbytes for tensor in stored(path)} == {"a": 32, "b": 32, "empty": 0, "c": 32}


def test_values_need_no_padding_behind_the_last(tmp_path: Path) -> None:
    form = Form()
    path = tmp_path / "x.gguf"
    path.write_bytes(form.file([], [form.tensor("a", "F32", (), 0)], 4))
    assert [(tensor.shape, tensor.nbytes) for tensor in stored(path)] == [((), 4)]


def test_interleaved_types_are_counted(tmp_path: Path) -> None:
    tensors: Tensors = {f"blk.{n}.x.weight": (GGML_TYPES[n].name, (4, 64)) for n in (31, 32, 33)}
    assert [tensor.nbytes for tensor in stored(write(tmp_path / "x.gguf", tensors))] == [4 * 2 * 18] * 3


def test_arrays_in_arrays_are_skipped(tmp_path: Path) -> None:
    form = Form()
    inner = form.pack("I", 8) + form.length(2) + form.text("a") + form.text("bc")
    inner += form.pack("I", 5) + form.length(3) + bytes(12) + form.pack("I", 9) + form.length(0)
    pair = form.raw_pair("x", 9, form.pack("I", 9) + form.length(3) + inner)
    path = tmp_path / "x.gguf"
    path.write_bytes(form.file([pair, form.pair("y", 1)], [form.tensor("a", "F32", (2,), 0)], 8))
    assert [tensor.name for tensor in stored(path)] == ["a"]


def test_a_header_may_be_longer_than_any_piece_that_is_read(tmp_path: Path) -> None:
    tokens = ["x" * (n % 40) for n in range(400_000)] + ["y" * (9 << 20), "z"]
    path = write(tmp_path / "x.gguf", TINY, LLAMA | {"tokenizer.ggml.tokens": tokens, "last": 1})
    assert path.stat().st_size > 19 << 20
    count = counted(path)
    assert (count.totals.parameters, count.source.config.vocabulary) == (TINY_PARAMETERS, 400_002)


class CountingFolder(LocalFolder):
    """A folder whose files say how often and how much of them is read."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.reads: list[int] = []

    def open(self, name: str) -> tuple[BinaryIO, int]:
        opened, size = super().open(name)
        reads = self.reads

        class Counting(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                opened.seek(self.tell())
                content = opened.read(-1 if size is None else size)
                reads.append(len(content))
                self.seek(len(content), io.SEEK_CUR)
                return content

        return Counting(), size


def test_a_header_is_read_in_few_large_pieces_and_not_far_beyond_its_end(tmp_path: Path) -> None:
    tokens = [f"token {n}" for n in range(150_000)]
    metadata = LLAMA | {"tokens": tokens, "types": [1] * 9_000_000, "merges": tokens}
    huge: Tensors = {"blk.0.ffn_up.weight": ("F16", (1 << 20, 1 << 20))}
    path = write(tmp_path / "x.gguf", huge, metadata)
    folder = CountingFolder(tmp_path)
    reader = GgufReader("x", "x", folder, path.name)
    assert [name for batch, _ in reader.batches() for name in batch.names] == list(huge)
    assert len(folder.reads) <= 8
    assert sum(folder.reads) < 16 << 20
    folder = CountingFolder(tmp_path)
    path = write(tmp_path / "small.gguf", huge, LLAMA)
    list(GgufReader("x", "x", folder, path.name).batches())
    assert folder.reads == [1 << 16]


def test_the_last_blocks_may_be_for_speculative_decoding(tmp_path: Path) -> None:
    tensors: Tensors = {
        "token_embd.weight": ("F16", (100, 64)),
        "output.weight": ("F16", (100, 64)),
        **{f"blk.{n}.ffn_up_exps.weight": ("F16", (4, 32, 64)) for n in range(3)},
        "blk.2.nextn.eh_proj.weight": ("F16", (64, 128)),
        "blk.2.nextn.embed_tokens.weight": ("F16", (100, 64)),
        "blk.2.nextn.shared_head_head.weight": ("F16", (100, 64)),
    }
    metadata: dict[str, Value] = {
        "general.architecture": "deepseek2",
        "deepseek2.block_count": 3,
        "deepseek2.nextn_predict_layers": 1,
        "deepseek2.expert_count": 4,
        "deepseek2.expert_used_count": 1,
    }
    count = counted(write(tmp_path / "model.gguf", tensors, metadata))
    speculative, experts = 4 * 32 * 64 + 64 * 128, 2 * 4 * 32 * 64
    assert count.totals.parameters == 2 * 6400 + experts + speculative
    assert count.totals.not_counted["tied"].tensor_count == 2
    assert count.active_parameters == 2 * 6400 + experts // 4
    assert count.source.config.layers == 2


def test_what_goes_with_a_model_is_read_only_where_there_is_none(tmp_path: Path) -> None:
    write(tmp_path / "mmproj-F16.gguf", {"v.patch_embd.weight": ("F16", (8, 8))})
    assert counted(tmp_path).source.format == "gguf"
    torch.save({"wte.weight": torch.ones(3, 5)}, tmp_path / "pytorch_model.bin")
    count = counted(tmp_path)
    assert (count.source.format, count.totals.parameters) == ("pytorch", 15)

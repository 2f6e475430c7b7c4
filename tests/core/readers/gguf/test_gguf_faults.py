"""Each way in which one GGUF file can be wrong, and the one sentence that it gives."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from core.checkpoint.errors import CheckpointError
from tests.support.checkpoints import write as write_safetensors
from tests.support.command import Command, complaint_of, run_process
from tests.support.counting import stored
from tests.support.gguf_files import ARRAY, BOOL, STRING, UINT32, UINT64, Form, Tensors, Value, write

LITTLE, BIG = Form(), Form(">")
F = LITTLE
TWO: Tensors = {"a": ("F32", (2, 4)), "b": ("F16", (4,))}
A = F.tensor("a", "F32", (8,), 0)
B = F.tensor("b", "F32", (8,), 32)
MEGABYTES = 300


def alignment(value: int) -> bytes:
    return F.file([F.raw_pair("general.alignment", UINT32, struct.pack("<I", value))], [A, B], 64)


def one(info: bytes, values: int = 64) -> bytes:
    return F.file([], [info], values)


def metadata(*pairs: bytes) -> bytes:
    return F.file(pairs, [A], 32)


def array(kind: int, length: int, content: bytes = b"") -> bytes:
    return F.raw_pair("x", ARRAY, struct.pack("<IQ", kind, length) + content)


def deep(depth: int) -> bytes:
    return F.raw_pair("x", ARRAY, struct.pack("<IQ", ARRAY, 1) * depth + struct.pack("<IQ", 0, 0))


FILES = {
    "empty": (b"", "the file is empty"),
    "one byte": (b"G", "byte 0: it begins with G and not with GGUF"),
    "three bytes": (b"GGU", "byte 0: it begins with GGU and not with GGUF"),
    "only the magic": (b"GGUF", "byte 4: 4 bytes should follow and 0 are left"),
    "half a version": (b"GGUF\3\0", "byte 4: 4 bytes should follow and 2 are left: it is cut off"),
    "no counts": (b"GGUF\3\0\0\0", "byte 8: 8 bytes should follow and 0 are left"),
    "zeros": (bytes(100), r"byte 0: it begins with \x00\x00\x00\x00 and not with GGUF"),
    "text": (b"hello, this is some text", "byte 0: it begins with hell and not with GGUF: it is no GGUF file"),
    "version 0": (b"GGUF" + bytes(60), "byte 4: version 0 of GGUF cannot be"),
    "version 4": (Form(version=4).file(), "byte 4: version 4 of GGUF, and versions 1 to 3 are read"),
    "version 4, big-endian": (Form(">", 4).file(), "byte 4: version 4 of GGUF, and versions 1 to 3"),
    "version 1, big-endian": (Form(">", 1).file(), "byte 4: version 1 of GGUF cannot be"),
    "version huge": (b"GGUF\xff\xff\xff\xff" + bytes(60), "byte 4: version 4,294,967,295 of GGUF"),
    "2^60 tensors": (F.start(1 << 60, 0) + bytes(99), "byte 8: 1,152,921,504,606,846,976 tensors cannot be in the 107"),
    "2^64-1 tensors": (F.start((1 << 64) - 1, 0) + bytes(99), "byte 8: 18,446,744,073,709,551,615 tensors cannot be"),
    "2^60 keys": (F.start(0, 1 << 60) + bytes(99), "byte 16: 1,152,921,504,606,846,976 keys cannot be in the 99"),
    "more tensors than bytes": (F.start(5, 0) + A + bytes(40), "5 tensors cannot be in"),
    "cut in a key": (F.start(0, 1) + F.text("general.architecture")[:20], "byte 24: a key of 20 bytes cannot be in"),
    "key of 2^63 bytes": (F.start(0, 1) + struct.pack("<Q", 1 << 63) + bytes(99), "byte 24: a key of 9,223,372,036,"),
    "key of 70,000 bytes": (metadata(F.pair("k" * 70_000, 1)), "byte 24: a key of 70,000 bytes is longer than 65,535"),
    "key not UTF-8": (metadata(F.pair(b"\xff\xfe", 1)), "byte 24: a key is not UTF-8 text"),
    "key twice": (metadata(F.pair("k", 1), F.pair("k", 1)), "key k, byte 41: the metadata has this key twice"),
    "value of type 13": (metadata(F.raw_pair("k", 13, bytes(99))), "key k, byte 33: values of type 13 are not known"),
    "value of type 2^32-1": (metadata(F.raw_pair("k", 0xFFFFFFFF, bytes(99))), "values of type 4294967295 are not"),
    "text of 2^63 bytes": (
        metadata(F.raw_pair("k", STRING, struct.pack("<Q", 1 << 63))),
        "key k, byte 37: a text of 9,223,372,036,854,775,808 bytes cannot be in the",
    ),
    "array of 2^60 numbers": (
        metadata(array(UINT64, 1 << 60)),
        "key x, byte 41: an array of 1,152,921,504,606,846,976 values cannot be in the",
    ),
    "array of 2^63 bools": (metadata(array(BOOL, 1 << 63)), "key x, byte 41: an array of 9,223,372,036,854,775,808"),
    "array of 2^60 strings": (metadata(array(STRING, 1 << 60)), "1,152,921,504,606,846,976 strings cannot be in the"),
    "array of 2^60 arrays": (metadata(array(ARRAY, 1 << 60)), "too many arrays lie in arrays"),
    "array of type 14": (
        metadata(array(14, 2, bytes(99))),
        "key x, byte 37: arrays of values of type 14 are not known",
    ),
    "arrays ten deep": (metadata(deep(10)), "key x, byte 77: too many arrays lie in arrays"),
    "arrays 100,000 deep": (metadata(deep(100_000)), "too many arrays lie in arrays"),
    "string of 2^63 bytes in an array": (
        metadata(array(STRING, 2, F.text("ab") + struct.pack("<Q", 1 << 63))),
        "byte 59: a string of 9,223,372,036,854,775,808 bytes does not fit into the file of",
    ),
    "string of 2^64-1 bytes in an array": (
        metadata(array(STRING, 1, struct.pack("<Q", (1 << 64) - 1))),
        "byte 49: a string of 18,446,744,073,709,551,615 bytes does not fit",
    ),
    "strings up to the end": (
        F.start(0, 1) + array(STRING, 3, F.text("a") + F.text("b" * 7) + b"\0"),
        "byte 73: 8 bytes should follow and 1 are left: it is cut off",
    ),
    "alignment 0": (alignment(0), "key general.alignment: an alignment must be a power of two, and this is 0"),
    "alignment 3": (alignment(3), "an alignment must be a power of two, and this is 3"),
    "alignment 48": (alignment(48), "an alignment must be a power of two, and this is 48"),
    "alignment 2^31": (alignment(1 << 31), "its offset 32 is no multiple of 2147483648"),
    "alignment 2^31 of one": (
        F.file([F.pair("general.alignment", 1 << 31)], [A], 64),
        "values should end at byte 2,147,483,680 and the file has 160: it is cut off",
    ),
    "alignment a text": (metadata(F.pair("general.alignment", "32")), "and this is no whole number"),
    "alignment a fraction": (metadata(F.pair("general.alignment", 32.0)), "and this is no whole number"),
    "alignment true": (metadata(F.pair("general.alignment", True)), "and this is no whole number"),
    "alignment an array": (metadata(F.pair("general.alignment", [32])), "and this is no whole number"),
    "name of 2^63 bytes": (
        F.start(1, 0) + struct.pack("<Q", 1 << 63) + bytes(99),
        "byte 24: a tensor's name of 9,223,372,036,854,775,808 bytes cannot be",
    ),
    "name not UTF-8": (one(F.tensor(b"\xff", "F32", (8,), 0)), "byte 24: a tensor's name is not UTF-8 text"),
    "name twice": (F.file([], [A, A], 64), "tensor a, byte 57: the header has this name twice"),
    "no name twice": (
        F.file([], [F.tensor("", "F32", (8,), 0)] * 2, 64),
        "tensor (no name), byte 56: the header has this name twice",
    ),
    "five dimensions": (one(F.tensor("a", "F32", (1,) * 5, 0)), "tensor a, byte 33: 5 dimensions, and GGUF has 4"),
    "2^32-1 dimensions": (
        F.start(1, 0) + F.text("a") + b"\xff" * 4 + bytes(99),
        "tensor a, byte 33: 4,294,967,295 dimensions",
    ),
    "dimension 2^63": (
        one(F.tensor("a", "F32", (1 << 63,), 0)),
        "tensor a, byte 37: its shape is larger than any file",
    ),
    "dimension 2^64-1": (one(F.tensor("a", "F32", ((1 << 64) - 1,), 0)), "its shape is larger than any file"),
    "product wraps to 0": (one(F.tensor("a", "F32", (1 << 32, 1 << 32), 0)), "its shape is larger than any file"),
    "type 4": (one(F.tensor("a", 4, (8,), 0)), "its values are of ggml's type 4 (Q4_2), which llama.cpp has removed"),
    "type 37": (one(F.tensor("a", 37, (8,), 0)), "type 37 (IQ4_NL_4_8), which llama.cpp has removed, not known here"),
    "type 99": (one(F.tensor("a", 99, (8,), 0)), "tensor a, byte 37: its values are of ggml's type 99, not known here"),
    "type 2^32-1": (one(F.tensor("a", 0xFFFFFFFF, (8,), 0)), "ggml's type 4,294,967,295, not known here"),
    "half a block": (one(F.tensor("a", "Q4_K", (4, 128), 0)), "rows of 128 values are no multiple of Q4_K's blocks of"),
    "a block over two rows": (one(F.tensor("a", "Q8_0", (2, 16), 0)), "rows of 16 values are no multiple of Q8_0's"),
    "scalar in blocks": (one(F.tensor("a", "Q8_0", (), 0)), "rows of 1 values are no multiple of Q8_0's blocks of 32"),
    "offset unaligned": (one(F.tensor("a", "F32", (8,), 8)), "tensor a, byte 24: its offset 8 is no multiple of 32"),
    "offset behind the end": (one(F.tensor("a", "F32", (8,), 64)), "the tensors' values should end at byte 160 and"),
    "offset 2^64-32": (one(F.tensor("a", "F32", (8,), (1 << 64) - 32)), "is beyond any file"),
    "empty tensor behind the end": (one(F.tensor("a", "F32", (0,), 1 << 20)), "values should end at byte 1,048,6"),
    "overlap": (
        F.file([], [F.tensor("a", "F32", (16,), 0), B], 64),
        "the values of two tensors lie at byte 128",
    ),
    "the same place twice": (
        F.file([], [A, F.tensor("b", "F32", (8,), 0)], 64),
        "values of two tensors lie at byte 96",
    ),
    "overlap out of order": (
        F.file([], [F.tensor("a", "F32", (8,), 64), F.tensor("b", "F32", (24,), 0)], 96),
        "the values of two tensors lie at byte 160",
    ),
    "cut values": (F.file([], [A, B], 63), "values should end at byte 160 and the file has 159: it is cut off"),
    "importance matrix": (
        metadata(F.pair("general.type", "imatrix")),
        "it holds an importance matrix (imatrix) and no",
    ),
    "control vector": (
        metadata(F.pair("general.architecture", "controlvector")),
        "it holds a control vector and no model",
    ),
    "big-endian cut": (BIG.start(3, 0) + bytes(20), "byte 8: 3 tensors cannot be in the 28 bytes"),
    "Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid", "this is a Git LFS pointer"),
    "HTML page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "this is a web page (HTML), not the file"),
    "JSON error body": (b'{"error":"Repository not found"}', "this is JSON text"),
    "zip": (b"PK\x03\x04\x00\x00\x08\x08" + bytes(60), "this is a zip archive (a PyTorch file, it may be), not GGUF"),
    "pickle": (b"\x80\x02}q\x00(X\x05\x00\x00\x00" + bytes(60), "this is a Python pickle, not GGUF"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_wrong_file_gives_one_sentence_with_file_place_and_reason(
    case: str, tmp_path: Path, command: Command
) -> None:
    content, expected = FILES[case]
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    assert expected in complaint_of(command, path)


@pytest.mark.parametrize("name", ["x.gguf", "ggml-model-q4_0.bin", "x"])
@pytest.mark.parametrize("magic", ["ggml", "ggmf", "ggjt", "ggla"])
def test_a_file_of_ggmls_older_formats_is_refused_by_its_name(
    magic: str, name: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / name
    path.write_bytes(struct.pack("<I", int.from_bytes(magic.encode(), "big")) + bytes(100))
    complaint = complaint_of(command, path)
    assert f"in the old format {magic.upper()}, from before GGUF" in complaint
    assert "convert_llama_ggml_to_gguf.py" in complaint


def test_a_safetensors_file_under_a_gguf_name_is_told(tmp_path: Path, command: Command) -> None:
    path = write_safetensors(tmp_path / "x.gguf", {"a": ("F32", (4,))})
    assert "this is a safetensors file under a GGUF name; rename it to .safetensors" in complaint_of(command, path)


@pytest.mark.parametrize("form", [LITTLE, BIG, Form(version=1)], ids=["little", "big", "version 1"])
def test_every_cut_of_a_good_file_is_refused_with_its_place(form: Form, tmp_path: Path) -> None:
    words: dict[str, Value] = {
        "general.architecture": "llama",
        "tokens": ["a", "bc", ""],
        "n": [1, 2],
        "f": 0.5,
        "b": True,
    }
    whole = write(tmp_path / "whole.gguf", TWO, words, form).read_bytes()
    needed = len(whole) - 24  # the last tensor's padding may be missing
    cut = tmp_path / "cut.gguf"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        if length >= needed:
            assert len(stored(cut)) == 2
            continue
        with pytest.raises(CheckpointError) as caught:
            stored(cut)
        sentence = caught.value.sentence()
        assert "byte" in sentence or sentence.startswith(f"{cut}: the file is empty")


def test_a_hostile_name_in_a_complaint_is_escaped_and_cut(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "x.gguf"
    name = "\x1b[31m\n\u202e" + "x" * 10_000
    path.write_bytes(F.file([], [F.tensor(name, 99, (8,), 0)], 32))
    complaint = complaint_of(command, path)
    assert "tensor \\x1b[31m\\n\\u202ex" in complaint
    assert "…" in complaint


def test_a_gguf_file_in_the_place_of_a_folders_safetensors_file_is_told(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "model.safetensors", TWO)
    complaint = command(tmp_path).complaint
    assert f"{path}: this is a GGUF file under a safetensors name; rename it to .gguf" in complaint


def test_what_it_is_not_is_said_by_the_name_it_has(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "pytorch_model.bin", TWO)
    assert f"{path}: this is a GGUF file under a PyTorch name; rename it to .gguf" in command(tmp_path).complaint
    path = path.rename(tmp_path / "pytorch_model.bin.index.json")
    assert f"{path}: this is a GGUF file under a JSON name; rename it to .gguf" in command(tmp_path).complaint


def sparse(path: Path, start: bytes, size: int) -> Path:
    path.write_bytes(start)
    os.truncate(path, size)
    return path


TERABYTE = 1 << 40
# Claims that a sparse file of a terabyte makes possible; each is given up after bounded work.
ENDLESS = {
    "tensors": (F.start(1 << 34, 0), "17,179,869,184 tensors: more than 65,536 are not read"),
    "keys": (F.start(0, 1 << 34), "17,179,869,184 keys: more than 65,536 are not read"),
    "strings": (F.start(0, 1) + array(STRING, 1 << 34), "more than 33,554,432 strings in its metadata are not read"),
    "long strings": (
        F.start(0, 1) + array(STRING, 1 << 24) + struct.pack("<Q", 1 << 41),
        "a string of 2,199,023,255,552 bytes does not fit into the file",
    ),
    "a text": (F.start(0, 2) + F.raw_pair("k", STRING, struct.pack("<Q", 1 << 39)), "the metadata has this key twice"),
    "arrays": (F.start(0, 1) + array(ARRAY, 1 << 30), "too many arrays lie in arrays"),
    "a name": (F.start(1, 0) + struct.pack("<Q", 1 << 39), "a tensor's name of 549,755,813,888 bytes is longer than"),
}
LIMITED = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({MEGABYTES} << 20, {MEGABYTES} << 20))
"""


@pytest.mark.parametrize("case", ENDLESS)
def test_endless_claims_are_given_up_with_little_memory_and_soon(case: str, tmp_path: Path) -> None:
    start, expected = ENDLESS[case]
    path = sparse(tmp_path / "x.gguf", start, TERABYTE)
    if case == "a text":
        with path.open("r+b") as file:
            file.seek(len(start) + (1 << 39))
            file.write(F.pair("k", 1))
    result = run_process(path, "--json", before=LIMITED, timeout=30)
    assert result.status == 1
    assert expected in result.complaint


def test_strings_that_lie_far_apart_are_read_up_to_a_bound(tmp_path: Path) -> None:
    length = 5 << 20
    start = F.start(0, 1) + array(STRING, 1 << 20)
    path = sparse(tmp_path / "x.gguf", start, TERABYTE)
    with path.open("r+b") as file:
        for n in range(400):
            file.seek(len(start) + n * (8 + length))
            file.write(struct.pack("<Q", length))
    result = run_process(path, "--json", before=LIMITED, timeout=30)
    assert "a header of more than 536,870,912 bytes is not read" in result.complaint


def test_names_of_more_than_64_mib_are_not_kept(tmp_path: Path) -> None:
    infos = [F.tensor(f"{n:060000}", "F32", (0,), 0) for n in range(1200)]
    path = tmp_path / "x.gguf"
    path.write_bytes(F.file([], infos))
    result = run_process(path, "--json", before=LIMITED, timeout=30)
    assert "keys and names of more than 67,108,864 bytes in all are not read" in result.complaint


def test_300_megabytes_of_tokenizer_are_read_with_little_memory(tmp_path: Path) -> None:
    token = F.text("abcdefg")
    count = (300 << 20) // len(token)
    path = tmp_path / "x.gguf"
    with path.open("wb") as file:
        file.write(F.start(1, 1) + array(STRING, count))
        for _ in range(16):
            file.write(token * (count // 16))
        file.write(token * (count % 16) + A)
        file.write(bytes(-file.tell() % 32 + 32))
    result = run_process(path, "--json", before=LIMITED, timeout=60)
    assert (result.status, result.model["parameters"]) == (0, 8)


@pytest.mark.parametrize("arguments", [["--json"], ["--csv", "--by", "tensor"]], ids=" ".join)
def test_as_many_tensors_as_are_read_all_unlike_need_little_memory(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    names = (f"{n:016b}".translate({48: "a", 49: "b"}) * 3 for n in range(65_536))
    infos = b"".join(F.tensor(name, "F32", (1, n % 8), 32 * n) for n, name in enumerate(names))
    path.write_bytes(F.start(65_536, 0) + infos + bytes(32))
    os.truncate(path, path.stat().st_size + (32 << 16))
    result = run_process(path, *arguments, before=LIMITED, timeout=60)
    assert (result.status, result.err) == (0, "")
    assert "229376" in result.out

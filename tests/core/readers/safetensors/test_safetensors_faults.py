"""Each way in which one safetensors file can be wrong, and the one sentence that it gives."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from core.checkpoint.errors import CheckpointError
from tests.support.checkpoints import Tensors, header, write, write_raw
from tests.support.command import Command, complaint_of, run_process
from tests.support.counting import stored
from tests.support.pickles import expect_bounded

TWO: Tensors = {"a": ("F32", (2, 3)), "b": ("F16", (4,))}
GOOD = header(TWO)
VALUES = 32
F32_PAIR = '"dtype":"F32","shape":[2],"data_offsets":[0,8]'


def entry(name: str = "a", dtype: str = '"F32"', shape: str = "[2]", offsets: str = "[0,8]") -> str:
    return f'"{name}":{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}'


# A header's text, with the part of the sentence that says what is wrong with it and where.
HEADERS = {
    "not JSON": ("{" + "x" * 20, "byte 9: the header is not JSON"),
    "a JSON array": ("[1, 2, 3]", "byte 8: the header is not a JSON object"),
    "a JSON text": ('"a text"', "byte 8: the header is not a JSON object"),
    "no quotes": ("{a:1}", "byte 9: the header is not JSON"),
    "single quotes": ("{'a':1}", "byte 9: the header is not JSON"),
    "cut object": ("{" + entry(), "the header is not JSON"),
    "cut entry": ('{"a":{"dtype":"F32","shape":[2],', "the header is not JSON"),
    "cut name": ('{"a', "the header is not JSON"),
    "no colon": ('{"a" {' + F32_PAIR + "}}", "byte 13: the header is not JSON (Expecting ':')"),
    "no comma between entries": ("{" + entry() + entry("b") + "}", "the header is not JSON"),
    "trailing comma": ("{" + entry() + ",}", "the header is not JSON"),
    "only a comma": ("{,}", "the header is not JSON"),
    "garbage behind": ("{" + entry() + "} garbage", "the header goes on behind its JSON object"),
    "a second object behind": ("{" + entry() + "}{}", "the header goes on behind its JSON object"),
    "zeros behind": ("{" + entry() + "}\0\0\0", "the header goes on behind its JSON object"),
    "control character in a name": ("{" + entry("a\x01") + "}", "the header is not JSON"),
    "half an escape": ('{"\\u12":{' + F32_PAIR + "}}", "the header is not JSON"),
    "half a surrogate": ("{" + entry("\\ud800") + "}", "byte 9: the header is not UTF-8"),
    "NaN": ('{"a":{' + F32_PAIR + ',"x":NaN}}', "the header's JSON is damaged (NaN is no JSON)"),
    "entry a number": ('{"a":1}', "tensor a: its entry is not an object"),
    "entry null": ('{"a":null}', "tensor a: its entry is not an object"),
    "entry a list of two": ('{"a":["F32",[2]]}', "tensor a: its entry is not an object"),
    "entry a list of four": ('{"a":["F32",[2],[0,8],0]}', "tensor a: its entry is not an object"),
    "entry a list in another order": ('{"a":[[2],"F32",[0,8]]}', "tensor a: its dtype is not a text"),
    "entry empty": ('{"a":{}}', "tensor a: its entry has no dtype"),
    "no dtype": ('{"a":{"shape":[2],"data_offsets":[0,8]}}', "tensor a: its entry has no dtype"),
    "no shape": ('{"a":{"dtype":"F32","data_offsets":[0,8]}}', "tensor a: its entry has no shape"),
    "no offsets": ('{"a":{"dtype":"F32","shape":[2]}}', "tensor a: its entry has no data_offsets"),
    "dtype number": ("{" + entry(dtype="32") + "}", "tensor a: its dtype is not a text"),
    "dtype null": ("{" + entry(dtype="null") + "}", "tensor a: its dtype is not a text"),
    "dtype object": ("{" + entry(dtype='{"a":1}') + "}", "tensor a: its dtype is not a text"),
    "dtype nested": ("{" + entry(dtype="[" * 300 + "]" * 300) + "}", "tensor a: its dtype is not a text"),
    "dtype unknown": ("{" + entry(dtype='"F31"') + "}", "tensor a: unknown dtype F31"),
    "dtype in small letters": ("{" + entry(dtype='"f32"') + "}", "tensor a: unknown dtype f32"),
    "dtype empty": ("{" + entry(dtype='""') + "}", "tensor a: unknown dtype"),
    "dtype long": ("{" + entry(dtype='"' + "F" * 5000 + '"') + "}", "tensor a: unknown dtype FFF"),
    "shape text": ("{" + entry(shape='"2"') + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape object": ("{" + entry(shape="{}") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape number": ("{" + entry(shape="2") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape null": ("{" + entry(shape="null") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape true": ("{" + entry(shape="[true,2]") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape float": ("{" + entry(shape="[2.0]") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape exponent": ("{" + entry(shape="[2e0]") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape nested": ("{" + entry(shape="[[2]]") + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape of texts": ("{" + entry(shape='["2"]') + "}", "tensor a: its shape is not a list of whole numbers"),
    "shape minus zero": ("{" + entry(shape="[-0]", offsets="[0,0]") + "}", "tensor a: its shape is not a list"),
    "shape leading zero": ("{" + entry(shape="[02]") + "}", "byte 38: the header is not JSON (Expecting ','"),
    "shape without comma": ("{" + entry(shape="[1 2]") + "}", "byte 39: the header is not JSON (Expecting ','"),
    "dimension negative": ("{" + entry(shape="[-2]") + "}", "tensor a: its shape has a negative dimension"),
    "two dimensions negative": ("{" + entry(shape="[-2,-1]") + "}", "tensor a: its shape has a negative dimension"),
    "dimension 2^63": ("{" + entry(shape=f"[{1 << 63}]") + "}", "tensor a: "),
    "dimension of 30 digits": ("{" + entry(shape="[" + "9" * 30 + "]") + "}", "tensor a: its shape is not a list"),
    "dimension of 10,000 digits": ("{" + entry(shape="[" + "9" * 10_000 + "]") + "}", "tensor a: its shape is not"),
    "product over 2^64": ("{" + entry(shape="[4294967296,4294967296]") + "}", "tensor a: its shape is larger than any"),
    "product wraps to the size": (
        "{" + entry(shape="[9223372036854775809,2]") + "}",
        "tensor a: its shape is larger than any file",
    ),
    "overflow before a zero": (
        "{" + entry(shape="[4294967296,4294967296,0]", offsets="[0,0]") + "}",
        "tensor a: its shape is larger than any file",
    ),
    "100,000 huge dimensions": (
        "{" + entry(shape="[" + ",".join(["9223372036854775807"] * 100_000) + "]") + "}",
        "tensor a: its shape is larger than any file",
    ),
    "100,000 dimensions of the wrong size": (
        "{" + entry(shape="[" + ",".join(["1"] * 100_000) + "]") + "}",
        "tensor a: its data_offsets [0, 8] do not hold 4 bytes",
    ),
    "half a byte": ("{" + entry(dtype='"F4"', shape="[3]", offsets="[0,2]") + "}", "do not fill whole bytes"),
    "offsets text": ("{" + entry(offsets='"0,8"') + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets one": ("{" + entry(offsets="[8]") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets three": ("{" + entry(offsets="[0,4,8]") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets none": ("{" + entry(offsets="[]") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets null": ("{" + entry(offsets="null") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets float": ("{" + entry(offsets="[0,8.0]") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets true": ("{" + entry(offsets="[false,8]") + "}", "tensor a: its data_offsets are not two whole numbers"),
    "offsets negative": ("{" + entry(offsets="[-8,0]") + "}", "tensor a: its data_offsets [-8, 0] do not hold"),
    "offsets reversed": ("{" + entry(offsets="[8,0]") + "}", "tensor a: its data_offsets [8, 0] do not hold 8 bytes"),
    "offsets too near": ("{" + entry(offsets="[0,4]") + "}", "do not hold 8 bytes, the size of F32 2"),
    "offsets too far": ("{" + entry(offsets="[0,16]") + "}", "do not hold 8 bytes, the size of F32 2"),
    "offsets huge": ("{" + entry(offsets="[0,18446744073709551615]") + "}", "do not hold 8 bytes"),
    "offsets of 5,000 digits": ("{" + entry(offsets="[0," + "1" * 5000 + "]") + "}", "are not two whole numbers"),
    "scalar without a byte": ("{" + entry(shape="[]", offsets="[0,0]") + "}", "the size of F32 one value"),
    "overlap": (
        "{" + entry("a", offsets="[0,8]") + "," + entry("b", offsets="[4,12]") + "}",
        "tensor b: its data_offsets [4, 12] overlap another tensor's",
    ),
    "the same place twice": (
        "{" + entry("a") + "," + entry("b") + "}",
        "its data_offsets [0, 8] overlap another tensor's",
    ),
    "hole in the middle": (
        "{" + entry("a") + "," + entry("b", offsets="[12,20]") + "}",
        "tensor b: its data_offsets [12, 20] leave a hole before it",
    ),
    "hole at the start": ("{" + entry(offsets="[8,16]") + "}", "tensor a: its data_offsets [8, 16] leave a hole"),
    "empty tensor behind the end": (
        "{" + entry("a") + "," + entry("b", shape="[0]", offsets="[900,900]") + "}",
        "tensor b: its data_offsets [900, 900] leave a hole",
    ),
    "name twice": ("{" + entry() + "," + entry(offsets="[8,16]") + "}", "tensor a: the header has this name twice"),
    "name twice, once escaped": (
        "{" + entry() + "," + entry("\\u0061", offsets="[8,16]") + "}",
        "tensor a: the header has this name twice",
    ),
    "key twice": ('{"a":{"dtype":"F16",' + F32_PAIR + "}}", "tensor a: its entry has a key twice"),
    "metadata a list": ('{"__metadata__":[]}', "__metadata__: it is not an object of strings"),
    "metadata a number": ('{"__metadata__":{"a":1}}', "__metadata__: it is not an object of strings"),
    "metadata nested": ('{"__metadata__":{"a":{"b":"c"}}}', "__metadata__: it is not an object of strings"),
    "metadata twice": ('{"__metadata__":{},"__metadata__":{}}', "the header has this name twice"),
    "metadata a tensor": ("{" + entry("__metadata__") + "}", "__metadata__: it is not an object of strings"),
    "nested 100,000 deep": ("{" + '"a":' + "[" * 100_000, "byte 9: the header's JSON is nested too deeply"),
    "objects 100,000 deep": ("{" + '"a":{' * 100_000, "byte 9: the header's JSON is nested too deeply"),
    "deep metadata": ('{"__metadata__":' + "[" * 100_000, "byte 9: the header's JSON is nested too deeply"),
    "deep below a tensor": ('{"a":{' + F32_PAIR + ',"x":' + "[" * 100_000, "the header's JSON is nested too deeply"),
}


@pytest.mark.parametrize("case", list(HEADERS))
def test_a_wrong_header_gives_one_sentence_with_file_place_and_reason(
    case: str, tmp_path: Path, command: Command
) -> None:
    text, expected = HEADERS[case]
    assert expected in complaint_of(command, write_raw(tmp_path / "x.safetensors", text.encode(), 8))


BYTES = {
    "empty": (b"", "the file is empty"),
    **{
        f"{n} bytes": (
            b"\x10" + b"\0" * (n - 1),
            f"a file of {n} byte{'s' if n > 1 else ''} is too short for safetensors",
        )
        for n in range(1, 8)
    },
    "length and nothing more": ((100).to_bytes(8, "little"), "byte 0: its header should take 100 bytes and only 0"),
    "cut header": (
        len(GOOD).to_bytes(8, "little") + GOOD[:40],
        f"byte 0: its header should take {len(GOOD)} bytes and only 40 are left: it is cut off",
    ),
    "header length 2^63": ((1 << 63).to_bytes(8, "little") + GOOD, "byte 0: its header should take 9,223,372,036,854"),
    "header length 2^64-1": (b"\xff" * 8 + GOOD, "byte 0: its header should take 18,446,744,073,709,551,615 bytes"),
    "header length 0": (b"\0" * 8 + GOOD, "byte 0: a header of 0 bytes cannot be"),
    "header length 1": (b"\1" + b"\0" * 7 + GOOD, "byte 0: a header of 1 bytes cannot be"),
    "only zeros": (b"\0" * 100, "byte 0: a header of 0 bytes cannot be"),
    "a name that is not UTF-8": (
        (57).to_bytes(8, "little") + b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}    ' + b"\0" * 8,
        "not UTF-8",
    ),
    "metadata that is not UTF-8": (
        (30).to_bytes(8, "little") + b'{"__metadata__":{"a":"\xff\xfe"}}    ',
        "byte 9: the header is not UTF-8 text",
    ),
    "Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 548105171\n",
        "this is a Git LFS pointer, not the file itself; fetch the file with: git lfs pull",
    ),
    "HTML page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "this is a web page (HTML), not the file"),
    "HTML page behind a mark": (b"\xef\xbb\xbf\r\n <HTML><body>404</body></html>", "this is a web page (HTML)"),
    "JSON error body": (b'{"error":"Repository not found"}', "this is JSON text (a server's error answer, it may be)"),
    "JSON error body, indented": (b'\n  {"error": "gated"}', "this is JSON text"),
    "plain error body": (b"Entry not found", "a server's answer (Entry not found), not the file"),
    "zip": (b"PK\x03\x04\x00\x00\x08\x08" + b"\0" * 60, "its zip archive is cut off: the directory at"),
    "pickle": (b"\x80\x02}q\x00(X\x05\x00\x00\x00" + b"\0" * 60, "this is a Python pickle, not safetensors"),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + b"\0" * 60, "this is compressed (gzip); unpack it with gunzip"),
    "text": (b"hello, this is some text of a user", "byte 0: its header should take"),
}


@pytest.mark.parametrize("case", list(BYTES))
def test_a_file_that_is_no_safetensors_file_is_told_for_what_it_is(case: str, tmp_path: Path, command: Command) -> None:
    content, expected = BYTES[case]
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert expected in complaint_of(command, path)


def test_no_depth_of_nesting_breaks_out_of_the_reader(tmp_path: Path) -> None:
    for depth in range(100, 1200, 3):
        deep = "[" * depth + "]" * depth
        path = write_raw(tmp_path / "x.safetensors", ("{" + entry(dtype=deep) + "}").encode(), 8)
        with pytest.raises(CheckpointError, match=r"not a text|nested too deeply"):
            stored(path)


def test_every_cut_of_a_good_file_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.safetensors", TWO).read_bytes()
    cut = tmp_path / "cut.safetensors"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            stored(cut)


def test_cut_values_say_how_many_bytes_there_should_be(tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", GOOD, VALUES - 1)
    assert "the values should take 32 bytes and the file has 31: it is cut off" in complaint_of(command, path)


def test_bytes_behind_the_values_are_refused(tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", GOOD, VALUES + 5)
    assert "5 bytes lie behind the last tensor's values" in complaint_of(command, path)


def test_a_name_that_returns_after_megabytes_of_header_is_seen(tmp_path: Path, command: Command) -> None:
    texts = [entry("first", shape="[0]", offsets="[0,0]")]
    texts += [entry(f"layer.{n}", shape="[0]", offsets="[0,0]") for n in range(50_000)]
    texts.append(entry("first", shape="[0]", offsets="[0,0]"))
    head = ("{" + ",".join(texts) + "}").encode()
    assert len(head) > 2 << 20
    path = write_raw(tmp_path / "x.safetensors", head)
    assert "tensor first: the header has this name twice" in complaint_of(command, path)


def test_a_fault_behind_megabytes_of_header_names_its_byte(tmp_path: Path, command: Command) -> None:
    good = b"{" + ",".join(entry(f"layer.{n}", shape="[0]", offsets="[0,0]") for n in range(50_000)).encode()
    path = write_raw(tmp_path / "x.safetensors", good + b",nonsense: }")
    assert f"byte {8 + len(good) + 1}: the header is not JSON" in complaint_of(command, path)


def test_an_endless_string_in_a_header_is_given_up_in_time(tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", b'{"' + b"a" * (40 << 20))
    assert "an entry of the header is longer than 8 MiB" in complaint_of(command, path)


def test_metadata_of_a_million_keys_takes_bounded_memory(tmp_path: Path) -> None:
    metadata = ",".join(f'"{n:x}":""' for n in range(1_500_000))
    path = write_raw(tmp_path / "x.safetensors", b'{"__metadata__":{' + metadata.encode() + b"}}")
    assert "an entry of the header is longer than 8 MiB" in expect_bounded(path)


def test_endless_space_in_a_header_is_given_up_in_time(tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", b"{" + b" " * (40 << 20))
    assert "x.safetensors" in command(path).complaint


def test_a_header_length_of_gigabytes_in_a_sparse_file_is_not_believed(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes((1 << 40).to_bytes(8, "little") + b"{")
    os.truncate(path, 1 << 41)
    assert "byte 0: a header of 1,099,511,627,776 bytes cannot be" in complaint_of(command, path)


def test_a_hostile_name_in_a_complaint_is_escaped_and_cut(tmp_path: Path, command: Command) -> None:
    name = "\\u001b[31m" + "\\n" + "\u202e" + "x" * 10_000
    sentence = complaint_of(
        command, write_raw(tmp_path / "x.safetensors", ("{" + entry(name, shape="[3]") + "}").encode(), 8)
    )
    assert "tensor \\x1b[31m\\n\\u202ex" in sentence
    assert "…" in sentence


def test_a_folder_under_a_safetensors_name_is_said_to_be_empty(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "x.safetensors"
    path.mkdir()
    assert "no checkpoint in it" in complaint_of(command, path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    os.mkfifo(path)
    result = run_process(path, timeout=30)
    assert result.status == 1
    assert result.complaint.startswith(f"gpt2-explore: {path}: a pipe (FIFO), not a file")


def test_an_endless_device_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.symlink_to("/dev/zero")
    result = run_process(path, timeout=30)
    assert result.status == 1
    assert result.complaint.startswith(f"gpt2-explore: {path}: a character device, not a file")


def test_a_socket_is_told(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 107 bytes only
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("x.safetensors")
        assert "a socket, not a file" in complaint_of(command, Path("x.safetensors"))


def test_a_link_to_itself_is_told(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "x.safetensors"
    path.symlink_to(path)
    assert "a symbolic link that leads back to itself" in complaint_of(command, path)


def test_a_link_to_nothing_is_told(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "x.safetensors"
    path.symlink_to(tmp_path / "gone")
    assert "there is no such file" in complaint_of(command, path)


def test_a_missing_path_is_told(tmp_path: Path, command: Command) -> None:
    assert "there is no such file" in complaint_of(command, tmp_path / "x.safetensors")
    assert "there is no such file" in complaint_of(command, tmp_path / "no" / "x.safetensors")


def test_a_path_through_a_file_is_told(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", TWO)
    assert "there is no such file" in complaint_of(command, path / "y.safetensors")


def test_no_permission_is_told(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.safetensors", TWO)
    system_open = os.open

    def refuse(name: str, flags: int, mode: int = 0o777) -> int:
        if name == str(path):
            raise PermissionError(13, "Permission denied", name)
        return system_open(name, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    assert "no permission to read it" in complaint_of(command, path)


def test_a_read_that_fails_is_told(tmp_path: Path, command: Command) -> None:
    # Reading a process's memory from 0 on fails with EIO, as a broken disk does; its size is given as 0.
    path = tmp_path / "x.safetensors"
    path.symlink_to("/proc/self/mem")
    assert "the system could not read it (" in complaint_of(command, path)


def test_a_sentence_in_json_is_the_one_on_standard_error(tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", b"{}", 1)
    sentence = complaint_of(command, path)
    assert json.loads(command(path, "--json").out)["models"][0]["error"] == sentence


def test_shapes_that_are_all_different_are_read_in_bounded_time(tmp_path: Path) -> None:
    tensors: Tensors = {f"{n}.weight": ("F32", (n + 1,)) for n in range(300_000)}
    path = tmp_path / "model.safetensors"
    write_raw(path, header(tensors), 0)
    assert "it is cut off" in expect_bounded(path)

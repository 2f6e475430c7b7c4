"""An index or a config that is not what it should be: the first is an error, the second a note."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, split, write, write_hole, write_shards
from tests.support.command import Command, run_process
from tests.support.pickles import expect_bounded

GPT2_PARAMETERS = 124_439_808
PLACE = "model.safetensors.index.json"

INDEXES = {
    "empty": ("", "it is not JSON"),
    "not JSON": ("nonsense", "it is not JSON (Expecting value)"),
    "cut": ('{"weight_map": {"a": "x.safete', "line 1: it is not JSON (Unterminated string"),
    "cut on line 3": ('{\n"weight_map":\n{"a" "b"}}', "line 3: it is not JSON"),
    "not UTF-8": ("{\udcff}", "it is not JSON (not UTF-8 text)"),
    "a list": ("[]", "it holds no JSON object"),
    "null": ("null", "it holds no JSON object"),
    "deep": ("[" * 100_000, "its JSON is nested too deeply"),
    "deep below the map": ('{"weight_map":' + '{"a":' * 100_000, "its JSON is nested too deeply"),
    "a number of 10,000 digits": (
        '{"weight_map":{"a":' + "1" * 10_000 + "}}",
        "it is not JSON (a number has too many digits)",
    ),
    "no weight_map": ('{"metadata": {}}', "it has no weight_map of tensors to files"),
    "weight_map a list": ('{"weight_map": []}', "it has no weight_map of tensors to files"),
    "weight_map a text": ('{"weight_map": "x.safetensors"}', "it has no weight_map of tensors to files"),
    "weight_map empty": ('{"weight_map": {}}', "it has no weight_map of tensors to files"),
    "file a number": ('{"weight_map": {"a": 1}}', "weight_map, tensor a: its file is not a name"),
    "file null": ('{"weight_map": {"a": null}}', "weight_map, tensor a: its file is not a name"),
    "file a list": ('{"weight_map": {"a": ["x.safetensors"]}}', "weight_map, tensor a: its file is not a name"),
    "outside": ('{"weight_map": {"a": "../x.safetensors"}}', "../x.safetensors: it names a file that is no"),
    "outside and back": ('{"weight_map": {"a": "y/../../x.safetensors"}}', "it names a file that is no"),
    "absolute": ('{"weight_map": {"a": "/etc/x.safetensors"}}', "/etc/x.safetensors: it names a file that is no"),
    "not safetensors": ('{"weight_map": {"a": "x.bin"}}', "x.bin: it names a file that is no safetensors file"),
    "a name too long": (
        f'{{"weight_map": {{"a": "{"x" * 5000}.safetensors"}}}}',
        "it names a file that is no safetensors",
    ),
    "nothing": ('{"weight_map": {"a": ""}}', "it names a file that is no safetensors file"),
    "NUL": ('{"weight_map": {"a": "x\\u0000.safetensors"}}', "it names a file that is no safetensors file"),
    "hostile": ('{"weight_map": {"a": "\\u001b[31m/../x.safetensors"}}', "\\x1b[31m/../x.safetensors: it names"),
    "Git LFS pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "this is a Git LFS pointer"),
    "HTML page": ("<!doctype html><html></html>", "this is a web page (HTML)"),
}


MANY = b"[" + b"[]," * 30_000_000 + b"[]]"
LARGE = {
    "lists": (b'{"a":' + MANY + b"}", "it has more than 1,500,000 values"),
    "keys": (
        b'{"weight_map":{' + b",".join(b'"%x":1' % n for n in range(8_000_000)) + b"}}",
        "it has more than 1,500,000",
    ),
    "one wide character": ('{"a":"😀'.encode() + b"x" * (120 << 20) + b'"}', "bytes are more than the 33,554,432 read"),
    "one written in ASCII": (
        b'{"a":"\\ud83d\\ude00' + b"x" * (120 << 20) + b'"}',
        "bytes are more than the 33,554,432",
    ),
}


@pytest.mark.parametrize("case", list(LARGE))
def test_an_index_of_millions_of_values_takes_bounded_memory_and_time(case: str, tmp_path: Path) -> None:
    content, expected = LARGE[case]
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    (folder / PLACE).write_bytes(content)
    assert expected in expect_bounded(folder)


def test_a_config_of_millions_of_values_takes_bounded_memory_and_time(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'{"model_type":"gpt2","a":' + MANY[: 15 << 20] + b"[]]}")
    assert "bytes are more than the 4,194,304 read of such a file" in expect_bounded(path)


@pytest.mark.parametrize("case", list(INDEXES))
def test_a_wrong_index_gives_one_sentence(case: str, tmp_path: Path, command: Command) -> None:
    text, expected = INDEXES[case]
    folder = write_shards(tmp_path, split(gpt2().items(), 2))
    (folder / PLACE).write_bytes(text.encode("utf-8", "surrogateescape"))
    result = command(folder, "--json")
    assert result.status == 1
    assert result.complaint.startswith(f"gpt2-explore: {folder}: {folder / PLACE}")
    assert result.complaint.isprintable()
    assert expected in result.complaint


def test_an_index_of_gigabytes_is_not_read(tmp_path: Path, command: Command) -> None:
    write_hole(tmp_path / PLACE, 1 << 40)
    assert "1,099,511,627,776 bytes are more than" in command(tmp_path).complaint


def test_an_index_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / PLACE)
    result = run_process(tmp_path, timeout=30)
    assert result.status == 1
    assert "a pipe (FIFO), not a file" in result.complaint


CONFIGS = {
    "empty": "",
    "not JSON": "nonsense",
    "a list": "[]",
    "deep": "[" * 100_000,
    "a Git LFS pointer": "version https://git-lfs.github.com/spec/v1\n",
}


@pytest.mark.parametrize("case", list(CONFIGS))
def test_a_broken_config_is_a_note_and_no_failure(case: str, tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    (tmp_path / "config.json").write_text(CONFIGS[case])
    result = command(tmp_path, "--json")
    assert (result.status, result.err) == (0, "")
    assert result.model["parameters"] == GPT2_PARAMETERS
    assert result.model["architecture"] is None
    assert len(result.model["notes"]) == 1
    assert result.model["notes"][0].startswith("not used: config.json")


def test_a_config_of_gigabytes_is_a_note(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    write_hole(tmp_path / "config.json", 1 << 40)
    assert "not used: config.json: 1,099,511,627,776 bytes" in command(tmp_path, "--json").model["notes"][0]


def test_a_config_that_is_a_pipe_or_leads_nowhere_is_a_note(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    config = tmp_path / "config.json"
    os.mkfifo(config)
    assert "a pipe (FIFO)" in run_process(tmp_path, "--json", timeout=30).model["notes"][0]
    config.unlink()
    config.symlink_to(tmp_path / "nowhere")
    assert "there is no such file" in run_process(tmp_path, "--json", timeout=30).model["notes"][0]


@pytest.mark.parametrize(
    "config",
    [
        "{}",
        '{"architectures": null, "tie_word_embeddings": "yes", "text_config": 5}',
        '{"architectures": [], "num_experts": -1, "num_experts_per_tok": true}',
        '{"architectures": [7], "text_config": {"tie_word_embeddings": 1}}',
        '{"architectures": {"a": 1}, "num_local_experts": 1e999, "quantization_config": []}',
    ],
)
def test_a_config_of_other_types_is_read_as_if_it_said_nothing(config: str, tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    (tmp_path / "config.json").write_text(config)
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["architecture"], result["notes"]) == (GPT2_PARAMETERS, None, [])


def test_a_hostile_architecture_is_escaped_for_people(tmp_path: Path, command: Command) -> None:
    write(tmp_path / "model.safetensors", gpt2())
    (tmp_path / "config.json").write_text('{"architectures": ["\\u001b[31m\\nX\\u202e"]}')
    assert command(tmp_path, "--json").model["architecture"] == "\x1b[31m\nX\u202e"
    for output in ("--print", "--markdown", "--csv"):
        assert all(line.isprintable() for line in command(tmp_path, output).out.splitlines())

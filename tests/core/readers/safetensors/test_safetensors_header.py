"""Headers as the format allows them, however unusual: all are read right."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from core.readers.safetensors.layouts import DTYPE_BITS
from tests.support.checkpoints import BITS, Tensors, entries, header, write, write_raw
from tests.support.command import Command, run_process
from tests.support.counting import layouts, package_reads, stored

TWO: Tensors = {"a": ("F32", (2, 3)), "b": ("F16", (4,))}
READ = {"a": ("F32", (2, 3), 24), "b": ("F16", (4,), 8)}
EMPTY = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'


def read(tmp_path: Path, head: str | bytes, values: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
    path = write_raw(tmp_path / "x.safetensors", head if isinstance(head, bytes) else head.encode(), values)
    return layouts(stored(path))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(entries(TWO)),
        json.dumps(entries(TWO), separators=(",", ":")),
        json.dumps(entries(TWO), indent=4),
        json.dumps(entries(TWO), indent="\t").replace("\n", "\r\n"),
        json.dumps(entries(TWO), separators=("  ,  ", "  :  ")) + " \n\t\r" * 50,
        json.dumps(entries(TWO)).replace("{", "{ \t").replace("}", "\n }").replace("[", "[\r").replace("]", " ]"),
        json.dumps({name: dict(reversed(list(value.items()))) for name, value in entries(TWO).items()}),
        json.dumps({name: {"new": [{"x": None}], **value, "y": 1.5e300} for name, value in entries(TWO).items()}),
        json.dumps(dict(reversed(list(entries(TWO).items())))),
        json.dumps({"__metadata__": {"format": "pt"}, **entries(TWO)}),
        json.dumps({**entries(TWO), "__metadata__": {"format": "pt"}}),
        json.dumps({**entries(TWO), "__metadata__": {}}),
        json.dumps({"__metadata__": None, **entries(TWO)}),
        json.dumps({name: list(value.values()) for name, value in entries(TWO).items()}),
        json.dumps({"__metadata__": {"a": '{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'}, **entries(TWO)}),
        json.dumps(entries(TWO)).replace("dtype", "\\u0064type").replace('"F32"', '"F\\u00332"'),
        json.dumps(entries(TWO)).replace('"a"', '"\\u0061"'),
    ],
)
def test_spacing_order_escapes_and_further_keys_do_not_matter(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text, 32) == READ
    path = tmp_path / "x.safetensors"
    assert {name: tuple(value["shape"]) for name, value in package_reads(path)} == {
        name: shape for name, (_, shape, _) in READ.items()
    }


@pytest.mark.parametrize("text", ["{}", "{ }", "{}      ", '{"__metadata__":{}}', '{ "__metadata__" : {"a":"b"} }'])
def test_a_checkpoint_without_tensors_is_read_and_noted(text: str, tmp_path: Path, command: Command) -> None:
    path = write_raw(tmp_path / "x.safetensors", text.encode())
    result = command(path, "--json")
    assert result.status == 0
    assert result.model["parameters"] == 0
    assert result.model["categories"] == {}
    assert result.model["notes"] == ["there is not one tensor in it"]


@pytest.mark.parametrize("place", ["first", "last"])
def test_metadata_of_megabytes_is_passed_over(place: str, tmp_path: Path) -> None:
    metadata = {"__metadata__": {"log": 'a "quoted" \\ line\n' * 200_000}}
    record = {**metadata, **entries(TWO)} if place == "first" else {**entries(TWO), **metadata}
    assert read(tmp_path, json.dumps(record), 32) == READ


def test_entries_out_of_the_order_of_their_values_are_read(tmp_path: Path) -> None:
    tensors: Tensors = {f"layer.{n}": ("F32", (n + 1,)) for n in range(500)}
    shuffled = list(entries(tensors).items())
    random.Random(1).shuffle(shuffled)
    found = read(tmp_path, json.dumps(dict(shuffled)), sum(4 * (n + 1) for n in range(500)))
    assert found == {f"layer.{n}": ("F32", (n + 1,), 4 * (n + 1)) for n in range(500)}


def test_empty_tensors_and_scalars_have_their_sizes(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", {"a": ("F32", ()), "b": ("F32", (0, 5)), "c": ("I8", (1, 1))})
    assert layouts(stored(path)) == {"a": ("F32", (), 4), "b": ("F32", (0, 5), 0), "c": ("I8", (1, 1), 1)}
    tensors = {tensor["name"]: tensor for tensor in command(path, "--json", "--by", "tensor").model["tensors"]}
    assert (tensors["a"]["shape"], tensors["a"]["parameters"]) == ([], 1)
    assert (tensors["b"]["shape"], tensors["b"]["parameters"]) == ([0, 5], 0)


def test_empty_tensors_between_others_are_read(tmp_path: Path) -> None:
    tensors: Tensors = {
        "a": ("F32", (0,)),
        "b": ("F32", (2,)),
        "c": ("F32", (0,)),
        "d": ("F32", (2,)),
        "e": ("U8", (0,)),
    }
    assert len(read(tmp_path, header(tensors), 16)) == 5
    assert len(read(tmp_path, json.dumps(dict(reversed(list(entries(tensors).items())))), 16)) == 5


def test_the_dtypes_are_those_that_the_tests_know() -> None:
    assert DTYPE_BITS == BITS


@pytest.mark.parametrize("dtype", sorted(BITS))
def test_a_dtype_takes_the_bytes_that_the_safetensors_package_gives_it(dtype: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {"a": (dtype, (3, 8))})
    ((name, value),) = package_reads(path)
    assert layouts(stored(path)) == {name: (value["dtype"], tuple(value["shape"]), len(value["data"]))}


HOSTILE_NAMES = [
    "line\nfeed",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eright to left\u2066",
    "[bold red]markup[/] [link=http://x]",
    "| pipe | `code` <b> *star* _low_",
    'quote"comma,semicolon;',
    "back\\slash",
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a.",
    "...weight",
    "中文.权重",
    "e\u0301\u200d🤗",
    "\ufeff\u2028\u2029\x85\x00",
    "=1+1",
    "x" * 10_000,
    "a." * 5_000,
    "\U0010ffff",
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    return write(tmp_path / "x.safetensors", dict.fromkeys(HOSTILE_NAMES, ("F32", (2,))))


def test_hostile_names_are_exact_in_json(hostile: Path, command: Command) -> None:
    result = command(hostile, "--json", "--by", "tensor")
    assert result.status == 0
    assert sorted(tensor["name"] for tensor in result.model["tensors"]) == sorted(HOSTILE_NAMES)
    assert result.model["parameters"] == 2 * len(HOSTILE_NAMES)
    assert result.out.isascii()


@pytest.mark.parametrize("by", ["category", "layer", "module", "tensor"])
@pytest.mark.parametrize("output", ["--print", "--csv", "--markdown"])
def test_hostile_names_are_escaped_wherever_people_read_them(
    output: str, by: str, hostile: Path, command: Command
) -> None:
    result = command(hostile, output, "--by", by)
    assert result.status == 0
    assert all(line.isprintable() for line in result.out.replace("\r\n", "\n").split("\n"))
    assert by in ("category", "module") or ("\\x1b[31m" in result.out.replace("\\\\", "\\").replace("\\[", "["))


def test_hostile_names_make_one_row_each_in_csv(hostile: Path, command: Command) -> None:
    rows = command(hostile, "--csv", "--by", "tensor").rows
    shown = {name: name if name.isprintable() else None for name in HOSTILE_NAMES}
    assert len(rows) == len(HOSTILE_NAMES)
    # A spreadsheet would run what begins like a formula, so an apostrophe stands before it.
    names = {f"'{name}" if name.startswith("=") else name for name in shown.values() if name is not None}
    assert {row["name"] for row in rows} >= names
    assert all(int(row["parameters"]) == 2 for row in rows)


def test_a_markdown_table_keeps_its_columns_with_hostile_names(hostile: Path, command: Command) -> None:
    lines = [line for line in command(hostile, "--markdown", "--by", "tensor").out.split("\n") if line.startswith("|")]
    assert len(lines) == 2 + len(HOSTILE_NAMES)
    assert len({line.replace("\\\\", "").replace("\\|", "").count("|") for line in lines}) == 1


@pytest.mark.parametrize("length", [123, 640, 31_520, 0x8B1F, 0x2020, 0x7B0A])
def test_a_header_length_that_looks_like_another_format_is_a_length(length: int, tmp_path: Path) -> None:
    head = header(TWO).rstrip().ljust(length)
    assert len(head) == length
    assert read(tmp_path, head, 32) == READ


@pytest.mark.parametrize("shift", [*range(0, 130, 13), 1, 2, 3])
@pytest.mark.parametrize("odd", [False, True])
def test_an_entry_across_the_border_of_two_pieces_is_read(shift: int, odd: bool, tmp_path: Path) -> None:
    start = '{"__metadata__":{"fill":"'
    middle = '"},'
    wanted = entries({"tensor": ("F32", (2, 3)), "läst": ("BF16", (5,))})
    rest = json.dumps(wanted, indent=2 if odd else None, separators=None if odd else (",", ":"), ensure_ascii=odd)
    fill = (1 << 20) - len(start) - len(middle) - shift
    assert read(tmp_path, start + "x" * fill + middle + rest[1:], 34) == {
        "tensor": ("F32", (2, 3), 24),
        "läst": ("BF16", (5,), 10),
    }


@pytest.mark.parametrize("shift", range(40))
@pytest.mark.parametrize(
    "split", ['"\\ud83d\\ude00":{"dtype"', '"x":{"new":false,"dtype"', '"x":{"new":-12.5e-10,"dtype"']
)
def test_an_escape_or_a_word_across_the_border_of_two_pieces_is_read(split: str, shift: int, tmp_path: Path) -> None:
    fill = '{"__metadata__":{"fill":"' + "x" * ((1 << 20) - shift - 28) + '"},'
    assert len(fill) == (1 << 20) - shift
    found = read(tmp_path, fill + split + ':"F32","shape":[2],"data_offsets":[0,8]}}', 8)
    assert list(found.values()) == [("F32", (2,), 8)]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_header_of_several_pieces_is_read_whole_and_in_order(indent: int | None, tmp_path: Path) -> None:
    tensors: Tensors = {f"model.layers.{n}.ﬁeld{'x' * (n % 61)}.weight": ("BF16", (n % 7, 3)) for n in range(25_000)}
    text = json.dumps(entries(tensors), indent=indent, ensure_ascii=False, separators=None if indent else (",", ":"))
    values = sum(6 * (n % 7) for n in range(25_000))
    assert len(text) > 2 << 20
    path = write_raw(tmp_path / "x.safetensors", text.encode(), values)
    assert [tensor.name for tensor in stored(path)] == list(tensors)
    assert sum(tensor.nbytes for tensor in stored(path)) == values


def test_a_header_of_126_megabytes_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    count, pad = 900_000, 126 << 20
    texts = (
        f'"model.layers.{n // 1000}.mlp.experts.{n % 1000}.down_proj.weight_packed_and_{n:07}":'
        f'{{"dtype":"BF16","shape":[16,2],"data_offsets":[{64 * n},{64 * n + 64}]}}'
        for n in range(count)
    )
    head = ("{" + ",".join(texts) + "}").encode().ljust(pad)
    assert len(head) == pad
    write_raw(path, head, 64 * count)
    del head, texts
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2)"
    result = run_process(path, "--json", before=limit, timeout=120)
    assert (result.status, result.err) == (0, "")
    assert result.model["parameters"] == 32 * count
    assert result.model["tensor_count"] == count
    assert result.model["bytes"] == 64 * count

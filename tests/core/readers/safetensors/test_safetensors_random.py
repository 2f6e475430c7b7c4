"""Random headers, good and spoilt, read by this reader and by the safetensors package: the two must agree.

Where they differ, and why:
- we refuse what the package lets pass silently: a tensor's name given twice, of which it keeps the last, since what is
  counted would not be what the file holds; space before the first brace, which the format's text forbids; a dtype
  written as an object, `{"F32": null}`, which is how its decoder was made and no one's spelling;
- we take what the package refuses and what cannot change a count: an empty tensor whose place lies inside another's
  values; headers of more than 100 MB, since there are models that have them;
- one entry, `__metadata__` too, may have 8 MiB, as more would take memory without a bound.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import safetensors
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.checkpoint.errors import CheckpointError
from tests.support.checkpoints import BITS, header, write_raw
from tests.support.counting import layouts, package_reads, stored

Layouts = dict[str, tuple[str, tuple[int, ...], int]]

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = TEXT.filter(lambda name: name != "__metadata__")
SHAPES = st.lists(st.integers(0, 5), max_size=4)
LAYOUTS = st.tuples(st.sampled_from(sorted(BITS)), SHAPES).filter(lambda layout: not _bits(*layout) % 8)
TENSORS = st.dictionaries(NAMES, LAYOUTS, max_size=8)
SPACE = st.text(" \t\n\r", max_size=3)


def _bits(dtype: str, shape: list[int]) -> int:
    bits = BITS[dtype]
    for n in shape:
        bits *= n
    return bits


def ours(path: Path) -> Layouts | CheckpointError:
    try:
        return layouts(stored(path))
    except CheckpointError as error:
        refusal = error
    assert refusal.sentence().isprintable()
    assert refusal.file == str(path)
    return refusal


def theirs(path: Path) -> Layouts | safetensors.SafetensorError:
    try:
        values = package_reads(path)
    except safetensors.SafetensorError as error:
        return error
    return {name: (value["dtype"], tuple(value["shape"]), len(value["data"])) for name, value in values}


@st.composite
def spelt(draw: st.DrawFn, tensors: dict[str, tuple[str, list[int]]]) -> tuple[str, int]:
    """A header of tensors with whatever freedom JSON and the format give, and the bytes of their values."""

    def text(value: str) -> str:
        if draw(st.booleans()):
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        units = value.encode("utf-16-be")
        return '"' + "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2)) + '"'

    def joined(start: str, parts: list[str], end: str) -> str:
        return start + draw(SPACE) + (draw(SPACE) + "," + draw(SPACE)).join(parts) + draw(SPACE) + end

    def pair(key: str, value: str) -> str:
        return text(key) + draw(SPACE) + ":" + draw(SPACE) + value

    end = 0
    parts = []
    for name in draw(st.permutations(list(tensors))):
        dtype, shape = tensors[name]
        begin, end = end, end + _bits(dtype, shape) // 8
        fields = [
            pair("dtype", text(dtype)),
            pair("shape", joined("[", list(map(str, shape)), "]")),
            pair("data_offsets", joined("[", [str(begin), str(end)], "]")),
        ]
        if draw(st.booleans()):
            fields.append(pair("extra", draw(st.sampled_from(["null", "1.5", '{"a": [true, {}]}', '"}],{"']))))
        parts.append(pair(name, joined("{", draw(st.permutations(fields)), "}")))
    if draw(st.booleans()):
        metadata = draw(st.dictionaries(TEXT, TEXT, max_size=3))
        parts.append(
            pair("__metadata__", joined("{", [pair(key, text(value)) for key, value in metadata.items()], "}"))
        )
    return joined("{", draw(st.permutations(parts)), "}") + draw(SPACE), end


@settings(
    max_examples=250,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data(), tensors=TENSORS)
def test_any_spelling_of_a_header_reads_as_json_and_the_safetensors_package_read_it(
    data: st.DataObject, tensors: dict[str, tuple[str, list[int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, values = data.draw(spelt(tensors))
    path = write_raw(tmp_path_factory.getbasetemp() / "spelt.safetensors", text.encode(), values)
    expected = {name: (dtype, tuple(shape), _bits(dtype, shape) // 8) for name, (dtype, shape) in tensors.items()}
    assert ours(path) == expected
    assert theirs(path) == expected
    assert {name for name in json.loads(text) if name != "__metadata__"} == set(expected)


def excused(path: Path, mine: Layouts | CheckpointError, other: Layouts | safetensors.SafetensorError) -> bool:
    """Whether a difference is one of those that the top of this file explains."""
    if isinstance(mine, CheckpointError):
        stricter = ("this name twice", "byte 8: the header is not a JSON object")
        object_for_dtype = b'"dtype":{' in path.read_bytes() and "its dtype is not a text" in mine.sentence()
        return object_for_dtype or any(reason in mine.sentence() for reason in stricter)
    return "invalid offset" in str(other) and any(nbytes == 0 for _, _, nbytes in mine.values())


def assert_agreement(path: Path) -> None:
    mine, other = ours(path), theirs(path)
    if isinstance(mine, dict) and isinstance(other, dict):
        assert mine == other
    elif isinstance(mine, dict) != isinstance(other, dict):
        assert excused(path, mine, other), (path.read_bytes(), mine, other)


SAMPLE = header(
    {
        "transformer.wte.weight": ("F32", (5, 3)),
        "h.0.attn.bias": ("F16", (1, 1, 4, 4)),
        "empty": ("BF16", (0, 7)),
        "scalar": ("F64", ()),
        "läyer\n": ("F8_E4M3", (2, 2)),
    },
    {"format": "pt"},
)
SAMPLE_VALUES = 60 + 32 + 0 + 8 + 4
PIECES = [
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b" ", b"\\", b"\\u0041", b"\0", b"\xff", b"-", b"0", b"1", b"9"),
    *(b".5", b"e1", b"null", b"true", b"NaN", b"[]", b"{}", b'"a":1,', b'"dtype":"F32",', b'"shape":[2],', b"\n"),
    *(b'"__metadata__":{},', b'"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]},', b"18446744073709551616", b"\xc3"),
]


def spoilt(choice: random.Random) -> bytes:
    """The sample with one to three small changes."""
    head = bytearray(SAMPLE.rstrip())
    for _ in range(choice.randint(1, 3)):
        start = choice.randrange(len(head) + 1)
        stop = min(len(head), start + choice.choice((0, 0, 1, 1, 1, 2, 5, 30)))
        other = choice.randrange(len(head))
        head[start:stop] = choice.choice((choice.choice(PIECES), b"", bytes(head[other : other + 20])))
    return bytes(head)


@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_header_is_read_as_the_safetensors_package_does_or_refused(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    path = tmp_path / "x.safetensors"
    for _ in range(400):
        assert_agreement(write_raw(path, spoilt(choice), SAMPLE_VALUES))


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_and_cuts_give_a_right_answer_or_a_refusal(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    whole = write_raw(tmp_path / "whole.safetensors", SAMPLE, SAMPLE_VALUES).read_bytes()
    path = tmp_path / "x.safetensors"
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(choice.randint(1, 4)):
            content[choice.randrange(8 + len(SAMPLE))] = choice.randrange(256)
        path.write_bytes(bytes(content[: choice.choice((len(content), choice.randrange(len(content))))]))
        assert_agreement(path)


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_refusal_where_the_safetensors_package_refuses(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.safetensors"
    path.write_bytes(content)
    assert_agreement(path)


NUMBERS = ("0", "1", "2", "8", "-1", "-0", "1.0", "true", "null", '"1"', "[]", "4294967296", "9" * 25, "007")


@pytest.mark.parametrize("seed", range(4))
def test_any_numbers_in_shape_and_offsets_are_judged_as_the_safetensors_package_does(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    path = tmp_path / "x.safetensors"
    for _ in range(400):
        shape = ",".join(choice.choices(NUMBERS[:4] if choice.random() < 0.7 else NUMBERS, k=choice.randint(0, 3)))
        offsets = ",".join(choice.choices(NUMBERS, k=choice.choice((2, 2, 2, 1, 3))))
        if choice.random() < 0.5:
            offsets = "0," + choice.choice(("0", "4", "8", "32"))
        text = f'{{"a":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{offsets}]}}}}'
        assert_agreement(write_raw(path, text.encode(), choice.choice((0, 4, 8, 32))))


def test_a_header_over_100_megabytes_is_read_though_the_safetensors_package_refuses_it(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", header({"a": ("F32", (2,))}) + b" " * 100_000_001, 8)
    assert ours(path) == {"a": ("F32", (2,), 8)}
    with pytest.raises(safetensors.SafetensorError, match="large"):
        package_reads(path)

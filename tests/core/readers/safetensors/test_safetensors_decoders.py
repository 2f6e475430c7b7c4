"""Both decoders of a header's entries, the standard library's and msgspec, judge as the safetensors package does."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from itertools import product
from pathlib import Path

import pytest
import safetensors

from core.checkpoint.errors import CheckpointError
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from core.readers.safetensors import column_decoder
from tests.core.readers.safetensors.test_safetensors_random import SAMPLE, SAMPLE_VALUES, assert_agreement, spoilt
from tests.support.checkpoints import Tensors, entries, header, write_raw
from tests.support.counting import package_reads, stored

TWO: Tensors = {"a": ("F32", (2, 3)), "b": ("F16", (4,))}
PAIR = '"dtype":"F32","shape":[2],"data_offsets":[0,8]'


@pytest.fixture(params=["standard library", "msgspec"], autouse=True)
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_decoder, "_SMALL_BYTES", 0 if request.param == "msgspec" else 1 << 30)


def with_extra(value: str) -> str:
    return f'{{"a":{{"x":{value},{PAIR}}}}}'


REFUSED = {
    "dtype twice": f'{{"a":{{"dtype":"F32",{PAIR}}}}}',
    "shape twice": f'{{"a":{{{PAIR},"shape":[2]}}}}',
    "key twice, once escaped": f'{{"a":{{"\\u0064type":"F32",{PAIR}}}}}',
    "dimension -1": '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}',
    "dimension -0": '{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}',
    "offset -0": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[-0,8]}}',
    "offset -0 behind space": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[ -0,8]}}',
    "dimension beyond 64 bits": '{"a":{"dtype":"F32","shape":[18446744073709551616,0],"data_offsets":[0,0]}}',
    "dimension 2.0": '{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}',
    "depth 200": with_extra("[" * 200 + "]" * 200),
    "depth 128": with_extra("[" * 126 + "]" * 126),
    "1e400": with_extra("1e400"),
    "400 digits": with_extra("1" * 400),
    "half surrogate passed over": with_extra('"\\ud800"'),
    "half surrogate in metadata": f'{{"__metadata__":{{"x":"\\ud800"}},"a":{{{PAIR}}}}}',
}
ACCEPTED = {
    "array for an entry": '{"a":["F32",[2],[0,8]]}',
    "metadata null": f'{{"__metadata__":null,"a":{{{PAIR}}}}}',
    "metadata with an escaped name": f'{{"\\u005f_metadata__":{{"x":"y"}},"a":{{{PAIR}}}}}',
    "metadata last": f'{{"a":{{{PAIR}}},"__metadata__":{{"x":"y"}}}}',
    "depth 127": with_extra("[" * 125 + "]" * 125),
    "0e400": with_extra("0e400"),
    "unknown key twice": f'{{"a":{{"x":1,"x":2,{PAIR}}}}}',
    "colons in a name": f'{{"a::b:0":{{{PAIR}}}}}',
    "-0 in a name": f'{{"a-0 -0":{{{PAIR}}}}}',
    "escaped key": '{"a":{"\\u0064type":"F\\u00332","shape":[2],"data_offsets":[0,8]}}',
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_the_package_refuses_is_refused(case: str, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", REFUSED[case].encode(), 8 if '"shape":[2' in REFUSED[case] else 0)
    with pytest.raises(safetensors.SafetensorError):
        package_reads(path)
    with pytest.raises(CheckpointError):
        stored(path)


def test_bad_utf8_in_a_value_passed_over_is_refused(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", with_extra('"?"').encode().replace(b"?", b"\xff"), 8)
    with pytest.raises(CheckpointError, match="not UTF-8"):
        stored(path)


@pytest.mark.parametrize("case", list(ACCEPTED))
def test_what_the_package_accepts_is_read(case: str, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", ACCEPTED[case].encode(), 8)
    assert [name for name, _ in package_reads(path)] == [tensor.name for tensor in stored(path)]
    assert_agreement(path)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_header_is_judged_as_by_the_package(seed: int, tmp_path: Path) -> None:
    choice = random.Random(1000 + seed)
    for _ in range(200):
        assert_agreement(write_raw(tmp_path / "x.safetensors", spoilt(choice), SAMPLE_VALUES))


@pytest.mark.parametrize("text", [SAMPLE.decode(), json.dumps(dict(reversed(list(entries(TWO).items()))))])
def test_the_place_of_each_tensors_values_is_told(text: str, tmp_path: Path) -> None:
    head = text.encode()
    path = write_raw(tmp_path / "x.safetensors", head, SAMPLE_VALUES if head == SAMPLE else 32)
    expected = {
        name: 8 + len(head) + entry["data_offsets"][0]
        for name, entry in json.loads(text).items()
        if name != "__metadata__"
    }
    found: dict[str, int] = {}
    for batch, _ in open_reader(Location("x", str(path))).batches():
        found.update(zip(batch.names, batch.starts or ()))
    assert found == expected


HOSTILE = {
    "entries that never end": b"{" + b'"":{"dtype":"' * 80_000,
    "small objects in an entry": with_extra("{" + ",".join(['"":{"dtype":""}'] * 60_000) + "}").encode(),
    "keys twice": b'{"a":{' + b'"dtype":"F32",' * 80_000 + PAIR.encode() + b"}}",
    "quotes": b"{" + b'"' * 1_000_000,
    "braces and commas": b'{"a":"' + b"}," * 500_000,
    "shapes of one hash": json.dumps(
        {
            f"layers.{number}.weight": {"dtype": "F32", "shape": [0, *same_hash], "data_offsets": [0, 0]}
            for number, same_hash in enumerate(
                product([5 + turns * sys.hash_info.modulus for turns in range(8)], repeat=4)
            )
        }
    ).encode(),
}


@pytest.mark.parametrize("case", list(HOSTILE))
def test_a_hostile_megabyte_takes_seconds_at_most(case: str, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", HOSTILE[case], 8)
    begin = time.process_time()
    with contextlib.suppress(CheckpointError):
        assert len(stored(path)) == 1
    assert time.process_time() - begin < 5


def test_a_name_given_twice_is_seen(tmp_path: Path) -> None:
    empty = '"dtype":"F32","shape":[0],"data_offsets":[0,0]'
    path = write_raw(tmp_path / "x.safetensors", f'{{"a":{{{empty}}},"\\u0061":{{{empty}}}}}'.encode())
    with pytest.raises(CheckpointError, match="this name twice"):
        stored(path)


def test_good_headers_are_read_alike(tmp_path: Path) -> None:
    assert_agreement(write_raw(tmp_path / "x.safetensors", header(TWO), 32))


@pytest.mark.parametrize("values", [340_000, 4_000_000])
def test_an_entry_longer_than_any_tensors_is_refused_by_its_length(values: int, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "x.safetensors", with_extra("[" + "[]," * values + "[]]").encode(), 8)
    if values < 1_000_000:
        assert len(stored(path)) == 1
    else:
        with pytest.raises(CheckpointError, match="longer than 2 MiB"):
            stored(path)

"""Where the values of GGUF files lie: what is read there must be what the gguf package reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy
import pytest

from tests.support.values import bytes_at, places

TENSORS: dict[str, numpy.ndarray[Any, Any]] = {
    "token_embd.weight": numpy.arange(64 * 6, dtype=numpy.float32).reshape(6, 64),
    "blk.0.attn_q.weight": numpy.linspace(-3, 3, 64 * 4, dtype=numpy.float16).reshape(4, 64),
    "output_norm.weight": numpy.arange(7, dtype=numpy.float32),
}


def write(path: Path, order: gguf.GGUFEndian, split: int = 0, alignment: int = 32) -> None:
    writer = gguf.GGUFWriter(path, "llama", endianess=order, split_max_tensors=split)
    writer.add_custom_alignment(alignment)
    for name, values in TENSORS.items():
        writer.add_tensor(name, values)
    if order == gguf.GGUFEndian.LITTLE:
        blocks = gguf.quants.quantize(TENSORS["token_embd.weight"], gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor("blk.0.ffn_up.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check(folder: Path, path: Path) -> None:
    """Compares what lies at each place with what the package finds in the files of a folder."""
    found = places(path)
    expected = {
        tensor.name: tensor.data.tobytes()
        for file in sorted(folder.glob("*.gguf"))
        for tensor in gguf.GGUFReader(file).tensors
    }
    assert set(found) == set(expected)
    for name, place in found.items():
        assert place is not None
        assert place.strides is None
        assert bytes_at(folder, place) == expected[name], name


@pytest.mark.parametrize("alignment", [32, 64])
def test_values_lie_where_the_package_reads_them(alignment: int, tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    write(path, gguf.GGUFEndian.LITTLE, alignment=alignment)
    check(tmp_path, path)
    assert {place.byte_order for place in places(path).values() if place} == {"little"}


def test_a_big_endian_file_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    write(path, gguf.GGUFEndian.BIG)
    check(tmp_path, path)
    found = places(path)
    assert {place.byte_order for place in found.values() if place} == {"big"}
    place = found["output_norm.weight"]
    assert place is not None
    values = numpy.frombuffer(bytes_at(tmp_path, place), dtype=">f4")
    assert values.tolist() == TENSORS["output_norm.weight"].tolist()


def test_each_part_of_a_split_model_holds_its_own(tmp_path: Path) -> None:
    write(tmp_path / "x.gguf", gguf.GGUFEndian.LITTLE, split=2)
    assert len(list(tmp_path.glob("*.gguf"))) == 2
    check(tmp_path, tmp_path)
    assert len({place.file for place in places(tmp_path).values() if place}) == 2

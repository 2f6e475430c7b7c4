"""Where the values of PyTorch files lie: what is read there must be what torch reads."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.values import places, values


def views() -> dict[str, torch.Tensor]:
    """One storage seen in many ways, and others beside it."""
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "whole": whole,
        "shared": whole,
        "transposed": whole.t(),
        "rows": whole[1:3],
        "columns": whole[:, 1:4],
        "every_second": whole[::2, ::3],
        "expanded": whole[:1].expand(5, 6),
        "broadcast": whole[2, 3].expand(3, 2),
        "scalar": whole[3, 5],
        "bytes": torch.arange(40, dtype=torch.uint8).reshape(4, 10)[:, 2:9],
        "half": torch.randn(3, 5).bfloat16(),
        "flags": torch.tensor([True, False, True]),
        "long": torch.tensor([[1, -2], [3, 1 << 40]]),
        "complex": torch.randn(3, dtype=torch.complex64),
        "parameter": torch.nn.Parameter(torch.randn(2, 2)),
        "single": torch.randn(1, 1, 7).transpose(0, 2),
    }


def check(path: Path, expected: Mapping[str, torch.Tensor]) -> None:
    found = places(path)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        place = found[name]
        assert place is not None, name
        assert place.shape == tuple(tensor.shape)
        assert torch.equal(values(path.parent, place), tensor), name


def rewritten(path: Path, change: Callable[[str, bytes], bytes], compression: int) -> None:
    """Writes a zip archive anew, as other programs than torch do, without torch's alignment."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, change(name, content))


@pytest.mark.parametrize("zipped", [True, False])
def test_views_are_read_as_torch_reads_them(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "views.pt"
    torch.save(views(), path, _use_new_zipfile_serialization=zipped)
    check(path, torch.load(path))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_that_was_packed_anew_is_read_from_its_members(compression: int, tmp_path: Path) -> None:
    path = tmp_path / "views.pt"
    expected = views()
    torch.save(expected, path)
    rewritten(path, lambda _, content: content, compression)
    check(path, expected)
    deflated = compression == zipfile.ZIP_DEFLATED
    assert {place.compression for place in places(path).values() if place} == {"deflate" if deflated else None}


def test_numbers_of_the_other_byte_order_are_told(tmp_path: Path) -> None:
    expected = {"a": torch.randn(3, 4), "b": torch.randn(3, 4).t(), "c": torch.arange(5, dtype=torch.int32)}
    path = tmp_path / "big.pt"
    torch.save(expected, path)

    def swapped(name: str, content: bytes) -> bytes:
        if name.endswith("byteorder"):
            return b"big"
        if "/data/" not in name:
            return content
        return torch.frombuffer(bytearray(content), dtype=torch.uint8).view(-1, 4).flip(1).numpy().tobytes()

    rewritten(path, swapped, zipfile.ZIP_STORED)
    assert {place.byte_order for place in places(path).values() if place} == {"big"}
    check(path, expected)


def test_what_has_no_values_of_its_own_has_no_place(tmp_path: Path) -> None:
    state = {
        "meta": torch.empty(2, 3, device="meta"),
        "empty": torch.empty(0, 3),
        "conjugate": torch.randn(2, dtype=torch.complex64).conj(),
        "sparse": torch.eye(3).to_sparse(),
        "weight": torch.ones(2),
    }
    torch.save(state, tmp_path / "x.pt")
    found = places(tmp_path / "x.pt")
    assert [name for name, place in found.items() if place] == ["weight"]


def test_each_shard_is_named_as_its_folder_opens_it(tmp_path: Path) -> None:
    for number in (1, 2):
        path = tmp_path / f"pytorch_model-0000{number}-of-00002.bin"
        torch.save({f"{number}.weight": torch.full((2, 2), float(number))}, path)
    found = places(tmp_path)
    assert [place.file for place in found.values() if place] == [path.name for path in sorted(tmp_path.iterdir())]
    for number, place in enumerate(found.values(), 1):
        assert place is not None
        assert torch.equal(values(tmp_path, place), torch.full((2, 2), float(number)))


@st.composite
def a_view(draw: st.DrawFn) -> torch.Tensor:
    """A tensor cut, turned and stretched at random."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    dtype = draw(st.sampled_from([torch.float32, torch.float16, torch.int64, torch.uint8]))
    view = torch.arange(torch.Size(shape).numel()).to(dtype).reshape(shape)
    for dimension in range(view.dim()):
        first = draw(st.integers(0, view.shape[dimension] - 1))
        step = draw(st.integers(1, 3))
        view = view[(slice(None),) * dimension + (slice(first, None, step),)]
    view = view.permute(draw(st.permutations(range(view.dim()))))
    return view.expand(draw(st.integers(1, 3)), *view.shape) if draw(st.booleans()) else view


@given(views=st.lists(a_view(), min_size=1, max_size=4), zipped=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_view_is_read_from_its_place(
    views: list[torch.Tensor], zipped: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("views") / "x.pt"
    state = {f"{number}.weight": view for number, view in enumerate(views)}
    made = io.BytesIO()
    torch.save(state, made, _use_new_zipfile_serialization=zipped)
    path.write_bytes(made.getvalue())
    check(path, state)

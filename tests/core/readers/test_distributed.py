"""Folders of torch.distributed.checkpoint, as torch saves them and as several ranks leave them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict, get_state_dict
from torch.distributed.checkpoint.state_dict_saver import save

from core.checkpoint.errors import CheckpointError
from tests.support.command import Command
from tests.support.counting import counted, layouts, stored
from tests.support.pickles import expect_bounded, text
from tests.support.torch_reference import layouts_of
from tests.support.values import places, values

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is")


def module() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.LayerNorm(16))


def trained() -> tuple[dict[str, Any], dict[str, Any]]:
    model = module()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.zeros(1, 8)).sum().backward()
    optimizer.step()
    return dict(model.state_dict()), dict(optimizer.state_dict())


def test_a_saved_folder_is_read_as_it_was_saved(tmp_path: Path) -> None:
    state = module().state_dict()
    state["half.weight"] = torch.zeros(3, 5, dtype=torch.bfloat16)
    state["scale"] = torch.tensor(1.5)
    state["none.weight"] = torch.zeros(0, 4)
    save(dict(state), checkpoint_id=tmp_path / "step-1")
    expected = layouts_of(state)
    assert layouts(stored(tmp_path / "step-1")) == expected
    assert layouts(stored(tmp_path / "step-1" / ".metadata")) == expected
    assert layouts(stored(tmp_path / "step-1" / "__0_0.distcp")) == expected


def test_an_optimizers_entries_are_told_apart(tmp_path: Path, command: Command) -> None:
    model, optimizer = trained()
    save({"model": model, "optim": optimizer, "step": 3, "rng": torch.zeros(7)}, checkpoint_id=tmp_path)
    result = command(tmp_path, "--json").model
    parameters = 8 * 16 + 3 * 16
    assert (result["format"], result["parameters"], result["tensor_count"]) == ("distributed", parameters, 4)
    assert result["not_counted"]["optimizer"]["elements"] == 2 * parameters + 4 + 7
    assert any(note.startswith("not counted: optim (") for note in result["notes"])
    names = {tensor.name for tensor in stored(tmp_path)}
    assert names == {"model.0.weight", "model.0.bias", "model.1.weight", "model.1.bias"}


def test_an_average_alone_is_the_model(tmp_path: Path, command: Command) -> None:
    model, optimizer = trained()
    save({"ema_model": model, "optim": optimizer}, checkpoint_id=tmp_path)
    result = command(tmp_path, "--json").model
    assert result["parameters"] == sum(tensor.numel() for tensor in module().parameters())
    assert [note[:20] for note in result["notes"]] == ["not counted: optim ("]


def test_a_module_that_sounds_like_an_average_is_counted(tmp_path: Path, command: Command) -> None:
    save({"ema_gate.weight": torch.zeros(3, 4), "mixer.weight": torch.zeros(5, 4)}, checkpoint_id=tmp_path)
    assert command(tmp_path, "--json").model["parameters"] == 32


def test_an_optimizer_alone_is_no_model(tmp_path: Path, command: Command) -> None:
    _, optimizer = trained()
    save({"optimizer": optimizer}, checkpoint_id=tmp_path)
    assert f"{tmp_path}: no model in it, only what lies beside one: optimizer (" in command(tmp_path).complaint


@pytest.mark.parametrize("layout", ["an app", "flat", "flat in an app", "its own key"])
def test_an_optimizers_entries_are_told_apart_wherever_they_lie(tmp_path: Path, command: Command, layout: str) -> None:
    network = module()
    adam = torch.optim.AdamW(network.parameters())
    network(torch.zeros(1, 8)).sum().backward()
    adam.step()
    model, optimizer = get_state_dict(network, adam)
    flat = get_optimizer_state_dict(network, adam, options=StateDictOptions(flatten_optimizer_state_dict=True))
    state, part = {
        "an app": ({"app": {"model": model, "optim": optimizer}}, "app.optim"),
        "flat": ({**model, **flat}, "state"),
        "flat in an app": ({"app": {"model": model, "o": flat}}, "app.o.state"),
        "its own key": ({"model": model, "adam": optimizer}, "adam.state"),
    }[layout]
    save(state, checkpoint_id=tmp_path)
    result = command(tmp_path, "--json").model
    parameters = 8 * 16 + 3 * 16
    assert (result["parameters"], result["not_counted"]["optimizer"]["elements"]) == (parameters, 2 * parameters + 4)
    assert any(note.startswith(f"not counted: {part} (") for note in result["notes"])


def test_a_model_under_a_key_called_state_is_counted(tmp_path: Path) -> None:
    names = {"state": {"0.weight": torch.zeros(4, 2), "state.weight": torch.zeros(3)}}
    save({**names, "optimizer": {"x": torch.zeros(5)}}, checkpoint_id=tmp_path)
    assert counted(tmp_path).totals.parameters == 11


Chunks = list[tuple[tuple[int, ...], tuple[int, ...]]]


def write_ranks(folder: Path, tensors: Mapping[str, tuple[tuple[int, ...], Chunks]], cut: int = 0) -> Path:
    """A folder as several ranks write it: one file for each, and every tensor's chunks dealt out to them in turn."""
    folder.mkdir(exist_ok=True)
    saved: dict[str, Any] = {}
    places = {}
    ends: dict[str, int] = {}
    for name, (shape, chunks) in tensors.items():
        for rank, (offsets, sizes) in enumerate(chunks):
            file = f"__{rank}_0.distcp"
            length = 4 * int(torch.Size(sizes).numel()) + 500
            index = MetadataIndex(name, torch.Size(offsets), rank)
            places[index] = _StorageInfo(file, ends.get(file, 0), length)
            ends[file] = ends.get(file, 0) + length
        parts = [ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)) for offsets, sizes in chunks]
        saved[name] = TensorStorageMetadata(TensorProperties(torch.float32), torch.Size(shape), parts)
    for file, end in ends.items():
        (folder / file).touch()
        os.truncate(folder / file, end - cut)
    (folder / ".metadata").write_bytes(pickle.dumps(Metadata(saved, None, places)))
    return folder


def rows(count: int, width: int, ranks: int) -> tuple[tuple[int, ...], Chunks]:
    """A matrix cut into rows, as FSDP does, the last part shorter."""
    size = -(-count // ranks)
    return (count, width), [((begin, 0), (min(size, count - begin), width)) for begin in range(0, count, size)]


def test_the_chunks_of_several_ranks_are_whole_tensors(tmp_path: Path) -> None:
    tensors: dict[str, tuple[tuple[int, ...], Chunks]] = {
        "wte.weight": rows(50, 8, 4),
        "h.0.attn.c_proj.weight": ((8, 6), [(begin, (4, 3)) for begin in ((0, 0), (0, 3), (4, 0), (4, 3))]),
        "ln_f.bias": ((8,), [((0,), (8,))]),
    }
    folder = write_ranks(tmp_path / "a", tensors)
    assert layouts(stored(folder)) == {
        "wte.weight": ("F32", (50, 8), 1600),
        "h.0.attn.c_proj.weight": ("F32", (8, 6), 192),
        "ln_f.bias": ("F32", (8,), 32),
    }
    assert counted(folder).totals.parameters == 400 + 48 + 8


FAULTS: dict[str, tuple[tuple[tuple[int, ...], Chunks], str]] = {
    "a chunk is missing": (((8, 2), [((0, 0), (4, 2))]), "its chunks hold 8 of its 16 elements"),
    "a chunk twice": (((4, 2), [((0, 0), (4, 2)), ((0, 0), (4, 2))]), "its chunks hold 16 of its 8 elements"),
    "a chunk beyond it": (((4, 2), [((2, 0), (4, 2))]), "one of its chunks reaches beyond it"),
    "other dimensions": (((4, 2), [((0,), (8,))]), "one of its chunks has other dimensions than itself"),
}


@pytest.mark.parametrize("case", list(FAULTS))
def test_chunks_that_do_not_make_up_their_tensor_are_a_fault(case: str, tmp_path: Path, command: Command) -> None:
    layout, expected = FAULTS[case]
    complaint = command(write_ranks(tmp_path / "a", {"w.weight": layout})).complaint
    assert f".metadata, tensor w.weight: {expected}" in complaint


def test_a_file_that_is_missing_or_cut_off_is_named(tmp_path: Path, command: Command) -> None:
    folder = write_ranks(tmp_path / "a", {"w.weight": rows(50, 8, 4)}, cut=1)
    assert "__0_0.distcp: its values should end at byte 916 and the file has 915" in command(folder).complaint
    (folder / "__2_0.distcp").unlink()
    os.truncate(folder / "__0_0.distcp", 916)
    os.truncate(folder / "__1_0.distcp", 916)
    assert "__2_0.distcp: missing, .metadata names it" in command(folder).complaint


def test_a_folder_without_its_metadata_is_told(tmp_path: Path, command: Command) -> None:
    folder = write_ranks(tmp_path / "a", {"w.weight": rows(50, 8, 2)})
    (folder / ".metadata").unlink()
    assert "the .metadata of this distributed checkpoint is missing" in command(folder).complaint


def test_a_folder_above_distributed_ones_names_them(tmp_path: Path, command: Command) -> None:
    write_ranks(tmp_path / "step-100", {"w.weight": rows(5, 2, 1)})
    assert "name one of its folders: step-100" in command(tmp_path).complaint


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch canary",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pickle.dumps(Evil()), "it calls posix.system, which no checkpoint needs; it was not run"),
        (pickle.dumps({"a": 1}), "it holds no metadata of torch.distributed.checkpoint"),
        (pickle.dumps(Metadata({}, None, None)), "it does not say where the values lie"),
        (b"", "the pickle ends too soon"),
        (b"hello", "the pickle is damaged"),
    ],
)
def test_metadata_that_is_none_is_refused(
    content: bytes, expected: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("a/.metadata").write_bytes(content)
    result = command("./a", "--print")
    assert result.status == 1
    assert expected in result.complaint
    assert not Path("canary").exists()


def test_a_file_outside_the_folder_is_not_looked_at(tmp_path: Path, command: Command) -> None:
    folder = write_ranks(tmp_path / "a", {"w.weight": rows(5, 2, 1)})
    metadata = (folder / ".metadata").read_bytes()
    (folder / ".metadata").write_bytes(metadata.replace(b"__0_0.distcp", b"../../passwd"))
    assert "it names a file outside its folder" in command(folder).complaint


@settings(max_examples=300)
@given(place=st.floats(0, 1), byte=st.integers(0, 255), drop=st.integers(0, 9))
def test_damaged_metadata_is_read_or_refused(
    place: float, byte: int, drop: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_ranks(
        tmp_path_factory.getbasetemp() / "damaged", {"w.weight": rows(50, 8, 4), "b": ((), [((), ())])}
    )
    data = bytearray((folder / ".metadata").read_bytes())
    at = int(place * (len(data) - 1))
    data[at : at + drop] = bytes((byte,))
    (folder / ".metadata").write_bytes(data)
    try:
        sentence = str(counted(folder).totals.parameters)
    except CheckpointError as error:
        sentence = error.sentence()
    assert sentence.isprintable()


def test_chunks_repeated_by_many_tensors_end(tmp_path: Path) -> None:
    module = b"ctorch.distributed.checkpoint.metadata\n"
    nothing = text(b"size") + b"ctorch\nSize\n(K\0K\3t\x85R"
    chunk = module + b"ChunkStorageMetadata\n)\x81}(" + text(b"offsets") + b"(K\0K\0t" + text(b"sizes") + b"(K\0K\3tub"
    kind = text(b"properties") + module + b"TensorProperties\n)\x81(ctorch\nfloat32\ntb"
    tensor = module + b"TensorStorageMetadata\n)\x81}(" + nothing + kind + text(b"chunks") + b"h\1ub"
    tensors = b"}(" + b"".join(text(b"%d.weight" % number) + tensor for number in range(3000)) + b"u"
    made = chunk + b"q\0" + b"0](" + b"h\0" * 300_000 + b"eq\1" + b"0"
    made += module + b"Metadata\n)\x81}(" + text(b"state_dict_metadata") + tensors + b"ub."
    (tmp_path / ".metadata").write_bytes(b"\x80\x02" + made)
    assert "there are more than 500,000 chunks" in expect_bounded(tmp_path)


def test_values_lie_where_torch_wrote_them(tmp_path: Path) -> None:
    state = module().state_dict()
    state["half.weight"] = torch.randn(3, 5, dtype=torch.bfloat16)
    state["scale"] = torch.tensor(1.5)
    state["turned.weight"] = torch.randn(4, 6).t()
    save(dict(state), checkpoint_id=tmp_path)
    found = places(tmp_path)
    for name, tensor in state.items():
        place = found[name]
        assert place is not None
        assert torch.equal(values(tmp_path, place), tensor), name


def chunked(folder: Path, whole: torch.Tensor, told: int) -> None:
    """A tensor as four ranks write it, two files of two chunks each, of which the metadata places so many."""
    chunks = [(row, column) for row in (0, 2) for column in (0, 3)]
    stored = {}
    for number, (row, column) in enumerate(chunks):
        path = folder / f"__{number // 2}_0.distcp"
        start = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            torch.save(whole[row : row + 2, column : column + 3].clone(), file)
        index = MetadataIndex("a.weight", torch.Size((row, column)), number)
        if number < told:
            stored[index] = _StorageInfo(path.name, start, path.stat().st_size - start)
    extents = [ChunkStorageMetadata(torch.Size(chunk), torch.Size((2, 3))) for chunk in chunks]
    record = TensorStorageMetadata(TensorProperties(whole.dtype), whole.shape, extents)
    metadata = Metadata({"a.weight": record}, None, stored)
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))


def test_chunks_are_told_with_the_bytes_that_hold_them(tmp_path: Path) -> None:
    whole = torch.randn(4, 6)
    chunked(tmp_path, whole, 4)
    place = places(tmp_path)["a.weight"]
    assert place is not None
    assert place.chunks is not None
    assert [(chunk.offsets, chunk.shape, chunk.file) for chunk in place.chunks] == [
        ((0, 0), (2, 3), "__0_0.distcp"),
        ((0, 3), (2, 3), "__0_0.distcp"),
        ((2, 0), (2, 3), "__1_0.distcp"),
        ((2, 3), (2, 3), "__1_0.distcp"),
    ]
    assert torch.equal(values(tmp_path, place), whole)


def test_a_tensor_of_which_a_chunk_lies_nowhere_has_no_place(tmp_path: Path) -> None:
    chunked(tmp_path, torch.randn(4, 6), 3)
    assert places(tmp_path) == {"a.weight": None}

"""Files that are damaged, or are something else than their name says: one sentence each."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.errors import CheckpointError
from tests.support.command import Command, complaint_of
from tests.support.counting import counted
from tests.support.pickles import archive, expect_bounded, legacy, text
from tests.support.torch_reference import REFUSED_HERE_ALONE, expect_agreement


def good(tmp_path: Path, legacy_form: bool = False) -> bytes:
    path = tmp_path / "good.pt"
    state = {"a.weight": torch.zeros(3, 4), "b.weight": torch.zeros(5), "c.bias": torch.zeros(2, dtype=torch.int64)}
    torch.save({"state_dict": state, "epoch": 3}, path, _use_new_zipfile_serialization=not legacy_form)
    return path.read_bytes()


def said_of(command: Command, path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return complaint_of(command, path)


@pytest.mark.parametrize("legacy_form", [False, True])
def test_every_cut_of_a_good_file_is_refused(legacy_form: bool, tmp_path: Path) -> None:
    whole = good(tmp_path, legacy_form)
    path = tmp_path / "cut.pt"
    for length in [*range(0, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            counted(path)


def test_a_cut_archive_says_so(tmp_path: Path, command: Command) -> None:
    whole = good(tmp_path)
    assert "it is cut off: the directory" in said_of(command, tmp_path / "a.pt", whole[: len(whole) // 2]).replace(
        "its zip archive is cut off", "it is cut off"
    )


def test_a_cut_legacy_file_says_how_long_it_should_be(tmp_path: Path, command: Command) -> None:
    whole = good(tmp_path, True)
    expected = f"its storages should end at byte {len(whole):,} and the file has {len(whole) - 1:,}: it is cut off"
    assert expected in said_of(command, tmp_path / "a.pt", whole[:-1])


def changed(tmp_path: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> bytes:
    """A good archive written anew, each member through a function of name and content."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good(tmp_path))) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            for new_name, content in change(name, source.read(name)):
                target.writestr(new_name, content)
    return made.getvalue()


def test_a_storage_that_is_missing_or_short_is_named(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a.pt"
    missing = changed(tmp_path, lambda name, data: [] if name.endswith("data/1") else [(name, data)])
    assert "storage 1: this storage is not in the file" in said_of(command, path, missing)
    short = changed(tmp_path, lambda name, data: [(name, data[:19] if name.endswith("data/1") else data)])
    assert "storage 1: this storage has 19 bytes where its tensors need 20" in said_of(command, path, short)


def also(outside: str) -> Callable[[str, bytes], list[tuple[str, bytes]]]:
    return lambda name, data: [(name, data), (f"{outside}{name[-3:]}", b"")]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_no_honest_program_writes_are_refused(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a.pt"
    twice = changed(tmp_path, lambda name, data: [(name, data)] * (2 if name.endswith("data.pkl") else 1))
    assert "/data.pkl: its zip archive has this member twice" in said_of(command, path, twice)
    for outside in ("../../evil", "/etc/evil", "good/../../evil", "..\\evil"):
        slip = changed(tmp_path, also(outside))
        assert "a member that would lie outside it" in said_of(command, path, slip)
    assert not Path("../../evil").exists()
    two = changed(tmp_path, lambda name, data: [(name, data), (name.replace("good", "other"), data)])
    assert "a zip archive with several data.pkl" in said_of(command, path, two)


def test_an_encrypted_archive_is_told(tmp_path: Path, command: Command) -> None:
    data = bytearray(good(tmp_path))
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    assert "its zip archive is encrypted; decrypt it first" in said_of(command, tmp_path / "a.pt", bytes(data))


def test_a_directory_of_millions_of_members_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[0] * 11, 8, *[0] * 6)
    directory = b"".join(entry + b"%08d" % n for n in range(600_000))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 600_000 & 0xFFFF, 600_000 & 0xFFFF, len(directory), 30, 0)
    path.write_bytes(b"PK\3\4" + bytes(26) + directory + end)
    expect_bounded(path)
    huge = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0xFFFFFFFF - 30, 30, 0)
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        file.seek(0xFFFFFFFF)
        file.write(huge)
    assert "its zip directory of 4,294,967,265 bytes is more than" in expect_bounded(path)


def zip_of(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name in names:
            target.writestr(name, b"")
    return made.getvalue()


def tar_of(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as target:
        for name in names:
            target.addfile(tarfile.TarInfo(name))
    return made.getvalue()


OTHERS = {
    "TorchScript": (zip_of("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"), "a TorchScript archive"),
    "torch.export": (zip_of("m/archive_format", "m/models/model.json"), "this is a program of torch.export"),
    "npz": (zip_of("a.npy", "b.npy"), "this is a file of NumPy arrays (npz)"),
    "Keras": (zip_of("metadata.json", "config.json", "model.weights.h5"), "this is a Keras model"),
    "docx": (zip_of("[Content_Types].xml", "word/document.xml"), "this is an Office document"),
    "zip of a model": (zip_of("models/model.safetensors"), "a zip archive that holds models/model.safetensors"),
    "Stable-Baselines3": (zip_of("data", "policy.pth", "pytorch_variables.pth"), "a Stable-Baselines3 archive"),
    "any zip": (zip_of("a.txt"), "a zip archive with no data.pkl"),
    "empty zip": (zip_of(), "it is no PyTorch file"),
    "tar": (tar_of("sys_info", "pickle", "tensors", "storages"), "a TAR archive"),
    "pickled dict": (pickle.dumps({"a": 1}), "a Python pickle that torch.save did not write: it holds a dict"),
    "pickled arrays": (
        b"\x80\4cnumpy.core.multiarray\n_reconstruct\n)R.",
        "a Python pickle that torch.save did not write: it holds NumPy arrays",
    ),
    "joblib": (
        b"\x80\4}" + text(b"w") + b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b\xff\xff\xff\xff",
        "it holds NumPy arrays, as joblib writes them",
    ),
    "pickled tensors": (
        pickle.dumps({"w": torch.ones(2)}),
        "it holds tensors, as pickle.dump writes them",
    ),
    "pickled object": (pickle.dumps(Path("a")), "it holds an object of pathlib."),
    "empty": (b"", "the file is empty"),
    "zeros": (b"\0" * 1000, "it is no PyTorch file"),
    "text": (b"hello, this is a text\n", "this is plain text"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7\nsize 5\n", "a Git LFS pointer"),
    "HTML": (b"<!DOCTYPE html><html>", "this is a web page (HTML)"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "this is compressed (gzip)"),
    "protocol 9": (b"\x80\x09N.", "a pickle of protocol 9 is newer than any that is known"),
}


@pytest.mark.parametrize("case", list(OTHERS))
def test_what_torch_save_did_not_write_is_told_for_what_it_is(case: str, tmp_path: Path, command: Command) -> None:
    content, expected = OTHERS[case]
    assert expected in said_of(command, tmp_path / "a.pt", content)


@pytest.mark.parametrize("name", ["a.pkl", "weights"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_told_for_what_it_is_whatever_its_name(
    protocol: int, name: str, tmp_path: Path, command: Command
) -> None:
    said = said_of(command, tmp_path / name, pickle.dumps([1, 2, 3], protocol))
    assert "a Python pickle that torch.save did not write: it holds a list" in said


def tensor(
    size: bytes = b"K\2\x85", stride: bytes = b"K\1\x85", offset: bytes = b"K\0", count: bytes = b"K\2"
) -> bytes:
    """A pickled float32 tensor."""
    storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"0") + text(b"cpu") + count + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + size + stride + b"\x89}tR"


WRONG = {
    "beyond its storage": tensor(size=b"K\3\x85"),
    "an offset beyond it": tensor(offset=b"K\1"),
    "a stride beyond it": tensor(stride=b"K\5\x85"),
    "a negative size": tensor(size=b"J\xff\xff\xff\xff\x85"),
    "a size of 2^80": tensor(size=b"\x8a\x0b" + b"\0" * 10 + b"\1\x85"),
    "a negative stride": tensor(stride=b"J\xff\xff\xff\xff\x85"),
    "a size that is text": tensor(size=text(b"ab")),
    "sizes without strides": tensor(stride=b")"),
    "a count that is a float": tensor(count=b"G" + bytes(8)),
    "a bool as a size": tensor(size=b"\x88\x85"),
    "no storage": b"ctorch._utils\n_rebuild_tensor_v2\n(NK\0K\2\x85K\1\x85\x89}tR",
    "too few arguments": b"ctorch._utils\n_rebuild_tensor_v2\nN\x85R",
    "persistent id of text": text(b"storage") + b"Q",
    "persistent id of numbers": b"(K\1K\2K\3K\4K\5tQ",
    "a storage of no class": b"(" + text(b"storage") + b"cos.path\njoin\n"[:0] + b"NK\0K\0K\0tQ",
    "an endless tuple of sizes": tensor(size=b"(" + b"K\1" * 100 + b"t", stride=b"(" + b"K\1" * 100 + b"t"),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_tensor_that_cannot_be_is_refused(case: str, tmp_path: Path, command: Command) -> None:
    pickled = b"\x80\x02}" + text(b"w.weight") + WRONG[case] + b"s."
    complaint = said_of(command, tmp_path / "a.pt", archive(pickled, {"archive/data/0": bytes(8)}))
    assert "a.pt, data.pkl, byte " in complaint or "data.pkl, byte" in complaint


def test_the_tensor_of_these_tests_is_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(archive(b"\x80\x02}" + text(b"w.weight") + tensor() + b"s.", {"archive/data/0": bytes(8)}))
    assert counted(path).totals.parameters == 2


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """A file with some bytes changed, taken out or put in."""

    @st.composite
    def build(draw: st.DrawFn) -> bytes:
        data = bytearray(content)
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(data) - 1))
            kind = draw(st.sampled_from(("byte", "cut", "insert", "copy")))
            if kind == "byte":
                data[at] = draw(st.integers(0, 255))
            elif kind == "cut":
                del data[at : at + draw(st.integers(1, 20))]
            elif kind == "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=9))
            else:
                data[at:at] = data[at : at + draw(st.integers(1, 60))]
        return bytes(data)

    return build()


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


MAX_CPU_SECONDS = 10
"""Of a file of some thousand bytes, which takes milliseconds."""


def read_or_refused(path: Path) -> None:
    """Nothing but a count or the one error may come of a file, soon, and where torch reads it, the same tensors."""
    begun, complaint = process_time(), ""
    try:
        counted(path)
    except CheckpointError as error:
        complaint = error.sentence()
    assert complaint.isprintable()
    assert process_time() - begun < MAX_CPU_SECONDS
    expect_agreement(path, REFUSED_HERE_ALONE)


@pytest.mark.parametrize("legacy_form", [False, True])
@settings(max_examples=400)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(legacy_form: bool, data: st.DataObject, workplace: Path) -> None:
    content = good(workplace, legacy_form)
    pickled = content.index(b"\x80\x02}q" if not legacy_form else b"\x80")
    # Most of the damage is in the pickle: the rest are zeros.
    part = data.draw(damaged(content[pickled : pickled + 600]))
    path = workplace / "damaged.pt"
    path.write_bytes(content[:pickled] + part + content[pickled + 600 :])
    read_or_refused(path)


_OPCODES = b"(0125NKRQX]})ataub.h\0q\0lde\x81\x85\x86\x93\x94cio\n"


@settings(max_examples=300)
@given(pickled=st.binary(max_size=200) | st.lists(st.sampled_from(list(_OPCODES))).map(bytes))
def test_any_bytes_as_a_pickle_are_read_or_refused(pickled: bytes, workplace: Path) -> None:
    path = workplace / "any.pt"
    for content in (archive(pickled + b"."), legacy(pickled + b"."), b"\x80" + pickled):
        path.write_bytes(content)
        read_or_refused(path)

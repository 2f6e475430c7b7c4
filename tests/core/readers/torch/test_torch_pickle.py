"""Files of torch.save, in all their forms: what the reader finds is what torch finds."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from core.files.local import open_regular
from tests.support.command import Command, run_process
from tests.support.counting import counted, layouts, stored
from tests.support.torch_reference import layouts_of, load, load_own, stored_unique, unique_elements

FORMS: dict[str, dict[str, Any]] = {
    **{f"zip, protocol {n}": {"pickle_protocol": n} for n in (1, 2, 3, 4, 5)},
    **{
        f"legacy, protocol {n}": {"pickle_protocol": n, "_use_new_zipfile_serialization": False}
        for n in (1, 2, 3, 4, 5)
    },
}


def tied() -> dict[str, torch.Tensor]:
    embedding = torch.zeros(50, 4)
    return {"wte.weight": embedding, "h.0.mlp.c_fc.weight": torch.zeros(4, 16), "lm_head.weight": embedding}


def views() -> dict[str, torch.Tensor]:
    """Neighbours in one storage, as the weights of a recurrent layer are, and a transposed one."""
    packed = torch.zeros(100)
    return {"a": packed[:20], "b": packed[20:40].view(4, 5), "c": packed[40:60].view(4, 5).t(), "d": packed[::2]}


def of_all_dtypes() -> dict[str, torch.Tensor]:
    plain = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
    small = (torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128)
    return {str(dtype): torch.zeros(3, 5, dtype=dtype) for dtype in plain + small}


STATES: dict[str, dict[str, torch.Tensor]] = {
    "tied": tied(),
    "views": views(),
    "dtypes": of_all_dtypes(),
    "scalar": {"logit_scale": torch.tensor(2.5)},
    "zero-size": {"empty.weight": torch.zeros(0, 7), "none": torch.zeros(0)},
    "spaces": {"a name with spaces.weight": torch.zeros(2), "ünïcode.☃": torch.zeros(3), "": torch.zeros(1)},
    "ordered": OrderedDict([("b.weight", torch.zeros(2, 3)), ("a.weight", torch.zeros(3))]),
    "parameters": {"weight": torch.nn.Parameter(torch.zeros(4, 2))},
    "many": {f"layers.{n}.weight": torch.zeros(2, 2) for n in range(300)},
}


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("state", list(STATES))
def test_every_form_of_a_state_dict_is_read_as_torch_reads_it(form: str, state: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(STATES[state], path, **FORMS[form])
    expected = load_own(path)
    tensors = stored(path)
    assert layouts(tensors) == layouts_of(expected)
    assert [tensor.name for tensor in tensors] == list(expected)
    assert stored_unique(tensors) == unique_elements(expected)


NEW = {
    "float8": {"w": torch.zeros(4, 4).to(torch.float8_e4m3fn), "v": torch.zeros(4).to(torch.float8_e5m2)},
    "unsigned": {"a": torch.zeros(4, dtype=torch.uint16), "b": torch.zeros(4, dtype=torch.uint32)},
    "with attributes": {"a": torch.nn.Parameter(torch.zeros(4, 2)), "b": torch.zeros(7)},
}
NEW["with attributes"]["a"].note = "tagged"  # type: ignore[attr-defined]
NEW["with attributes"]["b"].note = "tagged"  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", list(NEW))
def test_what_newer_versions_of_torch_write_is_read(state: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(NEW[state], path)
    assert layouts(stored(path)) == layouts_of(load(path))


def test_an_expanded_tensor_has_its_shape_and_takes_what_it_stores(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w.weight": torch.zeros(1, 5).expand(4, 5)}, path)
    assert layouts(stored(path)) == {"w.weight": ("F32", (4, 5), 20)}


@pytest.mark.filterwarnings("ignore")
def test_sparse_quantised_and_meta_tensors_have_their_shapes(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(
        {
            "coo": torch.eye(6).to_sparse(),
            "csr": torch.eye(6).to_sparse_csr(),
            "q": torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 0, torch.qint8),
            "qc": torch.quantize_per_channel(torch.randn(3, 4), torch.ones(3), torch.zeros(3), 0, torch.quint8),
            "meta": torch.zeros(7, 8, device="meta"),
        },
        path,
    )
    assert layouts(stored(path)) == {
        "coo": ("F32", (6, 6), 6 * 4 + 12 * 8),
        "csr": ("F32", (6, 6), 6 * 4 + 7 * 8 + 6 * 8),
        "q": ("I8", (3, 4), 12),
        "qc": ("U8", (3, 4), 12),
        "meta": ("F32", (7, 8), 0),
    }


@pytest.mark.parametrize("legacy", [False, True])
def test_another_device_is_nothing_to_the_reader(legacy: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w.weight": torch.zeros(3, 4)}, path, _use_new_zipfile_serialization=not legacy)
    path.write_bytes(replaced(path.read_bytes(), b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:7"))
    assert layouts(stored(path)) == {"w.weight": ("F32", (3, 4), 48)}


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    """The file with other bytes in its pickle."""
    if not content.startswith(b"PK"):
        assert old in content
        return content.replace(old, new)
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                assert old in data
                data = data.replace(old, new)
            target.writestr(name, data)
    return result.getvalue()


def test_gpt2s_state_dict_is_counted_with_its_tied_head_once(tmp_path: Path, command: Command) -> None:
    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config())
    state = {name: torch.zeros(1).expand(tensor.shape) for name, tensor in model.state_dict().items()}
    full = model.to_empty(device="cpu").state_dict()
    path = tmp_path / "gpt2.pt"
    torch.save(full, path)
    assert len(full) == len(state) == 149
    result = command(path, "--json").model
    assert result["format"] == "pytorch"
    assert result["parameters"] == 124_439_808
    assert result["tensor_count"] == 148
    assert result["not_counted"]["tied"]["elements"] == 163_037_184 - 124_439_808
    assert sum(tensor.numel() for tensor in full.values()) == 163_037_184


def test_the_shards_of_an_index_are_one_checkpoint(tmp_path: Path, command: Command) -> None:
    write_shards(tmp_path)
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["tensor_count"], result["format"]) == (36, 3, "pytorch")
    assert command(tmp_path / "pytorch_model.bin.index.json", "--json").model["parameters"] == 36


def write_shards(folder: Path) -> None:
    shards = [{"a.weight": torch.zeros(2, 3), "b.weight": torch.zeros(4, 5)}, {"c.weight": torch.zeros(10)}]
    weight_map = {}
    for number, shard in enumerate(shards, 1):
        name = f"pytorch_model-{number:05}-of-00002.bin"
        torch.save(shard, folder / name)
        weight_map.update(dict.fromkeys(shard, name))
    index = {"metadata": {"total_size": 144}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def test_numbered_shards_need_no_index(tmp_path: Path) -> None:
    write_shards(tmp_path)
    (tmp_path / "pytorch_model.bin.index.json").unlink()
    torch.save({"state": {}}, tmp_path / "optimizer.pt")
    assert counted(tmp_path).totals.parameters == 36


def test_a_missing_shard_is_named(tmp_path: Path, command: Command) -> None:
    write_shards(tmp_path)
    (tmp_path / "pytorch_model-00002-of-00002.bin").unlink()
    assert "pytorch_model-00002-of-00002.bin: missing" in command(tmp_path).complaint


def test_storages_of_different_shards_are_not_shared(tmp_path: Path) -> None:
    for number in (1, 2):
        torch.save({f"w{number}.weight": torch.zeros(5)}, tmp_path / f"m-{number}-of-2.bin")
    assert counted(tmp_path).totals.parameters == 10


def test_several_models_in_a_folder_are_to_be_chosen_from(tmp_path: Path, command: Command) -> None:
    for epoch in (1, 2):
        torch.save({"w.weight": torch.zeros(5)}, tmp_path / f"epoch{epoch}.pt")
    complaint = command(tmp_path).complaint
    assert "there are several PyTorch files: epoch1.pt, epoch2.pt; name one of them" in complaint
    assert counted(tmp_path / "epoch2.pt").totals.parameters == 5


def test_the_slices_of_a_model_are_told(tmp_path: Path, command: Command) -> None:
    for rank in (0, 1):
        torch.save({"w.weight": torch.zeros(5)}, tmp_path / f"consolidated.{rank:02}.pth")
    result = command(tmp_path, "--json").model
    assert (result["parameters"], result["complete"]) == (5, False)
    assert result["notes"][0].startswith("slice 1 of 2: consolidated.00.pth alone is counted")
    (tmp_path / "consolidated.01.pth").unlink()
    assert counted(tmp_path).totals.parameters == 5


def test_a_name_that_says_another_format_does_no_harm(tmp_path: Path, command: Command) -> None:
    state = {"w.weight": torch.zeros(5)}
    torch.save(state, tmp_path / "a.safetensors")
    result = command(tmp_path / "a.safetensors", "--json").model
    assert (result["format"], result["parameters"]) == ("pytorch", 5)
    assert result["notes"] == ["a.safetensors is a PyTorch file under the name of a safetensors file"]
    from safetensors.torch import save_file

    save_file(state, tmp_path / "b.bin")
    result = command(tmp_path / "b.bin", "--json").model
    assert (result["format"], result["parameters"]) == ("safetensors", 5)
    torch.save(state, tmp_path / "c.dat")
    assert command(tmp_path / "c.dat", "--json").model["parameters"] == 5


def test_safetensors_come_first_and_the_other_is_named(tmp_path: Path, command: Command) -> None:
    from safetensors.torch import save_file

    save_file({"w.weight": torch.zeros(5)}, tmp_path / "model.safetensors")
    torch.save({"w.weight": torch.zeros(7)}, tmp_path / "pytorch_model.bin")
    result = command(tmp_path, "--json").model
    assert result["parameters"] == 5
    assert result["notes"] == ["model.safetensors was read, not pytorch_model.bin beside it"]


def test_a_python_2_pickle_with_names_as_bytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w.weight": torch.zeros(3, 4)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"X\x08\0\0\0w.weight", b"U\x08w.weight"))
    assert layouts(stored(path)) == {"w.weight": ("F32", (3, 4), 48)}


def test_a_pickle_that_is_compressed_in_its_archive_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({f"w{n}.weight": torch.zeros(3, 4) for n in range(100)}, path)
    plain = layouts(stored(path))
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert layouts(stored(tmp_path / "b.pt")) == plain


def test_weights_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w.weight": torch.zeros(5_000_000), "v.weight": torch.zeros(5_000_000)}, path)
    read: list[int] = []

    class Counting(io.RawIOBase):
        def __init__(self, opened: Any) -> None:
            self._opened = opened

        def read(self, size: int = -1) -> bytes:
            content: bytes = self._opened.read(size)
            read.append(len(content))
            return content

        def seek(self, offset: int, whence: int = 0) -> int:
            return int(self._opened.seek(offset, whence))

        def fileno(self) -> int:
            return int(self._opened.fileno())

    monkeypatch.setattr("core.files.folder.open_regular", lambda path, file: Counting(open_regular(path, file)))
    assert counted(path).totals.parameters == 10_000_000
    assert sum(read) < 300_000


def test_torch_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w.weight": torch.zeros(5)}, path)
    hidden = "import sys; sys.modules.update(torch=None, numpy=None, pickle=None, zipfile=None)"
    result = run_process(path, "--json", before=hidden)
    assert result.status == 0, result.err
    assert result.model["parameters"] == 5


def test_protocol_0_names_storages_by_text_and_is_told(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w": torch.zeros(5)}, path, pickle_protocol=0)
    with pytest.raises((pickle.UnpicklingError, AssertionError, RuntimeError)):
        load(path)
    assert "a reference to a storage is damaged" in command(path).complaint

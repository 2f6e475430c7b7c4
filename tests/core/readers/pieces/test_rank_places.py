"""Where the values lie of a model that a single GPU's file holds whole: what is read there is what was saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.support.values import places, values

STATE = {
    "norm.weight": torch.randn(8),
    "layers.0.attention.wo.weight": torch.randn(8, 8),
    "layers.0.attention.wq.weight": torch.randn(8, 8).t(),
    "output.weight": torch.randn(32, 8).half(),
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["consolidated.00.pth", "model_world_size_1_rank_0.pt"])
def test_one_gpus_file_tells_where_its_values_lie(name: str, zipped: bool, tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / name, _use_new_zipfile_serialization=zipped)
    found = places(tmp_path)
    assert list(found) == list(STATE)
    for key, tensor in STATE.items():
        place = found[key]
        assert place is not None
        assert place.file == name
        assert torch.equal(values(tmp_path, place), tensor)


def test_a_folder_of_megatrons_with_one_gpu_tells_them_too(tmp_path: Path) -> None:
    (tmp_path / "mp_rank_00").mkdir()
    torch.save({"model": STATE}, tmp_path / "mp_rank_00" / "model_optim_rng.pt")
    found = places(tmp_path)
    for key, tensor in STATE.items():
        place = found[key]
        assert place is not None
        assert torch.equal(values(tmp_path, place), tensor)


def test_of_several_gpus_files_no_place_is_told(tmp_path: Path) -> None:
    for rank in range(2):
        state = {"norm.weight": torch.zeros(8), "layers.0.attention.wo.weight": torch.zeros(8, 4)}
        torch.save(state, tmp_path / f"consolidated.{rank:02}.pth")
    found = places(tmp_path)
    assert found
    assert set(found.values()) == {None}

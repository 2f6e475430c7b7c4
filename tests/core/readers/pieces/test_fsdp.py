"""Files that FSDP wrote, one a rank: distributed tensors that know their whole shape, and flat runs that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard
from torch.testing._internal.distributed.fake_pg import FakeStore

from tests.support.command import Command

SHAPES = {"embed.weight": (100, 16), "layers.0.mlp.weight": (16, 64), "norm.weight": (18,)}
WHOLE = sum(torch.Size(shape).numel() for shape in SHAPES.values())
RANKS = 4


@pytest.fixture
def ranks(tmp_path: Path) -> list[Path]:
    """Files as verl writes them (fsdp_checkpoint_manager.py): sharded along the first dimension, not all evenly."""
    paths = [tmp_path / f"model_world_size_{RANKS}_rank_{rank}.pt" for rank in range(RANKS)]
    for rank, path in enumerate(paths):
        torch.distributed.init_process_group("fake", rank=rank, world_size=RANKS, store=FakeStore())
        try:
            mesh = init_device_mesh("cpu", (RANKS,))
            state = {}
            for name, shape in SHAPES.items():
                whole = torch.zeros(shape)
                local = whole.chunk(RANKS)[rank].clone()
                size = torch.Size(shape)
                state[name] = DTensor.from_local(
                    local, mesh, [Shard(0)], run_check=False, shape=size, stride=whole.stride()
                )
            torch.save(state, path)
            torch.save({"state": {}, "param_groups": []}, tmp_path / f"optim_world_size_{RANKS}_rank_{rank}.pt")
            torch.save({"rng": torch.zeros(9)}, tmp_path / f"extra_state_world_size_{RANKS}_rank_{rank}.pt")
        finally:
            torch.distributed.destroy_process_group()
    return paths


def test_tensors_that_know_their_shape_are_counted_whole(ranks: list[Path], command: Command) -> None:
    for path in (ranks[0].parent, *ranks):
        result = command(path, "--json").model
        assert (result["parameters"], result["bytes"], result["complete"]) == (WHOLE, 4 * WHOLE, True)


def test_a_rank_without_the_others_is_a_slice(ranks: list[Path], command: Command) -> None:
    ranks[2].unlink()
    result = command(ranks[1], "--json").model
    assert (result["parameters"], result["complete"]) == (WHOLE, False)
    assert result["notes"][0].startswith("slice 2 of 4")
    assert f"{ranks[2].name}: missing, one of 4 ranks" in command(ranks[0].parent).complaint


def write_flat(folder: Path, ranks: int) -> list[Path]:
    """DINOv2's local state dicts: flat runs of the student's values and of the teacher's, its average."""
    paths = [folder / f"model_final.rank_{rank}.pth" for rank in range(ranks)]
    for path in paths:
        state: dict[str, torch.Tensor] = {}
        for copy in ("student", "teacher"):
            state |= {f"{copy}.backbone.blocks.{n}._flat_param": torch.zeros(200) for n in range(3)}
        torch.save({"model": state, "optimizer": {"state": {}, "param_groups": []}, "iteration": 99}, path)
    return paths


def test_flat_slices_are_told_with_what_to_do(tmp_path: Path, command: Command) -> None:
    # facebookresearch/dinov2#487
    paths = write_flat(tmp_path, 4)
    complaint = command(tmp_path).complaint
    assert "there are flat slices of FSDP of 4 ranks (model_final.rank_0.pth, …)" in complaint
    assert "save a full state dict" in complaint
    result = command(paths[2], "--json").model
    assert (result["parameters"], result["complete"]) == (600, False)
    assert result["notes"][0].startswith("slice 3 of 4: flat parameters of FSDP")


def test_one_file_of_a_first_rank_is_a_model_like_any_other(tmp_path: Path, command: Command) -> None:
    torch.save({"state": {"model": {"a.weight": torch.zeros(7)}}}, tmp_path / "composer_ep0-ba100-rank0.pt")
    for path in (tmp_path, tmp_path / "composer_ep0-ba100-rank0.pt"):
        result = command(path, "--json").model
        assert (result["parameters"], result["complete"]) == (7, True)

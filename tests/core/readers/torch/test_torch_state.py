"""Where in a saved file the model is, and what lies beside it."""

from __future__ import annotations

import argparse
import time
import warnings
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.command import Command
from tests.support.counting import counted, stored


def model(width: int = 8) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.LayerNorm(width))


def state(width: int = 8) -> dict[str, torch.Tensor]:
    return dict(model(width).state_dict())


def trained() -> dict[str, Any]:
    """The state of an optimizer after a step."""
    module = model()
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.zeros(1, 8)).sum().backward()
    optimizer.step()
    return dict(optimizer.state_dict())


SIZE = 8 * 8 + 8 + 8 + 8
NAMES = ["0.weight", "0.bias", "1.weight", "1.bias"]


@pytest.mark.parametrize(
    "path",
    [
        *("state_dict", "model", "module", "model_state_dict", "ema", "net", "network", "generator", "params"),
        *("params_ema", "weights", "model.state_dict", "state.model", "checkpoint.model_state_dict", "my_model"),
        "state_dict.model.module",
    ],
)
def test_a_state_dict_is_found_under_its_keys(path: str, tmp_path: Path) -> None:
    saved: Any = state()
    for key in reversed(path.split(".")):
        saved = {"epoch": 3, key: saved, "lr": 0.1, "args": argparse.Namespace(width=8)}
    torch.save(saved, tmp_path / "a.ckpt")
    assert [tensor.name for tensor in stored(tmp_path / "a.ckpt")] == NAMES
    assert counted(tmp_path / "a.ckpt").totals.parameters == SIZE


def test_an_optimizers_state_is_told_apart(tmp_path: Path, command: Command) -> None:
    saved = {"model": state(), "optimizer": trained(), "rng_state": torch.get_rng_state(), "step": 1}
    torch.save(saved, tmp_path / "a.pt")
    result = command(tmp_path / "a.pt", "--json").model
    assert result["parameters"] == SIZE
    moments = 2 * SIZE + 4  # of each parameter two, and a step
    assert result["not_counted"]["optimizer"]["elements"] == moments + 5056
    assert result["notes"][0] == (
        f"the state dict under model is counted, not single tensors (5,056 elements in 1 tensor, 5.1 kB),"
        f" optimizer ({moments} elements in 12 tensors, {4 * moments} B)"
    )


def test_lightnings_checkpoints_are_read(tmp_path: Path) -> None:
    saved = {
        "epoch": 1,
        "global_step": 10,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": OrderedDict((f"model.{name}", tensor) for name, tensor in state().items()),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [trained()],
        "lr_schedulers": [{"last_epoch": 1}],
        "hyper_parameters": {"class_weights": torch.ones(1000), "width": 8},
    }
    torch.save(saved, tmp_path / "a.ckpt")
    count = counted(tmp_path / "a.ckpt")
    assert count.totals.parameters == SIZE
    assert count.totals.not_counted["beside_model"].elements == 2 * SIZE + 4 + 1 + 1000


@pytest.mark.parametrize("order", [("model", "model_ema"), ("model_ema", "model")])
def test_an_averaged_copy_is_not_counted_beside_the_model(order: tuple[str, str], tmp_path: Path) -> None:
    torch.save({key: state() for key in order}, tmp_path / "a.pt")
    count = counted(tmp_path / "a.pt")
    assert count.totals.parameters == SIZE
    assert count.notes[0].startswith("the state dict under model is counted, not model_ema (88 elements in 4 tensors")


def test_many_parts_beside_an_average_are_not_all_searched(tmp_path: Path) -> None:
    average = {f"p.layer.{n}": torch.zeros(1) for n in range(20_000)}
    torch.save({"ema": average} | {f"m{n}": {"q.layer.0": torch.zeros(1)} for n in range(3000)}, tmp_path / "a.pt")
    began = time.process_time()
    assert counted(tmp_path / "a.pt").totals.parameters == 20_000
    assert time.process_time() - began < 10


def test_an_average_that_keeps_the_model_too_is_no_larger_model(tmp_path: Path) -> None:
    both = {f"{prefix}.{name}": tensor for prefix in ("online_model", "ema_model") for name, tensor in state().items()}
    average = {"initted": torch.tensor(True), "step": torch.tensor(5), **both}
    torch.save({"step": 1, "model": state(), "opt": trained(), "ema": average}, tmp_path / "a.pt")
    count = counted(tmp_path / "a.pt")
    assert count.totals.parameters == SIZE
    assert "the state dict under model is counted, not opt (" in count.notes[0]
    assert f"ema ({2 * SIZE + 2} elements in 10 tensors" in count.notes[0]


def test_several_models_are_parts_of_one_and_all_counted(tmp_path: Path) -> None:
    torch.save({"d": state(4), "g": state(8), "vgg": state(2), "g_optim": trained()}, tmp_path / "a.pt")
    count = counted(tmp_path / "a.pt")
    assert count.totals.parameters == 28 + SIZE + 10
    assert count.notes[0].startswith("the state dicts under d, g, vgg are counted as parts of one model, not g_optim (")


def test_nested_modules_are_joined_by_dots(tmp_path: Path) -> None:
    nested = {"encoder": {"weight": torch.zeros(2, 3), "norm": {"bias": torch.zeros(3)}}, "head": [torch.zeros(4)]}
    for saved in (nested, {"model": nested, "iteration": 5}, {"weight": torch.zeros(1), **nested}):
        torch.save(saved, tmp_path / "a.pt")
        names = [tensor.name for tensor in stored(tmp_path / "a.pt") if tensor.name != "weight"]
        assert names == ["encoder.weight", "encoder.norm.bias", "head.0"]


def test_prefixes_are_kept(tmp_path: Path) -> None:
    torch.save({"state_dict": {"module._orig_mod.model.wte.weight": torch.zeros(2, 3)}}, tmp_path / "a.pt")
    assert [tensor.name for tensor in stored(tmp_path / "a.pt")] == ["module._orig_mod.model.wte.weight"]


def test_a_best_score_beside_a_state_dict_is_no_model(tmp_path: Path) -> None:
    torch.save({"state_dict": state(), "best_acc1": torch.tensor(76.0), "epoch": 1}, tmp_path / "a.pth.tar")
    assert counted(tmp_path / "a.pth.tar").totals.parameters == SIZE


def test_lists_and_lone_tensors_have_names_too(tmp_path: Path) -> None:
    torch.save([torch.zeros(2), torch.zeros(3, 3)], tmp_path / "a.pt")
    assert [tensor.name for tensor in stored(tmp_path / "a.pt")] == ["0", "1"]
    torch.save(torch.zeros(2, 5), tmp_path / "b.pt")
    assert [(tensor.name, tensor.shape) for tensor in stored(tmp_path / "b.pt")] == [("tensor", (2, 5))]


def test_keys_that_are_no_text_are_shown_as_text(tmp_path: Path) -> None:
    torch.save(
        {0: torch.zeros(1), (1, "b"): torch.zeros(2), None: torch.zeros(3), True: torch.zeros(4)}, tmp_path / "a"
    )
    assert [tensor.name for tensor in stored(tmp_path / "a")] == ["0", "1.b", "None", "True"]


def test_numbers_of_many_digits_as_keys_are_told_apart_in_hexadecimal(tmp_path: Path) -> None:
    """Decimal digits take time by their square: 100,000 such keys of one file took ten seconds."""
    torch.save(
        {1 << 2000: torch.zeros(1), (1 << 80, -1): torch.zeros(2), (1 << 64) - 1: torch.zeros(3)}, tmp_path / "a"
    )
    names = [tensor.name for tensor in stored(tmp_path / "a")]
    assert names == ["0x1" + 500 * "0", "0x1" + 20 * "0" + ".-1", "18446744073709551615"]


def test_extra_state_and_metadata_are_no_tensors(tmp_path: Path) -> None:
    saved = model().state_dict()
    saved["1._extra_state"] = {"scale": 3.0, "history": defaultdict(list, a=[1, 2])}
    torch.save(saved, tmp_path / "a.pt")
    assert [tensor.name for tensor in stored(tmp_path / "a.pt")] == NAMES


class Config:
    """A class that only its own program knows."""

    def __init__(self) -> None:
        self.width = 8


def test_objects_beside_a_state_dict_are_left_unbuilt_and_named(tmp_path: Path) -> None:
    torch.save({"model": state(), "config": Config(), "path": Path("/a")}, tmp_path / "a.pt")
    count = counted(tmp_path / "a.pt")
    assert count.totals.parameters == SIZE
    assert "objects of the file that are no tensors were not built" in count.notes[1]
    assert f"{Config.__module__}.Config" in count.notes[1]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("key", ["", "model", "ema"])
def test_a_whole_model_is_refused_with_the_way_out(key: str, legacy: bool, tmp_path: Path, command: Command) -> None:
    saved = {key: model(), "epoch": 1} if key else model()
    torch.save(saved, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
    result = command(tmp_path / "a.pt", "--print")
    assert result.status == 1
    assert "a whole model was pickled here (torch.nn.modules.container.Sequential)" in result.complaint
    assert "load it with the code that made it, and save model.state_dict()" in result.complaint


def test_an_optimizers_file_is_told(tmp_path: Path, command: Command) -> None:
    torch.save(trained(), tmp_path / "optimizer.pt")
    complaint = command(tmp_path / "optimizer.pt").complaint
    assert "no model in it, only what lies beside one: state (180 elements in 12 tensors, 720 B)" in complaint


def test_the_states_of_random_generators_are_no_model(tmp_path: Path, command: Command) -> None:
    # transformers, trainer.py: `_save_rng_state`.
    states = {"python": (3, (1, 2), None), "numpy": ("MT19937", None), "cpu": torch.get_rng_state()}
    torch.save(states | {"cuda": [torch.zeros(16, dtype=torch.uint8)]}, tmp_path / "rng_state.pth")
    complaint = command(tmp_path / "rng_state.pth").complaint
    assert "no model in it, only what lies beside one: random states (5,072 elements in 2 tensors" in complaint


@pytest.mark.parametrize("saved", [{}, {"epoch": 3}, [], 5, None, "text", {"a": {"b": [1, 2]}}])
def test_a_file_without_tensors_is_told(saved: object, tmp_path: Path, command: Command) -> None:
    torch.save(saved, tmp_path / "a.pt")
    assert "there is not one tensor in it" in command(tmp_path / "a.pt").complaint


def test_what_refers_to_itself_ends(tmp_path: Path) -> None:
    saved: dict[str, Any] = {"w.weight": torch.zeros(3)}
    saved["self"] = saved
    saved["list"] = [saved]
    torch.save(saved, tmp_path / "a.pt")
    assert counted(tmp_path / "a.pt").totals.parameters == 3


def test_pytorchs_own_quantised_layers_count_as_those_that_they_stand_for(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Linear(32, 8))
        quantised = torch.ao.quantization.quantize_dynamic(network, {torch.nn.Linear})  # type: ignore[no-untyped-call]
        torch.save(quantised.state_dict(), tmp_path / "a.pt")
    count = counted(tmp_path / "a.pt")
    assert count.totals.parameters == 16 * 32 + 32 + 32 * 8 + 8
    assert count.totals.not_counted["quantization"].tensor_count == 4
    assert count.notes == []

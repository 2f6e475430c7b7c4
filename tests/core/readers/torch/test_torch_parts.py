"""Parts of one model under keys of their own: all of them counted and shown, their copies not."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.command import Command


def network(width: int, out: int) -> dict[str, torch.Tensor]:
    return dict(torch.nn.Sequential(torch.nn.Linear(width, 8), torch.nn.Linear(8, out)).state_dict())


ACTOR, CRITIC, G, D = network(4, 2), network(6, 1), network(16, 8), network(8, 16)
OPTIMIZER = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []}

# What is saved, and which of it is the model.
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "encoder and decoder": ({"encoder": G, "decoder": D, "epoch": 3}, ["encoder", "decoder"]),
    "actor, critic and their targets": (
        {"actor": ACTOR, "critic": CRITIC, "actor_target": ACTOR, "critic_target": CRITIC, "actor_optim": OPTIMIZER},
        ["actor", "critic"],
    ),
    "targets in camel case": (
        {"actor": ACTOR, "critic": CRITIC, "actorTarget": ACTOR, "criticTarget": CRITIC},
        ["actor", "critic"],
    ),
    "a GAN with an average": ({"G": G, "D": D, "G_ema": G, "G_optim": OPTIMIZER}, ["G", "D"]),
    "two of each": ({"G_A": G, "G_B": G, "D_A": D, "D_B": D}, ["G_A", "G_B", "D_A", "D_B"]),
    "JEPA": ({"encoder": G, "predictor": D, "target_encoder": G, "opt": OPTIMIZER}, ["encoder", "predictor"]),
    "a target that is no copy": ({"target_encoder": G, "predictor": D}, ["target_encoder", "predictor"]),
    "wrapped": ({"model": {"encoder": G, "decoder": D}, "optimizer": OPTIMIZER}, ["model.encoder", "model.decoder"]),
    "wrapped with a copy": ({"net": {"G": G, "D": D, "G_ema": G}}, ["net.G", "net.D"]),
    "beside their optimizers": (
        {"G": {"state_dict": G, "optimizer": OPTIMIZER}, "D": {"state_dict": D, "optimizer": OPTIMIZER}},
        ["G.state_dict", "D.state_dict"],
    ),
    "generator and discriminator": ({"generator": G, "discriminator": D}, ["generator", "discriminator"]),
    "a model and what it needs": ({"model": G, "vae": D}, ["model", "vae"]),
}
# One model, and its copies.
COPIES: dict[str, tuple[dict[str, Any], str]] = {
    "student and teacher": ({"student": G, "teacher": G}, "student"),
    "a larger teacher": ({"student": ACTOR, "teacher": G}, "student"),
    "an average": ({"model": G, "ema": G}, "model"),
    "an average in capitals": ({"net": G, "netEMA": G}, "net"),
    "the best so far": ({"model": G, "best_model": G, "optimizer": OPTIMIZER}, "model"),
    "moments by name": ({"model": G, "exp_avg": G, "exp_avg_sq": G}, "model"),
    "a target": ({"q_net": ACTOR, "target_q_net": ACTOR}, "q_net"),
    "an average alone": ({"ema": G}, "ema"),
}


def at(saved: Any, path: str) -> Any:
    for key in path.split("."):
        saved = saved[key]
    return saved


def numel(state: dict[str, torch.Tensor]) -> int:
    return sum(tensor.numel() for tensor in state.values())


@pytest.mark.parametrize("case", list(CASES))
def test_all_parts_are_counted_and_shown(case: str, tmp_path: Path, command: Command) -> None:
    saved, parts = CASES[case]
    torch.save(deepcopy(dict(saved)) if "two" not in case else unshared(saved), tmp_path / "a.pt")
    result = command(tmp_path / "a.pt", "--json").model
    assert result["parameters"] == sum(numel(at(saved, path)) for path in parts)
    names = {path.removeprefix("model.").removeprefix("net.").removesuffix(".state_dict") for path in parts}
    assert {part["part"] for part in result["parts"]} == names
    assert sum(part["parameters"] for part in result["parts"]) == result["parameters"]


def unshared(saved: Any) -> Any:
    """The same with values of each tensor's own."""
    if isinstance(saved, torch.Tensor):
        return saved.clone()
    return {key: unshared(value) for key, value in saved.items()} if isinstance(saved, dict) else saved


@pytest.mark.parametrize("case", list(COPIES))
def test_copies_are_not_counted(case: str, tmp_path: Path, command: Command) -> None:
    saved, model = COPIES[case]
    torch.save(unshared(saved), tmp_path / "a.pt")
    result = command(tmp_path / "a.pt", "--json").model
    assert (result["parameters"], result["parts"]) == (numel(saved[model]), [])
    copies = sum(numel(part) for key, part in saved.items() if key not in {model, "optimizer"})
    assert result["not_counted"]["optimizer"]["elements"] == copies + 3 * ("optimizer" in saved)


def test_parts_that_differ_in_digits_alone_are_shown_as_one(tmp_path: Path, command: Command) -> None:
    torch.save({"actor": ACTOR, "critic_1": CRITIC, "critic_2": unshared(CRITIC)}, tmp_path / "a.pt")
    result = command(tmp_path / "a.pt", "--json").model
    assert result["parameters"] == numel(ACTOR) + 2 * numel(CRITIC)
    assert {part["part"]: part["parameters"] for part in result["parts"]} == {
        "actor": numel(ACTOR),
        "critic_1, critic_2": 2 * numel(CRITIC),
    }


def test_the_five_parts_of_kokoro(tmp_path: Path, command: Command) -> None:
    # hexgrad/Kokoro-82M: the published size is the sum of five state dicts; StyleTTS2 keeps them under one key.
    parts = {
        "bert": {"module.embeddings.word_embeddings.weight": torch.zeros(178, 128)},
        "bert_encoder": {"module.weight": torch.zeros(512, 768), "module.bias": torch.zeros(512)},
        "predictor": {"module.lstm.weight_ih_l0": torch.zeros(1024, 640)},
        "decoder": {"module.encode.conv1.weight_v": torch.zeros(1024, 514, 3)},
        "text_encoder": {"module.embedding.weight": torch.zeros(178, 512)},
    }
    whole = sum(map(numel, parts.values()))
    torch.save(parts, tmp_path / "kokoro.pth")
    torch.save({"net": parts, "optimizer": OPTIMIZER, "iters": 3, "val_loss": 0.1}, tmp_path / "styletts2.pth")
    for name, beside in (("kokoro.pth", 0), ("styletts2.pth", 3)):
        result = command(tmp_path / name, "--json").model
        assert (result["parameters"], result["not_counted"]["optimizer"]["elements"]) == (whole, beside)
        assert {part["part"]: part["parameters"] for part in result["parts"]} == {
            name: numel(part) for name, part in parts.items()
        }


def test_what_training_keeps_below_its_state_is_no_model(tmp_path: Path, command: Command) -> None:
    saved = {"state": {"model": G, "optimizers": {"AdamW": {"state": {"a": {"exp_avg": torch.zeros(9)}}}}}, "rng": []}
    torch.save(saved, tmp_path / "ep0-ba100-rank0.pt")
    assert command(tmp_path / "ep0-ba100-rank0.pt", "--json").model["parameters"] == numel(G)

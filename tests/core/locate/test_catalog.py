from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from core.locate.catalog import entries
from tests.support.checkpoints import Tensors, gpt2, split, write, write_hub, write_shards
from tests.support.command import Command
from tests.support.gguf_files import Form, write_split
from tests.support.gguf_files import write as write_gguf
from tests.support.hub import Hub

ONE: Tensors = {"x": ("F32", (5,))}
BUILT_IN = {"gpt2": 124_439_808, "gpt2-medium": 354_823_168, "gpt2-large": 774_030_080, "gpt2-xl": 1_557_611_200}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(source: str) -> dict[str, int | None]:
    return {entry.model: entry.bytes for entry in entries() if entry.source == source}


def test_the_built_in_models_come_first_with_their_parameters() -> None:
    found = list(entries())
    assert {entry.model: entry.parameters for entry in found} == BUILT_IN
    assert {entry.source for entry in found} == {"built-in"}
    assert {entry.bytes for entry in found} == {None}


def test_checkpoints_below_the_current_folder_are_found(here: Path) -> None:
    single = write(here / "one" / "model.safetensors", gpt2())
    write_shards(here / "two" / "deep", split(gpt2().items(), 3))
    loose = write(here / "loose.safetensors", ONE)
    assert listed("here") == {
        "./loose.safetensors": loose.stat().st_size,
        "./one": single.stat().st_size,
        "./two/deep": sum(path.stat().st_size for path in (here / "two" / "deep").glob("*.safetensors")),
    }


def test_every_listed_model_opens(here: Path, hub_cache: Path, command: Command) -> None:
    write(here / "one" / "model.safetensors", ONE)
    write(here / "-x.safetensors", ONE)
    write(here / "gpt2" / "model.safetensors", ONE)
    write_hub(hub_cache, "org/name", {"model.safetensors": ONE})
    write_hub(hub_cache, "gpt2", {"model.safetensors": ONE})
    models = [model["model"] for model in command("--list", "--json").json["models"]]
    assert len(models) == 9
    result = command(*models, "--json")
    assert (result.status, result.err.count("Traceback")) == (0, 0)
    assert [model["parameters"] for model in result.json["models"]] == [*BUILT_IN.values(), *([5] * 5)]


def test_the_hub_cache_lists_models_and_leaves_out_what_has_no_weights(hub_cache: Path) -> None:
    write_hub(hub_cache, "org/name", {"model.safetensors": gpt2(), "config.json": b"{}"})
    write_hub(hub_cache, "org/bare", {"config.json": b"{}"})
    (hub_cache / "datasets--org--data").mkdir()
    (hub_cache / "models--org--broken").mkdir()
    found = listed("hub cache")
    assert list(found) == ["org/name"]
    assert (found["org/name"] or 0) > 497_000_000


def test_links_and_folders_that_cannot_be_read_are_passed_over(here: Path, hub_cache: Path) -> None:
    write(here / "x.safetensors", ONE)
    (here / "a.safetensors").symlink_to(here / "a.safetensors")
    (here / "gone.safetensors").symlink_to(here / "nowhere")
    (here / "up").symlink_to(here)
    os.mkfifo(here / "pipe.safetensors")
    (here / ".hidden.safetensors").write_bytes(b"")
    assert list(listed("here")) == ["./x.safetensors"]
    hub_cache.rmdir()
    assert listed("hub cache") == {}


def test_the_list_ends_when_it_is_cancelled(here: Path) -> None:
    write(here / "x.safetensors", ONE)
    assert [entry.model for entry in entries(cancelled=lambda: True)] == list(BUILT_IN)


def test_the_list_as_text_names_every_model_escaped(here: Path, command: Command) -> None:
    write(here / "red\x1b[31m.safetensors", ONE)
    result = command("--list")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert [line.split()[-1] for line in lines] == [*BUILT_IN, "./red\\x1b[31m.safetensors"]
    assert "124,439,808" in lines[0]
    assert all(line.isprintable() for line in lines)


def test_the_list_as_json_has_its_keys(command: Command) -> None:
    document = command("--list", "--json").json
    assert document["schema"] == 1
    assert document["models"][0] == {"model": "gpt2", "source": "built-in", "parameters": 124_439_808, "bytes": None}


def test_gguf_models_are_found_and_the_parts_of_a_split_one_are_one(here: Path, command: Command) -> None:
    parts = write_split(here / "models", "m-F16", [{"x.weight": ("F32", (5,))}, {"y.weight": ("F32", (7,))}], {})
    small = write_gguf(here / "models" / "m-Q8_0.GGUF", {"x.weight": ("Q8_0", (32,))})
    write(here / "models" / "other.safetensors", ONE)
    assert listed("here") == {
        "./models/other.safetensors": (here / "models" / "other.safetensors").stat().st_size,
        "./models/m-F16-00001-of-00002.gguf": sum(path.stat().st_size for path in parts),
        "./models/m-Q8_0.GGUF": small.stat().st_size,
    }
    result = command(*listed("here"), "--json")
    assert [model["parameters"] for model in result.json["models"]] == [5, 12, 32]


def test_gguf_models_of_the_hub_cache_are_found(hub_cache: Path, command: Command) -> None:
    head, values = Form().head({"x.weight": ("F32", (5,))}, {})
    content = head + bytes(values)
    write_hub(hub_cache, "org/one-GGUF", {"m.gguf": content, "README.md": b""})
    write_hub(hub_cache, "org/two-GGUF", {"m-Q8_0.gguf": content, "m-F16.gguf": content})
    write_hub(hub_cache, "org/both", {"m.gguf": content, "model.safetensors": ONE})
    models = list(listed("hub cache"))
    assert [model for model in models if not os.path.isabs(model)] == ["org/both", "org/one-GGUF"]
    assert [os.path.basename(model) for model in models if os.path.isabs(model)] == ["m-F16.gguf", "m-Q8_0.gguf"]
    assert {model["parameters"] for model in command(*models, "--json").json["models"]} == {5}
    assert "there are 2 GGUF models in it" in command("org/two-GGUF").complaint


def test_what_was_read_from_the_hub_is_listed_as_seen(
    here: Path, hub: Hub, hub_cache: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here / "one" / "model.safetensors", ONE)
    for name in ("org/a", "org/b"):
        hub.add(name, here / "one")
        assert command(name).status == 0
    hub.models["org/b"].revisions["v1"] = "d" * 40
    assert command("org/b@v1").status == 0
    assert listed("hub (seen)") == {"org/a": None, "org/b": None, "org/b@v1": None}
    assert "hub (seen)                 org/a" in command("--list").out
    write_hub(hub_cache, "org/a", {"model.safetensors": ONE})
    assert list(listed("hub (seen)")) == ["org/b", "org/b@v1"]
    monkeypatch.setenv("HF_ENDPOINT", "http://another.hub")
    assert listed("hub (seen)") == {}


def test_pytorch_files_are_found_and_what_lies_beside_a_model_is_not(here: Path) -> None:
    write(here / "both" / "model.safetensors", ONE)
    for name in ("both/pytorch_model.bin", "runs/epoch1.ckpt", "runs/optimizer.pt", "runs/firmware.bin", "hf/a.txt"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(bytes(10))
    for name in ("pytorch_model-1-of-2.bin", "pytorch_model-2-of-2.bin", "pytorch_model.bin.index.json"):
        (here / "hf" / name).write_bytes(bytes(20))
    (here / "step").mkdir()
    for name in (".metadata", "__0_0.distcp", "__1_0.distcp"):
        (here / "step" / name).write_bytes(bytes(30))
    assert listed("here") == {
        "./both": (here / "both" / "model.safetensors").stat().st_size,
        "./hf": 40,
        "./runs/epoch1.ckpt": 10,
        "./step": 60,
    }


def test_every_checkpoint_of_a_folder_is_listed_whatever_stands_beside_it(here: Path) -> None:
    whole, other = write(here / "m" / "model.safetensors", ONE), write(here / "m" / "lora.safetensors", ONE)
    torch.save({"a.weight": torch.zeros(5)}, here / "m" / "kokoro.pth")
    torch.save({"a.weight": torch.zeros(5)}, here / "m" / "learned_embeds.bin")
    torch.save({"a.weight": torch.zeros(5)}, here / "m" / "pytorch_model.bin")
    for name in ("optim.pt", "optim_000100_rank0.pt", "scheduler.pt", "zero_pp_rank_0_mp_rank_00_optim_states.pt"):
        torch.save({"a.weight": torch.zeros(5)}, here / "m" / name)
    for name in ("firmware.bin", "training_args.bin", "model.bin"):
        (here / "m" / name).write_bytes(bytes(50))
    found = listed("here")
    assert list(found) == ["./m", "./m/kokoro.pth", "./m/learned_embeds.bin", "./m/lora.safetensors"]
    assert (found["./m"], found["./m/lora.safetensors"]) == (whole.stat().st_size, other.stat().st_size)


def test_the_shards_of_one_model_are_listed_as_one(here: Path, command: Command) -> None:
    for number in (1, 2):
        write(here / f"model-0000{number}-of-00002.safetensors", {f"{number}.weight": ("F32", (5,))})
        torch.save({f"{number}.weight": torch.zeros(5)}, here / f"other-0000{number}-of-00002.pt")
    found = listed("here")
    assert list(found) == ["./model-00001-of-00002.safetensors", "./other-00001-of-00002.pt"]
    assert [model["parameters"] for model in command(*found, "--json").json["models"]] == [10, 10]


def test_folders_that_several_gpus_wrote_are_listed_as_one(here: Path) -> None:
    files = [
        *("meta/consolidated.00.pth", "meta/consolidated.01.pth", "neox/layer_00-model_00-model_states.pt"),
        *("neox/mp_rank_00_model_states.pt", "run/iter_1/mp_rank_00/model_optim_rng.pt"),
        *("run/iter_1/mp_rank_01/model_optim_rng.pt", "verl/model_world_size_2_rank_0.pt"),
        *("verl/model_world_size_2_rank_1.pt", "verl/optim_world_size_2_rank_1.pt"),
        *("verl/extra_state_world_size_2_rank_1.pt", "uni/mp_rank_00_model_states.pt", "uni/zero/a.weight/fp32.pt"),
        *("sd/model_index.json", "sd/unet/diffusion_pytorch_model.bin"),
    ]
    for name in files:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        torch.save({"a.weight": torch.zeros(1)}, here / name)
    found = ["./meta", "./neox", "./run/iter_1", "./sd", "./sd/unet/diffusion_pytorch_model.bin", "./uni", "./verl"]
    assert list(listed("here")) == found


def test_a_trainers_state_beside_an_optimizers_is_no_model(here: Path) -> None:
    for name in ("model.pt", "optim.pt", "train.pt"):
        torch.save({"a.weight": torch.zeros(1)}, here / name)
    assert list(listed("here")) == ["./model.pt"]

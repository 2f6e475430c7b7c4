"""What other tools keep on this machine: listed with where it is from, and opened by an address."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from core.checkpoint.errors import CheckpointError
from core.locate.catalog import entries
from core.locate.location import TOOL_SCHEMES, locate
from core.locate.tools.ollama import MAX_MANIFEST_BYTES
from core.locate.tools.table import TOOLS
from tests.support.checkpoints import Tensors, write, write_hub
from tests.support.command import Command
from tests.support.gguf_files import write as write_gguf

ONE: Tensors = {"x.weight": ("F32", (5,))}
WEIGHTS = "application/vnd.ollama.image.model"
VARIABLES = (
    *("OLLAMA_MODELS", "LLAMA_CACHE", "TORCH_HOME", "MODELSCOPE_CACHE", "VLLM_CACHE_ROOT", "VLLM_ASSETS_CACHE"),
    *("TRANSFORMERS_CACHE", "SENTENCE_TRANSFORMERS_HOME"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no variable that names another place."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / ".cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def listed(source: str) -> list[str]:
    return [entry.model for entry in entries() if entry.source == source]


def ollama(models: Path, path: str, number: int = 1, layers: object = None, blob: bool = True) -> Path:
    """Writes a model as Ollama keeps it."""
    digest = f"{number:064x}"
    kept = models / "blobs" / f"sha256-{digest}"
    if blob:
        write_gguf(kept, ONE)
    manifest = models / "manifests" / path
    manifest.parent.mkdir(parents=True, exist_ok=True)
    if layers is None:
        layers = [
            {"mediaType": "application/vnd.ollama.image.license", "digest": f"sha256:{'0' * 64}", "size": 1},
            {"mediaType": WEIGHTS, "digest": f"sha256:{digest}", "size": 100},
        ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return kept


def test_what_ollama_keeps_is_listed_and_opens_by_its_name(home: Path, command: Command) -> None:
    models = home / ".ollama" / "models"
    kept = ollama(models, "registry.ollama.ai/library/llama3.2/3b")
    ollama(models, "registry.ollama.ai/library/llama3.2/latest", 2)
    ollama(models, "registry.ollama.ai/someone/tuned/q4", 3)
    ollama(models, "hf.co/org/name-GGUF/Q4_K_M", 4)
    names = ["hf.co/org/name-GGUF:Q4_K_M", "llama3.2:3b", "llama3.2:latest", "someone/tuned:q4"]
    assert listed("Ollama") == [f"ollama:{name}" for name in names]
    (first,) = [entry for entry in entries() if entry.model == "ollama:llama3.2:3b"]
    assert first.bytes == kept.stat().st_size
    assert locate("ollama:llama3.2:3b").path == str(kept)
    for name in ("llama3.2", "Llama3.2:latest", "library/llama3.2", "registry.ollama.ai/library/llama3.2:latest"):
        assert locate(f"ollama:{name}").path.endswith("2"), name
    result = command("ollama:llama3.2:3b", "--json")
    assert (result.json["models"][0]["model"], result.json["models"][0]["parameters"]) == ("ollama:llama3.2:3b", 5)
    assert "Ollama" in command("--list").out


def test_the_variable_names_ollamas_folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ollama(home / ".ollama" / "models", "registry.ollama.ai/library/usual/1b")
    ollama(tmp_path / "disk", "registry.ollama.ai/library/other/1b")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "disk"))
    assert listed("Ollama") == ["ollama:other:1b"]


def test_what_is_not_kept_is_told_with_what_is(home: Path) -> None:
    with pytest.raises(CheckpointError) as nothing:
        locate("ollama:gone")
    assert "Ollama keeps no model of this name here, nor any other" in str(nothing.value.sentence(""))
    ollama(home / ".ollama" / "models", "registry.ollama.ai/library/llama3.2/3b")
    with pytest.raises(CheckpointError) as other:
        locate("ollama:gone")
    assert "it has llama3.2:3b" in other.value.sentence("")


def test_manifests_that_are_none_are_passed_over(home: Path, tmp_path: Path) -> None:
    models = home / ".ollama" / "models"
    above = "registry.ollama.ai/library/m"
    (tmp_path / "secret").write_bytes(b"x")
    layer = {"mediaType": WEIGHTS, "size": 5}
    digests: tuple[object, ...] = (
        "../../../secret",
        "sha256:" + "../" * 21 + "x",
        "sha256:" + "a" * 63,
        "sha256:" + "A" * 64,
        5,
        None,
        [],
    )
    for number, digest in enumerate(digests):
        ollama(models, f"{above}/{number}", layers=[{**layer, "digest": digest}], blob=False)
    for number, layers in enumerate(([], {}, "x", 5, [5], [[]], [{"mediaType": []}])):
        ollama(models, f"{above}/l{number}", layers=layers, blob=False)
    ollama(models, f"{above}/no-blob", 9, blob=False)
    (models / "manifests" / above / "no-json").write_bytes(b"\xff{")
    (models / "manifests" / above / "list").write_bytes(b"[]")
    (models / "manifests" / above / "huge").write_bytes(b" " * (MAX_MANIFEST_BYTES + 1))
    (models / "manifests" / above / "deep").write_bytes(b"[" * 100_000)
    (models / "manifests" / above / "link").symlink_to(tmp_path / "secret")
    (models / "manifests" / "up").symlink_to(models / "manifests")
    os.mkfifo(models / "manifests" / above / "pipe")
    assert listed("Ollama") == []


def test_every_tool_has_its_place_and_all_that_is_listed_opens(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    cache = home / ".cache"
    write_gguf(cache / "llama.cpp" / "org_name-GGUF_name-Q4_K_M.gguf", ONE)
    write_gguf(home / ".lmstudio" / "models" / "org" / "name-GGUF" / "name-Q4_K_M.gguf", ONE)
    write(home / ".cache" / "lm-studio" / "models" / "org" / "mlx" / "model.safetensors", ONE)
    (cache / "torch" / "hub" / "checkpoints").mkdir(parents=True)
    torch.save({"x.weight": torch.zeros(5)}, cache / "torch" / "hub" / "checkpoints" / "resnet50-0676ba61.pth")
    write(cache / "modelscope" / "hub" / "models" / "Qwen" / "Qwen2___5-0___5B" / "model.safetensors", ONE)
    write(cache / "modelscope" / "models" / "Qwen" / "newer" / "model.safetensors", ONE)
    write(cache / "modelscope" / "hub" / "org" / "older" / "model.safetensors", ONE)
    write(cache / "modelscope" / "hub" / "datasets" / "org" / "data" / "model.safetensors", ONE)
    write(cache / "vllm" / "assets" / "model_streamer" / "0123abcd" / "model.safetensors", ONE)
    write_hub(cache / "vllm", "org/served", {"model.safetensors": ONE})
    write_hub(tmp_path / "old", "org/older", {"model.safetensors": ONE})
    monkeypatch.setenv("TRANSFORMERS_CACHE", str(tmp_path / "old"))
    found = {source: listed(source) for source in ("llama.cpp", "LM Studio", "torch.hub", "ModelScope", "vLLM")}
    assert found == {
        "llama.cpp": ["llama.cpp:org_name-GGUF_name-Q4_K_M.gguf"],
        "LM Studio": ["lmstudio:org/name-GGUF/name-Q4_K_M.gguf", "lmstudio:org/mlx"],
        "torch.hub": ["torch.hub:resnet50-0676ba61.pth"],
        "ModelScope": ["modelscope:Qwen/Qwen2.5-0.5B", "modelscope:org/older", "modelscope:Qwen/newer"],
        "vLLM": ["vllm:org/served", "vllm:model_streamer/0123abcd"],
    }
    assert listed("other HF cache") == ["hf-cache:org/older"]
    models = [model for source in found.values() for model in source] + ["hf-cache:org/older"]
    assert [model["parameters"] for model in command(*models, "--json").json["models"]] == [5] * len(models)


def test_variables_and_settings_name_the_places(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, variable in enumerate(("LLAMA_CACHE", "TORCH_HOME", "MODELSCOPE_CACHE", "VLLM_ASSETS_CACHE")):
        monkeypatch.setenv(variable, str(tmp_path / f"place{number}"))
    write_gguf(tmp_path / "place0" / "m.gguf", ONE)
    (tmp_path / "place1" / "hub" / "checkpoints").mkdir(parents=True)
    torch.save({"x": torch.zeros(5)}, tmp_path / "place1" / "hub" / "checkpoints" / "m.pt")
    write(tmp_path / "place2" / "models" / "a" / "b" / "model.safetensors", ONE)
    write(tmp_path / "place3" / "c" / "model.safetensors", ONE)
    home.mkdir(exist_ok=True)
    (home / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'studio'}\n")
    write_gguf(tmp_path / "downloads" / "o" / "r" / "m.gguf", ONE)
    (tmp_path / "studio").mkdir()
    (tmp_path / "studio" / "settings.json").write_text(json.dumps({"downloadsFolder": str(tmp_path / "downloads")}))
    found = [entry.model for entry in entries() if entry.source not in {"built-in", "here"}]
    assert found == ["llama.cpp:m.gguf", "lmstudio:o/r/m.gguf", "vllm:c", "torch.hub:m.pt", "modelscope:a/b"]


def test_schemes_are_those_of_the_tools() -> None:
    assert tuple(tool.scheme for tool in TOOLS) == TOOL_SCHEMES


def test_when_a_checkpoint_was_written_is_told() -> None:
    path = write(Path("run") / "checkpoint-500" / "model.safetensors", ONE)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (found,) = [entry for entry in entries() if entry.source == "here"]
    assert (found.model, found.changed) == ("./run/checkpoint-500", 1_700_000_000)

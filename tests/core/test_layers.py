from __future__ import annotations

from pathlib import Path

import pytest

from core.layer_totals import layer_totals
from tests.checkpoints import Tensors, experts, gpt2, masks, write
from tests.core.helpers import counted


def rows(tmp_path: Path, tensors: Tensors) -> list[tuple[str, bool, int]]:
    count = counted(write(tmp_path / "x.safetensors", tensors))
    return [(layer, numbered, totals.parameters) for layer, numbered, totals in layer_totals(count)]


GPT2 = [
    ("wte", False, 38_597_376),
    ("wpe", False, 786_432),
    *((f"h.{n}", True, 7_087_872) for n in range(12)),
    ("ln_f", False, 1536),
]


@pytest.mark.parametrize("prefix", ["transformer.", "", "model.", "module.transformer.", "_orig_mod.transformer."])
def test_gpt2_has_its_layers_and_what_lies_outside_them(prefix: str, tmp_path: Path) -> None:
    assert rows(tmp_path, gpt2(prefix=prefix)) == GPT2


def test_layers_stored_in_the_order_of_text_stand_in_natural_order(tmp_path: Path) -> None:
    found = rows(tmp_path, dict(sorted(gpt2(prefix="").items())))
    assert [layer for layer, numbered, _ in found if numbered] == [f"h.{n}" for n in range(12)]
    assert sorted(found) == sorted(GPT2)


def test_masks_do_not_change_the_layers(tmp_path: Path) -> None:
    assert rows(tmp_path, {**gpt2(prefix=""), **masks(12)}) == GPT2


def test_experts_lie_in_their_layer(tmp_path: Path) -> None:
    found = rows(tmp_path, dict(experts(3, 8)))
    assert [layer for layer, _, _ in found] == ["embed_tokens", "layers.0", "layers.1", "layers.2", "lm_head"]
    assert len({parameters for _, numbered, parameters in found if numbered}) == 1


def test_two_towers_keep_their_names(tmp_path: Path) -> None:
    tensors: Tensors = {
        f"{tower}_model.encoder.layers.{n}.mlp.fc1.weight": ("F32", (4, 4))
        for tower in ("text", "vision")
        for n in (0, 1)
    }
    assert [layer for layer, _, _ in rows(tmp_path, tensors)] == [
        f"{tower}_model.encoder.layers.{n}" for tower in ("text", "vision") for n in (0, 1)
    ]


def test_a_model_without_numbers_has_its_modules_as_rows(tmp_path: Path) -> None:
    tensors: Tensors = {"fc.weight": ("F32", (2, 3)), "fc.bias": ("F32", (2,)), "scale": ("F32", ())}
    assert rows(tmp_path, tensors) == [("fc", False, 8), ("scale", False, 1)]

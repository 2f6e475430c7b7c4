"""A folder to be in, with models of several kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mixed(folder: Path) -> list[str]:
    """Two GPT-2, a Llama-shaped, a Mixtral-shaped, a broken file."""
    write_model(folder / "llama", llama(LLAMA), LLAMA)
    write_model(folder / "mixtral", llama(MIXTRAL), MIXTRAL)
    (folder / "cut.safetensors").write_bytes((3000).to_bytes(8, "little") + b"{")
    return ["gpt2", "gpt2-xl", "./llama", "./mixtral", "./cut.safetensors"]

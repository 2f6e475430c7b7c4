"""Files that were split by bytes: each piece is told for what it is, with the command that joins them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.support.checkpoints import gpt2, write
from tests.support.command import Command

# ggml-org/llama.cpp's files of TheBloke (part1of2, split-a), split -b with and without a prefix, split -d.
NAMES = {
    "model.safetensors": ["model.safetensors.part1of2", "model.safetensors.part2of2"],
    "m.gguf": ["m.gguf-split-a", "m.gguf-split-b"],
    "a.bin": ["a.bin.partaa", "a.bin.partab", "a.bin.partac"],
    "b.bin": ["b.bin.00", "b.bin.01"],
    "c.pt": ["c.pt.aa", "c.pt.ab"],
    "d.pt": ["d.pt.001", "d.pt.002"],
    "e.pt": ["e.pt.part1", "e.pt.part2"],
    "WHOLE": ["xaa", "xab"],
}


def cut(content: bytes, names: list[str], folder: Path) -> list[Path]:
    size = -(-len(content) // len(names))
    for number, name in enumerate(names):
        (folder / name).write_bytes(content[number * size : (number + 1) * size])
    return [folder / name for name in names]


@pytest.mark.parametrize("whole", list(NAMES))
def test_a_piece_is_told_to_be_joined(whole: str, tmp_path: Path, command: Command) -> None:
    source = tmp_path / "source"
    if whole.endswith("safetensors"):
        write(source, gpt2(layers=1))
    else:
        torch.save({"a.weight": torch.zeros(1000)}, source)
    content = source.read_bytes()
    source.unlink()
    paths = cut(content, NAMES[whole], tmp_path)
    joined = f"join them first: cat {' '.join(NAMES[whole])} > {whole}"
    for number, path in enumerate(paths, 1):
        complaint = command(path).complaint
        assert f"this is piece {number} of {len(paths)} of a file that was split by bytes; {joined}" in complaint
    assert joined in command(tmp_path).complaint


def test_a_piece_without_the_others_says_how_many_are_missing(tmp_path: Path, command: Command) -> None:
    for number in (1, 2):
        (tmp_path / f"a.gguf.part{number}of3").write_bytes(b"\1" * 99)
    complaint = command(tmp_path / "a.gguf.part2of3").complaint
    assert "piece 2 of 3 of a file that was split by bytes, of which 2 are here" in complaint


def test_whole_files_with_such_names_are_read(tmp_path: Path, command: Command) -> None:
    for name in ("a.00", "a.01", "xaa", "xab", "m.part1", "m.part2"):
        torch.save({"a.weight": torch.zeros(7)}, tmp_path / name)
        assert command(tmp_path / name, "--json").model["parameters"] == 7
    torch.save({"a.weight": torch.zeros(7)}, tmp_path / "model.pt")
    for name in ("model.py", "model.md", "model.part.pt", "model.part.py", "run.10", "run.11"):
        (tmp_path / name).write_text("import torch")
    assert command(tmp_path / "model.pt", "--json").model["parameters"] == 7
    assert "split by bytes" not in command(tmp_path / "run.10").complaint
    (tmp_path / "b c.pt.aa").write_bytes(b"\1" * 99)
    (tmp_path / "b c.pt.ab").write_bytes(b"\1" * 99)
    assert "cat 'b c.pt.aa' 'b c.pt.ab' > 'b c.pt'" in command(tmp_path / "b c.pt.aa").complaint


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", ["model.zip", "latest_checkpoint.tar", "r50.pth.tar"])
def test_what_torch_save_wrote_opens_under_an_archives_name(
    name: str, legacy: bool, tmp_path: Path, command: Command
) -> None:
    torch.save({"a.weight": torch.zeros(7)}, tmp_path / name, _use_new_zipfile_serialization=not legacy)
    assert command(tmp_path / name, "--json").model["parameters"] == 7

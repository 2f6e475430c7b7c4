"""What no rule knows is told by name."""

from __future__ import annotations

from pathlib import Path

from core.count.unrecognised import UnrecognisedName
from tests.support.checkpoints import Tensors, gpt2, write
from tests.support.command import Command
from tests.support.counting import counted

UNKNOWN: Tensors = {
    **{f"wav2vec2.blocks.{n}.thing{m}.weight": ("F32", (5, 2)) for n in range(3) for m in (1, 2)},
    **{f"wav2vec2.blocks.{n}.attn.qkv.weight": ("F32", (30, 10)) for n in range(3)},
    "wav2vec2.gamma2": ("F32", (7,)),
}


def test_names_that_differ_in_digits_are_one_the_largest_first(tmp_path: Path) -> None:
    count = counted(write(tmp_path / "x.safetensors", UNKNOWN))
    assert count.unrecognised == [
        UnrecognisedName("wav2vec2.blocks.N.thingN.weight", 6, 60),
        UnrecognisedName("wav2vec2.gamma2", 1, 7),
    ]
    assert sum(each.parameters for each in count.unrecognised) == count.totals.categories["other"].parameters


def test_flat_names_that_differ_in_digits_are_told_as_such(tmp_path: Path) -> None:
    tensors: Tensors = {f"thing{n}.weight": ("F32", (n, 8)) for n in range(1, 4)}
    assert counted(write(tmp_path / "x.safetensors", tensors)).unrecognised == [
        UnrecognisedName("thingN.weight", 3, 48)
    ]


def test_they_are_told_in_text_markdown_and_json(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", UNKNOWN)
    for output in ("--print", "--markdown"):
        out = command(path, output).out
        assert "Other, by name" in out
        assert "wav2vec2.blocks.N.thingN.weight" in out
        assert "Other, by name" not in command(path, output, "--by", "layer").out
    names = command(path, "--json").model["categories"]["other"]["names"]
    assert names == [
        {"name": "wav2vec2.blocks.N.thingN.weight", "tensor_count": 6, "parameters": 60},
        {"name": "wav2vec2.gamma2", "tensor_count": 1, "parameters": 7},
    ]


def test_a_hundredth_or_less_is_not_told(tmp_path: Path, command: Command) -> None:
    for size, told in ((100, False), (101, True)):
        tensors: Tensors = {"h.0.attn.q.weight": ("F32", (10_000 - size,)), "gamma": ("F32", (size,))}
        path = write(tmp_path / f"{size}.safetensors", tensors)
        assert ("Other, by name" in command(path, "--print").out) == told
    assert "Other, by name" not in command("gpt2", "--print").out


def test_a_thousand_names_are_a_few_lines_and_the_sum_of_the_rest(tmp_path: Path, command: Command) -> None:
    names = [f"xx{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300)]
    path = write(tmp_path / "x.safetensors", {name: ("F32", (3, 1 + len(names) - n)) for n, name in enumerate(names)})
    out = command(path, "--print").out
    (line,) = [line for line in out.splitlines() if "more name" in line]
    assert line.split()[:3] == ["290", "more", "names"]
    shown = [int(row.split()[2].replace(",", "")) for row in out.splitlines() if row.startswith("○ x")]
    assert len(shown) == 10
    assert sum(shown) + int(line.split()[3].replace(",", "")) == counted(path).totals.parameters
    assert len(command(path, "--json").model["categories"]["other"]["names"]) == 10


def test_gpt2_has_none(tmp_path: Path) -> None:
    assert counted(write(tmp_path / "x.safetensors", gpt2())).unrecognised == []

"""The text of the command, as people read it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.report.results import BY
from core.text.width import cells
from tests.support.checkpoints import Tensors, experts, gpt2, masks, write, write_shards
from tests.support.command import ROOT, Command, run_process


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    tensors: Tensors = {
        "x" * 10_000: ("F32", (3,)),
        "中文" * 100 + ".weight": ("F32", (4,)),
        "a." * 200 + "weight": ("F64", (5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
        "\x1b[31mred\n\u202e": ("F32", (6,)),
        "": ("F32", ()),
        "..": ("I8", (1 << 40,)),
    }
    return write(tmp_path / ("long" * 40 + "\u202e.safetensors"), tensors)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("flags", [[], ["--ascii"]])
def test_text_fits_80_columns(by: str, flags: list[str], strange: Path, tmp_path: Path, command: Command) -> None:
    deep = write_shards(tmp_path / "deep", [dict(experts(3, 5))])
    result = command("gpt2", "gpt2-xl", deep, strange, "--print", "--by", by, *flags)
    assert (result.status, result.err) == (0, "")
    for line in result.out.splitlines():
        assert cells(line) <= 80
        assert line.isprintable()
        assert line == line.rstrip()
    assert result.out.isascii() or not flags


def test_text_reads_as_people_expect(command: Command) -> None:
    result = command("gpt2")
    assert result.err == ""
    assert result.out.splitlines() == [
        "gpt2: GPT2LMHeadModel · 124,439,808 parameters · 148 tensors · 497.8 MB",
        "  12 layers · width 768 · 12 heads of 64 · MLP width 3,072 · vocabulary 50,257 ·",
        "  context 1,024 · F32 · 32.00 bits a weight",
        "",
        "  Category     Parameters  Share %      Weights   Biases  Tensors      Size",
        "● Attention    28,348,416    22.78   28,311,552   36,864       48  113.4 MB",
        "■ MLP          56,669,184    45.54   56,623,104   46,080       48  226.7 MB",
        "▲ Layer norm       38,400     0.03       19,200   19,200       50  153.6 kB",
        "◆ Embedding    39,383,808    31.65   39,383,808        0        2  157.5 MB",
        "  Total       124,439,808   100.00  124,337,664  102,144      148  497.8 MB",
        "",
        "note: lm_head.weight is tied to transformer.wte.weight: counted once",
    ]


def test_a_figure_and_its_unit_stay_in_one_line(tmp_path: Path, command: Command) -> None:
    for length in range(30):
        out = command(write(tmp_path / ("x" * length + ".safetensors"), {**gpt2(), **masks(12)}), "--print").out
        lines = out[: out.index("Category")].splitlines()
        for told in ("124,439,808 parameters", "148 of 172 tensors", "497.8 MB"):
            assert any(told in line for line in lines)


def test_text_says_what_is_not_counted(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    assert "not counted, buffers (not trained): 12,582,924 elements in 24 tensors, 50.3 MB" in command(path).out


@pytest.mark.parametrize("arguments", [["gpt2"], ["gpt2", "--markdown"], ["gpt2", "--by", "layer"], ["--list"]])
def test_an_output_that_is_not_utf8_gets_what_it_can_show(arguments: list[str]) -> None:
    result = run_process(*arguments, environment={"PYTHONIOENCODING": "ascii"})
    assert (result.status, result.err) == (0, "")
    assert result.out.isascii()
    assert "gpt2" in result.out


def test_piped_text_has_no_colours_whatever_the_terminal() -> None:
    result = run_process("gpt2", environment={"TERM": "xterm-256color", "FORCE_COLOR": "1", "COLORTERM": "truecolor"})
    assert "\x1b" not in result.out


def on_a_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """What the command writes where its standard output is a terminal and its input is none."""
    reading, writing = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
    ) as process:
        os.close(writing)
        written = b""
        try:
            while piece := os.read(reading, 65536):
                written += piece
        except OSError:  # a terminal ends so when its last writer is gone
            pass
        assert process.wait(60) == 0
    os.close(reading)
    return written.decode()


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "linux", "NO_COLOR": ""}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ],
)
def test_colours_are_for_terminals_that_show_them_and_people_who_want_them(
    environment: dict[str, str], coloured: bool
) -> None:
    written = on_a_terminal("gpt2", "--print", environment=environment)
    assert "22.78" in written
    assert ("\x1b[" in written) == coloured

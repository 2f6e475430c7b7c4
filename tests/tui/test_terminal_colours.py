"""What terminals of few colours or without Unicode get of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.terminal import DOWN
from tests.support.checkpoints import gpt2, write
from tests.support.recorder import CTRL_P, CTRL_Q, ENTER, ESC, READY, Recorder


def colours(written: bytes) -> set[str]:
    """The parts of all SGR sequences that set a colour."""
    found: set[str] = set()
    for parameters in re.findall(rb"\x1b\[([\d;:]*)m", written):
        parts = parameters.decode().replace(":", ";").split(";")
        found |= {part for part in parts if part and (30 <= int(part) <= 48 or 90 <= int(part) <= 107)}
    return found - {"39"}


def test_no_color_writes_no_colour(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(*READY)
        for key in (b"2", b"3", b"1", DOWN, b"E", b"?", ESC, b"x", ESC, CTRL_P, ESC, b"/h"):
            terminal.send(key)
            terminal.wait_until_quiet(0.2)
        assert colours(terminal.written) == set()
        assert re.search(rb"\x1b\[[\d;]*7[;m]", terminal.written), "the cursor's row is seen all the same"
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


def test_colours_are_there_otherwise(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        assert {"38", "48"} <= colours(terminal.written)


def test_sixteen_colours_are_enough(tmp_path: Path) -> None:
    environment = {"TERM": "xterm", "COLORTERM": "", "TEXTUAL_COLOR_SYSTEM": "standard"}
    with Recorder("gpt2", folder=tmp_path, environment=environment) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"2")
        terminal.wait_for("h.11")
        found = colours(terminal.written)
        assert found
        assert not found & {"38", "48"}, "neither 256 colours nor more"


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--ascii"], {}),
        ([], {"LANG": "C", "PYTHONIOENCODING": "ascii"}),
        ([], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ([], {"LANG": "C", "PYTHONIOENCODING": "latin-1"}),
    ],
)
def test_ascii_terminals_get_ascii(tmp_path: Path, arguments: list[str], environment: dict[str, str]) -> None:
    write(tmp_path / "注é.safetensors", {**gpt2(prefix="", layers=1), "ñ.注": ("F32", (3,))})
    with Recorder("gpt2", *arguments, folder=tmp_path, environment=environment) as terminal:
        terminal.wait_for(*READY)
        for key in (b"2", b"3", b"1", b"E", DOWN, b"y", b"?", ESC, b"x", ESC, CTRL_P, ESC, b"\t", b"/h", ESC, b"o"):
            terminal.send(key)
            terminal.wait_until_quiet(0.2)
        terminal.wait_for("safetensors")
        terminal.send(b"safe" + ENTER)
        terminal.wait_for(r"[+-] +h")
        terminal.send(b"E")
        terminal.wait_until_quiet()
        outside = set(terminal.written.decode("utf-8", "replace")) - set(map(chr, range(128)))
        assert outside == set()
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()

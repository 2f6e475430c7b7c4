"""Ctrl+Z: back to the shell, and on with `fg`."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

from bench.terminal import Terminal, colour_environment
from tests.support.command import ROOT
from tests.support.recorder import CTRL_Q, READY, Recorder

CTRL_Z = b"\x1a"


@pytest.mark.parametrize(("model", "shown"), [("", "gpt2-xl"), ("gpt2", "Embedding")])
def test_ctrl_z_stops_it_and_fg_draws_all_of_it_anew(tmp_path: Path, model: str, shown: str) -> None:
    shell = shutil.which("bash")
    assert shell, "a shell with job control"
    variables = colour_environment() | {"PYTHONPATH": str(ROOT), "PS1": "READY> ", "HOME": str(tmp_path)}
    argv = [shell, "--norc", "--noprofile", "-i"]
    with Terminal(argv, columns=80, rows=24, folder=tmp_path, environment=variables) as terminal:
        terminal.wait_for("READY>")
        terminal.send(f"{shlex.quote(sys.executable)} -m tui {model}\r".encode())
        terminal.wait_for(shown)
        terminal.wait_until_quiet()
        before = terminal.text
        terminal.send(CTRL_Z)
        terminal.wait_for("Stopped")
        terminal.send(b"echo still$((1 + 1))here\r")
        terminal.wait_for("still2here")
        terminal.send(b"fg\r")
        # All of it is drawn anew: nothing of the shell's is left.
        terminal.wait_for(rf"\A{re.escape(before)}\Z")
        if not model:
            terminal.send(b"medium")
            terminal.wait_for("1 of 4 models")
            assert "gpt2-large" not in terminal.text
        terminal.send(CTRL_Q)
        terminal.wait_for("READY>")
        terminal.send(b"echo status$?\r")
        terminal.wait_for("status0")


def test_without_a_shell_to_go_back_to_it_goes_on(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(CTRL_Z)
        time.sleep(0.3)
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()

"""What the program bears in a real terminal: bugs, sizes that no terminal has, odd variables, random keys."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import termios
from pathlib import Path

import pytest

from bench.terminal import DOWN
from tests.support.checkpoints import gpt2, write
from tests.support.recorder import CTRL_P, CTRL_Q, ENTER, ESC, PAGE_DOWN, PAGE_UP, READY, Recorder


@pytest.mark.parametrize("pressed", [b"\xff\xfe", b"\xe9", b"\xc3x", b"\xed\xa0\x80", bytes(range(160, 256))], ids=len)
def test_bytes_that_are_no_utf8_do_not_end_it(tmp_path: Path, pressed: bytes) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"/" + pressed)
        terminal.wait_until_quiet()
        assert b"\x1b[?1049l" not in terminal.written
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert terminal.after_screen == ""


@pytest.mark.parametrize(
    "variables",
    [
        {"TEXTUAL_DRIVER": "nonsense"},
        {"TEXTUAL_COLOR_SYSTEM": "nonsense"},
        {"TEXTUAL_FPS": "abc", "TEXTUAL_ANIMATIONS": "abc", "TEXTUAL_THEME": "abc"},
        {"TEXTUAL": "devtools", "TEXTUAL_PRESS": "q", "TEXTUAL_SCREENSHOT": "0", "TEXTUAL_FPS": "9" * 400},
        {"COLUMNS": "100000", "LINES": "100000"},
    ],
    ids=" ".join,
)
def test_odd_variables_do_no_harm(tmp_path: Path, variables: dict[str, str]) -> None:
    with Recorder("gpt2", folder=tmp_path, environment=variables) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert terminal.after_screen == ""


def test_a_terminal_that_claims_a_huge_size_is_drawn_in_a_bounded_one(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        fcntl.ioctl(terminal._fd, termios.TIOCSWINSZ, struct.pack("4H", 65_535, 65_535, 0, 0))
        terminal.wait_until_quiet(timeout=60)
        assert terminal.peak_megabytes() < 200
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


def test_hundreds_of_reloads_cost_a_few(tmp_path: Path) -> None:
    layers = {f"h.{n}.mlp.{k}.weight": ("F32", (3, 3)) for n in range(400) for k in range(25)}
    model = write(tmp_path / "x.safetensors", layers)
    with Recorder(model, folder=tmp_path) as terminal:
        terminal.wait_for(r"[▸+]")
        terminal.wait_until_quiet()
        before = terminal.peak_megabytes()
        for _ in range(20):
            terminal.send(b"r" * 10)
            threads = len(os.listdir(f"/proc/{terminal._pid}/task"))
            assert threads <= 6, "the main one, two of Textual's, two loads, and one that is ending"
        terminal.wait_until_quiet()
        terminal.wait_for("h.0–399 ×400")
        assert terminal.peak_megabytes() < before + 60
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0


BUGS = {
    "in a key": (
        "from tui.explorer.screen import ExplorerScreen\n"
        "def bug(self): raise RuntimeError('\\x1b[2Jno\\nmore')\n"
        "ExplorerScreen.action_sort = bug",
        b"s",
    ),
    "in a load": (
        "import tui.load\ndef bug(*_): raise RuntimeError('\\x1b[2Jno\\nmore')\ntui.load.build_tree = bug",
        b"",
    ),
    "in a drawing": (
        "from tui.charts.share_bars import ShareBars\n"
        "def bug(*_): raise RuntimeError('\\x1b[2Jno\\nmore')\n"
        "ShareBars.draw = bug",
        b"",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_ends_it_with_1_and_says_where_its_report_is(tmp_path: Path, bug: str) -> None:
    code, key = BUGS[bug]
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        if key:
            terminal.wait_for(*READY)
            terminal.send(key)
        assert terminal.wait_for_exit() == 1
        terminal.check_restored()
        said = terminal.after_screen
    assert "Traceback" not in said
    assert "\x1b[2J" not in said
    (sentence,) = [line for line in said.splitlines() if "gpt2-explore: " in line]
    assert r"a bug of gpt2-explore ended it (RuntimeError: \x1b[2Jno\nmore)" in sentence
    assert "please send that file to where you got gpt2-explore from" in sentence
    (report,) = tmp_path.glob("gpt2-explore-*.txt")
    assert str(report) in sentence
    assert "RuntimeError" in report.read_text()
    assert "Traceback (most recent call last)" in report.read_text()


def test_resizes_from_huge_to_tiny_and_back(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        for key in (b"1", b"2", b"3", b"?", ESC, b"x", ESC, b"/", ESC, b"o", ESC):
            terminal.send(key)
            for size in ((80, 24), (60, 20), (200, 60), (20, 5), (1, 1), (120, 36)):
                terminal.resize(*size)
                terminal.wait_until_quiet(0.03)
        terminal.send(b"1")
        terminal.resize(80, 24)
        terminal.wait_for(*READY)
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (200, 60), (20, 5)])
def test_it_starts_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    with Recorder("gpt2", folder=tmp_path, size=size) as terminal:
        terminal.wait_for("too small|oo sma" if size == (20, 5) else r"22\.78")
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


MOVES = [b"\x1b[A", DOWN, b"\x1b[C", b"\x1b[D", PAGE_UP, PAGE_DOWN, b"\x1b[H", b"\x1b[F", b"\t", b"\x1b[Z", ESC]


LETTERS = [bytes([letter]) for letter in b"hjklgGeEcfspnNyr123/x?o "]


MOUSE = [
    f"\x1b[<{button};{x};{y}{kind}".encode()
    for button, x, y, kind in (
        (0, 3, 6, "M"),
        (0, 3, 6, "m"),
        (64, 9, 5, "M"),
        (65, 9, 5, "M"),
        (0, 70, 24, "M"),
        (0, 70, 24, "m"),
    )
]


ODD = ["é".encode(), "注".encode(), b"\x1b[200~pasted\x1b[201~", b"\x7f", b"\x00", b"\x1bOP", b"\x1bx"]


@pytest.mark.parametrize(
    ("seed", "more"),
    # Enter in the list of commands might run the one that quits.
    [(7, [ENTER, *MOUSE]), (8, [CTRL_P])],
    ids=["with Enter", "with Ctrl+P"],
)
def test_three_hundred_random_keys(tmp_path: Path, seed: int, more: list[bytes]) -> None:
    write(tmp_path / "x.safetensors", gpt2(layers=3))
    keys = random.Random(seed).choices([*MOVES, *LETTERS, *ODD, *more], k=300)
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        for start in range(0, 300, 10):
            terminal.send(b"".join(keys[start : start + 10]))
            terminal.press(b"", silence=0.02, patience=0.05)
            assert terminal.exit_status is None
        terminal.wait_until_quiet(0.3)
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert "gpt2-explore:" not in terminal.after_screen

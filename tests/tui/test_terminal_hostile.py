"""What the program bears in a real terminal: bugs, sizes that no terminal has, odd variables, random keys."""

from __future__ import annotations

import fcntl
import os
import random
import re
import struct
import termios
from pathlib import Path

import pytest

from bench.terminal import DOWN
from tests.support.checkpoints import gpt2, write
from tests.support.recorder import CTRL_P, CTRL_Q, ENTER, ESC, PAGE_DOWN, PAGE_UP, READY, Recorder

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
        "from tui.charts.row_blocks import RowBlocks\n"
        "def bug(*_): raise RuntimeError('\\x1b[2Jno\\nmore')\n"
        "RowBlocks.draw = bug",
        b"",
    ),
}

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

REFUSE_THREADS = """
import threading
start = threading.Thread.start
def refusing(self):
    if {refused}: raise RuntimeError("can't start new thread")
    start(self)
threading.Thread.start = refusing
"""

NO_MORE_THREADS = "there is no more of the threads that it needs; allow more: ulimit -u unlimited"

NONE_BUT_TEXTUALS = REFUSE_THREADS.format(refused='not self.name.startswith("textual-")')

DIALOGUES = {b"?": "close the filter", b"x": "Enter: the name, then write", b"o": "type to filter"}
"""What is seen of each, by the key that opens it."""


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
        {"COLUMNS": "abc", "LINES": "-5"},
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
    with Recorder("gpt2", folder=tmp_path, size=(120, 36)) as terminal:
        terminal.wait_for(*READY)

        def resize_after(key: bytes) -> None:
            terminal.send(key)
            for size in ((80, 24), (60, 20), (200, 60), (20, 5), (1, 1), (120, 36)):
                terminal.resize(*size)
                terminal.wait_until_quiet(0.03)

        for key in (b"1", b"2", b"3"):
            resize_after(key)
        for key, seen in DIALOGUES.items():
            resize_after(key)
            terminal.wait_for(seen)
            # A key that comes right behind Esc is taken for one with Alt: it must not come before Esc is answered.
            resize_after(ESC)
            terminal.wait_for(without(seen))
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


@pytest.mark.parametrize(
    "thread",
    ["textual-output", "textual-input", "load-", ""],
    ids=["for writing", "for reading keys", "for the model", "at all"],
)
def test_no_thread_to_be_had_is_told_after_the_terminal_is_restored(tmp_path: Path, thread: str) -> None:
    code = REFUSE_THREADS.format(refused=f"self.name.startswith({thread!r})")
    with Recorder("gpt2", folder=tmp_path, code=code, size=(120, 36)) as terminal:
        if thread == "load-":
            terminal.wait_for("gpt2: the system gives this program no thread to read it in", "r reads it again")
            terminal.send(b"q")
            assert terminal.wait_for_exit() == 0
            terminal.check_restored()
            return
        assert terminal.wait_for_exit() == 1
        if b"\x1b[?1049h" in terminal.written:
            terminal.check_restored()
        assert "Traceback" not in terminal.after_screen
        reason = "the system gives this program no thread for its screen (ulimit -a tells the limits); try --print"
        assert terminal.after_screen.endswith(f"gpt2-explore: {reason}")


def test_no_thread_for_the_pickers_search_is_told_and_it_can_be_left(tmp_path: Path) -> None:
    with Recorder(folder=tmp_path, code=NONE_BUT_TEXTUALS, size=(160, 36)) as terminal:
        terminal.wait_for(f"the search broke off: {NO_MORE_THREADS}")
        terminal.send(ESC)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert terminal.after_screen == ""


def test_no_thread_for_the_page_on_a_category_is_told(tmp_path: Path) -> None:
    code = REFUSE_THREADS.format(refused='not self.name.startswith(("textual-", "load-"))')
    with Recorder("gpt2", folder=tmp_path, code=code, size=(160, 36)) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"\t\r")
        terminal.wait_for(f"the page cannot be made: {NO_MORE_THREADS}")
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert terminal.after_screen == ""


def without(text: str) -> str:
    """A pattern of a screen that does not have a text."""
    return rf"(?s)\A(?!.*{re.escape(text)})"

"""The program in a real terminal: what it leaves behind, what it writes, and what it bears."""

from __future__ import annotations

import fcntl
import os
import random
import re
import signal
import struct
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.terminal import DOWN, Terminal, colour_environment
from tests.support.checkpoints import gpt2, write
from tests.support.command import ROOT

PAGE_UP, PAGE_DOWN, ESC, ENTER = b"\x1b[5~", b"\x1b[6~", b"\x1b", b"\r"
CTRL_C, CTRL_P, CTRL_Q = b"\x03", b"\x10", b"\x11"
MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
USUAL = {b"7": b"h", b"25": b"h"}
"""Modes that are on where no program runs; all others are off."""


class Recorder(Terminal):
    """A terminal that keeps all that is written to it."""

    def __init__(
        self,
        *arguments: str | Path,
        folder: Path,
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        """
        Args:
            arguments: the command's.
            folder: where it runs.
            size: columns and rows.
            environment: variables to add.
            code: Python that runs before it, in the same process.
        """
        self.written = b""
        variables = {name: value for name, value in colour_environment().items() if name != "PYTHONIOENCODING"}
        variables |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **(environment or {})}
        main = "import sys; from tui.cli import main; sys.exit(main())"
        program = ["-c", f"{code}\n{main}"] if code else ["-m", "tui"]
        argv: Sequence[str] = [sys.executable, *program, *map(str, arguments)]
        super().__init__(argv, columns=size[0], rows=size[1], folder=folder, environment=variables)

    def _read(self, timeout: float) -> tuple[float, bytes] | None:
        chunk = super()._read(timeout)
        if chunk:
            self.written += chunk[1]
        return chunk

    def resize(self, columns: int, rows: int) -> None:
        self.text  # noqa: B018  # what was written for the old size is shown in it
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """The terminal goes away, as when its window is closed."""
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self._fd)
        os.close(null)

    def check_restored(self) -> None:
        """Whether all that was switched on is off again, and the line discipline is that of a shell."""
        state: dict[bytes, bytes] = {}
        for modes, value in MODE.findall(self.written):
            for mode in modes.split(b";"):
                state[mode] = value
        assert {b"1049", b"25", b"1000", b"2004"} <= set(state), "alternate screen, cursor, mouse, paste"
        assert state == {mode: USUAL.get(mode, b"l") for mode in state}
        assert termios.tcgetattr(self._fd) == fresh_attributes()

    @property
    def after_screen(self) -> str:
        """What was written once the screen was left, without the modes that are set back."""
        return MODE.sub(b"", self.written.rpartition(b"\x1b[?1049l")[2]).decode().strip()


def fresh_attributes() -> list[Any]:
    """Those of a terminal that no program has changed."""
    ends = os.openpty()
    try:
        return termios.tcgetattr(ends[0])
    finally:
        for end in ends:
            os.close(end)


def test_the_first_picture_has_the_trees_columns_where_they_stay(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for("Embedding", "counted once")
        terminal.wait_until_quiet()
        text = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]", b"", terminal.written).decode(errors="replace")
        assert "transformer" in text
        assert "tr…r" not in text
        assert re.findall(r"Name +Params", text)
        assert all(len(title) > 40 for title in re.findall(r"Name +Params", text))


READY = (r"22\.78", r"31\.65 %", r"[▸+]")


def test_q_leaves_with_0_and_the_terminal_restored(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()
        assert "Traceback" not in terminal.after_screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_picker_gpt2_and_enter_show_the_shares(tmp_path: Path, size: tuple[int, int]) -> None:
    with Recorder(folder=tmp_path, size=size) as terminal:
        terminal.wait_for("gpt2-xl")
        terminal.send(b"gpt2" + ENTER)
        terminal.wait_for(r"22\.78", r"45\.54", r"0\.03", r"31\.65")
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


@pytest.mark.parametrize("arguments", [["gpt2"], []])
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_signals_leave_the_terminal_restored(tmp_path: Path, number: int, status: int, arguments: list[str]) -> None:
    with Recorder(*arguments, folder=tmp_path) as terminal:
        terminal.wait_for("gpt2")
        terminal.wait_until_quiet()
        terminal.send_signal(number)
        assert terminal.wait_for_exit() == status
        terminal.check_restored()
        assert "Traceback" not in terminal.after_screen


@pytest.mark.parametrize("name", ["QUIT", "ABRT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "XCPU", "RTMIN"])
def test_other_signals_that_end_a_process_leave_the_terminal_restored(tmp_path: Path, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for("gpt2")
        terminal.wait_until_quiet()
        terminal.send_signal(number)
        assert terminal.wait_for_exit() == 128 + number
        terminal.check_restored()
        assert terminal.after_screen == ""


def test_a_signal_to_a_screen_that_hangs_restores_the_terminal(tmp_path: Path) -> None:
    code = (
        "import time\nfrom tui.explorer.screen import ExplorerScreen\n"
        "ExplorerScreen.on_unmount = lambda self: time.sleep(600)"
    )
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        terminal.wait_for(*READY)
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_for_exit() == 143
        terminal.check_restored()


def test_ctrl_c_leaves_with_130(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(CTRL_C)
        assert terminal.wait_for_exit() == 130
        terminal.check_restored()


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


def test_a_terminal_that_does_not_know_its_size_gets_a_screen_that_rests_and_ends(tmp_path: Path) -> None:
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSWINSZ, bytes(8))"
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        terminal.wait_for(*READY)
        terminal.wait_until_quiet(timeout=10)
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_for_exit() == 143
        terminal.check_restored()


REFUSE_THREADS = """
import threading
start = threading.Thread.start
def refusing(self):
    if {refused}: raise RuntimeError("can't start new thread")
    start(self)
threading.Thread.start = refusing
"""


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


NO_MORE_THREADS = "there is no more of the threads that it needs; allow more: ulimit -u unlimited"
NONE_BUT_TEXTUALS = REFUSE_THREADS.format(refused='not self.name.startswith("textual-")')


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


def test_a_screen_that_is_left_while_it_is_made_is_no_failure(tmp_path: Path) -> None:
    code = (
        "from tui.explorer.screen import ExplorerScreen\n"
        "def left(self):\n    self.app.exit(143, return_code=143)\n    self.query_one('#never-made')\n"
        "ExplorerScreen.on_mount = left"
    )
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        assert terminal.wait_for_exit() == 143
        terminal.check_restored()
        assert terminal.after_screen == ""


def test_a_signal_over_a_dialogue_ends_it_too(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(b"x")
        terminal.wait_for("Enter: the name")
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_for_exit() == 143
        terminal.check_restored()


def test_a_window_that_is_closed_ends_the_program(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.hang_up()
        assert terminal.wait_for_exit() == 129


def test_a_dumb_terminal_gets_the_text(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path, environment={"TERM": "dumb"}) as terminal:
        assert terminal.wait_for_exit() == 0
        assert b"\x1b" not in terminal.written
        text = terminal.written.decode()
        assert "TERM=dumb" in text
        for share in ("22.78", "45.54", "0.03", "31.65", "124,439,808"):
            assert share in text


def test_ctrl_p_and_page_up_at_once(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for(*READY)
        terminal.send(CTRL_P + PAGE_UP)
        terminal.wait_for("Commands")
        terminal.send(ESC)
        terminal.wait_until_quiet()
        terminal.send(CTRL_P + PAGE_DOWN + ENTER)
        terminal.wait_until_quiet()
        terminal.send(CTRL_Q)
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


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


DIALOGUES = {b"?": "cancel the load; clear the filter", b"x": "Enter: the name, then write", b"o": "type to filter"}
"""What is seen of each, by the key that opens it."""


def without(text: str) -> str:
    """A pattern of a screen that does not have a text."""
    return rf"(?s)\A(?!.*{re.escape(text)})"


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

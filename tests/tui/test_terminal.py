"""The program in a real terminal: what it leaves behind, what it writes, and what it bears."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.support.recorder import CTRL_C, CTRL_P, CTRL_Q, ENTER, ESC, PAGE_DOWN, PAGE_UP, READY, Recorder


def test_the_first_picture_has_the_trees_columns_where_they_stay(tmp_path: Path) -> None:
    with Recorder("gpt2", folder=tmp_path) as terminal:
        terminal.wait_for("Embedding", "counted once")
        terminal.wait_until_quiet()
        text = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]", b"", terminal.written).decode(errors="replace")
        assert "transformer" in text
        assert "tr…r" not in text
        assert re.findall(r"Name +Params", text)
        assert all(len(title) > 40 for title in re.findall(r"Name +Params", text))


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


@pytest.mark.parametrize(
    "name",
    [
        *("QUIT", "ABRT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "XCPU", "PWR", "STKFLT", "SYS"),
        *("RTMIN", "RTMAX"),
    ],
)
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


def test_a_terminal_that_does_not_know_its_size_gets_a_screen_that_rests_and_ends(tmp_path: Path) -> None:
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSWINSZ, bytes(8))"
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        terminal.wait_for(*READY)
        terminal.wait_until_quiet(timeout=10)
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_for_exit() == 143
        terminal.check_restored()


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

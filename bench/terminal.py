"""A program in a terminal of its own, seen from outside: when text appears, what a key costs, what memory it takes.

What the program writes is stamped when it arrives and shown to the emulator (pyte) only when the program pauses, so
that emulating takes nothing from what is measured.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar

import pyte

DOWN = b"\x1b[B"
UP = b"\x1b[A"

# A pause this long lets the emulator catch up; a program that never pauses is looked at this often.
_PAUSE = 0.02
_LOOK = 0.25

# What pyte would print as text: strings (OSC, DCS, APC, PM), CSI with one of <=>, and CSI with intermediate bytes.
_UNKNOWN = re.compile(
    rb"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[<=>][0-9;:]*[@-~]|\x1b\[[?]?[0-9;:]*[ -/]+[@-~]"
)
_CUT_SHORT = re.compile(rb"\x1b(?:[\]PX^_][^\x07\x1b]*\x1b?|\[[0-?]*[ -/]*)?$")
_ASKS_FOR_SYNC = b"\x1b[?2026$p"


Self = TypeVar("Self", bound="Terminal")


class TerminalError(Exception):
    """What was waited for did not come; the message ends with the screen."""


class KeyCost(NamedTuple):
    """What one key made the program write, and until when."""

    seconds: float
    size: int


class Terminal:
    """A program that runs in a pseudo-terminal. To be used in a `with`, whose end ends the program.

    Attributes:
        started: when the program was started, by `time.perf_counter`.
        exit_status: None while it runs.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 36,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the program.

        Args:
            argv: the program and its arguments.
            columns: the width of the terminal.
            rows: its height.
            folder: where it is started; here if None.
            environment: its whole environment; that of a colour terminal if None.
        """
        self.exit_status: int | None = None
        self._columns = columns
        self._rows = rows
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unseen: list[tuple[float, bytes]] = []
        self._held = b""
        self._asked = b""
        self._open = True
        variables = dict(colour_environment() if environment is None else environment)
        self.started = self._shown = time.perf_counter()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            _become(argv, variables, columns, rows, folder)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.exit_status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._reap(os.waitpid(self._pid, 0)[1])
        os.close(self._fd)

    @property
    def text(self) -> str:
        """The screen as it stands, its rows without trailing blanks."""
        self._show(None)
        return self._text()

    def wait_for(self, *patterns: str, timeout: float = 60) -> float:
        """Waits until the screen matches all of these regular expressions at once.

        Returns:
            The seconds from the program's start to the output that completed it.

        Raises:
            TerminalError: after `timeout` seconds, or when the program ended before.
        """
        wanted = [re.compile(pattern, re.MULTILINE) for pattern in patterns]
        if all(pattern.search(self._text()) for pattern in wanted):
            return self._shown - self.started
        end = time.perf_counter() + timeout
        looked = time.perf_counter()
        while self._open and time.perf_counter() < end:
            paused = not self._read(_PAUSE)
            if paused or time.perf_counter() - looked > _LOOK:
                seen = self._show(wanted)
                if seen is not None:
                    return seen - self.started
                looked = time.perf_counter()
        seen = self._show(wanted)
        if seen is not None:
            return seen - self.started
        raise TerminalError(f"{' and '.join(patterns)} did not appear:\n{self._text()}")

    def wait_until_quiet(self, silence: float = 0.5, timeout: float = 60) -> None:
        """Waits until nothing was written for `silence` seconds.

        Raises:
            TerminalError: where that does not happen within `timeout` seconds.
        """
        end = time.perf_counter() + timeout
        while self._open and self._read(silence):
            if time.perf_counter() > end:
                raise TerminalError(f"the screen does not come to rest:\n{self.text}")
        self._show(None)

    def wait_for_exit(self, timeout: float = 20) -> int:
        """Waits until the program has ended.

        Returns:
            Its exit status; that of a signal is negative.

        Raises:
            TerminalError: where it does not end within `timeout` seconds.
        """
        end = time.perf_counter() + timeout
        while self.exit_status is None:
            self._read(_PAUSE)
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._reap(status)
            elif time.perf_counter() > end:
                raise TerminalError(f"the program does not end:\n{self.text}")
        while self._read(0):
            pass
        return self.exit_status

    def send(self, keys: bytes) -> None:
        """Types."""
        while keys:
            keys = keys[os.write(self._fd, keys) :]

    def send_signal(self, number: int) -> None:
        """Sends the program a signal."""
        os.kill(self._pid, number)

    def press(self, key: bytes, silence: float = 0.06, patience: float = 0.25) -> KeyCost:
        """Presses a key and waits for what it brings.

        Args:
            key: what the terminal sends for it.
            silence: ends the key's output, in seconds.
            patience: how long the first output may take, in seconds.

        Returns:
            The time from the key to the last of its output, and the output's size: both 0 where there was none.
        """
        self._show(None)
        begin = last = time.perf_counter()
        self.send(key)
        size = 0
        while chunk := self._read(silence if size else patience):
            last, data = chunk
            size += len(data)
        return KeyCost(last - begin, size)

    def peak_megabytes(self) -> float:
        """The peak memory so far, of the program and of the processes it has started."""
        return sum(_peak_kilobytes(pid) for pid in _with_descendants(self._pid)) / 1024

    def _read(self, timeout: float) -> tuple[float, bytes] | None:
        """Takes what the program writes within `timeout` seconds, stamped with its arrival."""
        if not self._open or not select.select([self._fd], [], [], timeout)[0]:
            if not self._open and timeout:
                time.sleep(min(timeout, 0.005))
            return None
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # how Linux tells that no process has the terminal open any more
            data = b""
        chunk = time.perf_counter(), data
        self._open = bool(data)
        if not data:
            return None
        self._unseen.append(chunk)
        self._answer(data)
        return chunk

    def _answer(self, data: bytes) -> None:
        """Says that this terminal knows synchronised output, as most do today."""
        self._asked += data
        if _ASKS_FOR_SYNC in self._asked:
            self._asked = b""
            self.send(b"\x1b[?2026;2$y")
        self._asked = self._asked[-len(_ASKS_FOR_SYNC) :]

    def _show(self, wanted: Sequence[re.Pattern[str]] | None) -> float | None:
        """Feeds the emulator; ends where the screen matches and tells when that output arrived."""
        while self._unseen:
            self._drain()
            self._shown, data = self._unseen.pop(0)
            self._feed(data)
            if wanted and all(pattern.search(self._text()) for pattern in wanted):
                return self._shown
        return None

    def _drain(self) -> None:
        while self._open and self._read(0):
            pass

    def _feed(self, data: bytes) -> None:
        data = self._held + data
        cut = _CUT_SHORT.search(data)
        end = cut.start() if cut else len(data)
        self._held = data[end:]
        self._stream.feed(_UNKNOWN.sub(b"", data[:end]))

    def _text(self) -> str:
        return "\n".join(row.rstrip() for row in self._screen.display)

    def _reap(self, status: int) -> None:
        self.exit_status = os.waitstatus_to_exitcode(status)


def colour_environment() -> dict[str, str]:
    """This process's environment, as in a terminal with all colours that speaks UTF-8."""
    unset = {"NO_COLOR", "FORCE_COLOR", "CI", "COLUMNS", "LINES", "TEXTUAL", "LC_ALL", "LC_CTYPE", "PYTHONPATH"}
    variables = {name: value for name, value in os.environ.items() if name not in unset}
    return variables | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def _become(argv: Sequence[str], environment: dict[str, str], columns: int, rows: int, folder: Path | None) -> None:
    """Turns the forked child into the program; never returns."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
        if folder is not None:
            os.chdir(folder)
        os.execvpe(argv[0], list(argv), environment)
    except BaseException as error:
        os.write(2, f"{argv[0]} cannot be run: {error}\r\n".encode())
    finally:
        os._exit(127)


def _with_descendants(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def _peak_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    return int(peak[1]) if peak else 0

"""The program in a real terminal that keeps all that is written to it."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.terminal import Terminal, colour_environment
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


READY = (r"22\.78", r"31\.65", r"[▸+]")


def fresh_attributes() -> list[Any]:
    """Those of a terminal that no program has changed."""
    ends = os.openpty()
    try:
        return termios.tcgetattr(ends[0])
    finally:
        for end in ends:
            os.close(end)

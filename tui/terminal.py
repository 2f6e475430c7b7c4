"""What the terminal at hand can show, by its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from core.classify.category import CATEGORIES

_ANSI = {
    "bright_blue": 94,
    "yellow": 33,
    "green": 32,
    "magenta": 35,
    "red": 31,
    "bright_red": 91,
    "bright_cyan": 96,
    "bright_magenta": 95,
    "bright_yellow": 93,
    "bright_black": 90,
}


def ascii_only(asked: bool) -> bool:
    """Whether nothing but ASCII may be written: asked for, or an output that is not UTF-8."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return asked or not encoding.startswith("utf")


def usable_screen() -> bool:
    """Whether the terminal can move its cursor at all."""
    return os.environ.get("TERM", "") not in {"", "dumb", "unknown"}


def has_job_control() -> bool:
    """Whether a shell runs this program as a job of its own, and so can continue it once it is stopped.

    A shell with job control gives each job a group of processes, while the one that leads the session is the shell's.
    """
    return os.getsid(0) != os.getpgrp()


def painter(terminal: bool) -> Callable[[str, str], str]:
    """Colours a text by its category, where the output is a terminal that shows colours and nobody forbade them.

    See https://no-color.org for `NO_COLOR`.
    """
    if not terminal or os.environ.get("NO_COLOR") or not usable_screen():
        return lambda text, category: text
    return lambda text, category: f"\x1b[{_ANSI[CATEGORIES[category].ansi]}m{text}\x1b[0m"

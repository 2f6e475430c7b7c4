"""Runs commands without a terminal: how long they take and how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PYTHON = sys.executable
COMMAND = str(Path(sys.executable).with_name("gpt2-explore"))

# No headless count of a header format imports one of these.
HEAVY = frozenset({"torch", "transformers", "textual", "rich", "plotext", "numpy"})


class BenchError(Exception):
    """A measured command did not do its work."""


class Finished(NamedTuple):
    """What a command took."""

    seconds: float
    peak_megabytes: float


def measure(argv: Sequence[str]) -> Finished:
    """Runs a command to its end, its output thrown away.

    Returns:
        Its wall time, and its peak memory: no less than that of this process when it started the command.

    Raises:
        BenchError: where the command fails.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{' '.join(argv)} ended with status {process.returncode}")
    return Finished(seconds, usage.ru_maxrss / 1024)


def output(argv: Sequence[str]) -> str:
    """What a command prints.

    Raises:
        BenchError: where the command fails.
    """
    return _completed(argv).stdout


def imported(arguments: Sequence[str]) -> set[str]:
    """The top-level packages that `gpt2-explore` imports for these arguments."""
    lines = _completed([PYTHON, "-X", "importtime", "-m", "tui", *arguments]).stderr.splitlines()
    names = (line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:"))
    return {name.partition(".")[0] for name in names}


def _completed(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(argv)} ended with status {done.returncode}: {done.stderr.strip()}")
    return done

"""A hub on this machine to measure with, and the command that reads a model from it for the first time."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bench.processes import COMMAND, PYTHON, BenchError
from bench.terminal import Terminal

MODEL = "deepseek-ai/DeepSeek-V3"
LATENCY = 50
"""Milliseconds before each answer."""


class BenchHub:
    """A hub that is running."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._numbers = count()

    def command(self, *arguments: str) -> list[str]:
        """The command for the model, where nothing of it is kept."""
        fresh = self._folder / f"cache-{next(self._numbers)}"
        variables = {
            "HF_ENDPOINT": self._url,
            "XDG_CACHE_HOME": str(fresh),
            "HF_HOME": str(fresh),
            "HF_HUB_OFFLINE": "",
        }
        # Proxies of the environment are not for this machine.
        variables["NO_PROXY"] = "127.0.0.1"
        return ["env", *(f"{name}={value}" for name, value in variables.items()), COMMAND, MODEL, *arguments]

    def first_totals(self) -> float:
        """Seconds to the totals of some shards on the screen, while others are still to come.

        Raises:
            TerminalError: where there are none before all have come.
        """
        with Terminal(self.command()) as terminal:
            return terminal.wait_for(r"reading… [1-9]\d* of 163 shards", r"Attention\W+\d")


@contextmanager
def running_hub(checkpoint: Path) -> Iterator[BenchHub]:
    """A hub with one model, in a process of its own, for as long as it is wanted.

    Args:
        checkpoint: the model's folder.
    """
    folder = checkpoint.parent / "hub"
    model = folder / "models" / MODEL
    model.parent.mkdir(parents=True)
    model.symlink_to(checkpoint.resolve())
    argv = [PYTHON, "-m", "tests.support.hub", str(folder / "models"), "--latency", str(LATENCY)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise BenchError("the hub to measure with did not start")
        yield BenchHub(url, folder)
    finally:
        process.kill()
        process.wait()

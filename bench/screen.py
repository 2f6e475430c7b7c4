"""Measures the screen: its start, its keys, its memory."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.processes import COMMAND, PYTHON, BenchError
from bench.terminal import DOWN, UP, KeyCost, Terminal

# Attention's share of GPT-2, and a bar right of the middle of the screen.
GPT2_NUMBERS = (r"22\.78",)
BARS = r"^.{60,}█{8}"
# The MLP's share of DeepSeek-V3, and all its parameters.
SHARDED_TOTALS = (r"98\.01", r"671,026,404,352")
MILLION_TOTALS = (r"1,048,576,000,000",)
# A row of the tree that can be opened, or is.
TREE = r"[▸▾]"

_HELLO = [PYTHON, str(Path(__file__).with_name("hello.py"))]


class Start(NamedTuple):
    """Seconds from the start of the program."""

    numbers: float
    bars: float


class Use(NamedTuple):
    """What some Down keys took each, at the median, and the peak memory after them."""

    key: KeyCost
    peak_megabytes: float


def hello() -> float:
    """Seconds to the first paint of a Textual program with one line of text."""
    with Terminal(_HELLO) as terminal:
        return terminal.wait_for("Hello, world")


def start(checkpoint: Path, numbers: tuple[str, ...]) -> Start:
    """Opens a checkpoint on the screen and waits for its totals, then for its bars."""
    with Terminal([COMMAND, str(checkpoint)]) as terminal:
        seen = terminal.wait_for(*numbers)
        return Start(seen, terminal.wait_for(BARS))


def whole(checkpoint: Path, numbers: tuple[str, ...]) -> float:
    """Opens a checkpoint on the screen and waits for its totals and its tree."""
    with Terminal([COMMAND, str(checkpoint)]) as terminal:
        return terminal.wait_for(*numbers, TREE)


def use(checkpoint: Path, numbers: tuple[str, ...], keys: int) -> Use:
    """Opens a checkpoint, presses Down this many times once it is at rest, and leaves.

    Where the cursor cannot go further down, it goes up and comes again.

    Raises:
        BenchError: where the program does not end well.
    """
    with Terminal([COMMAND, str(checkpoint)]) as terminal:
        terminal.wait_for(*numbers, TREE)
        terminal.wait_until_quiet()
        costs: list[KeyCost] = []
        silent = 0
        while len(costs) < keys:
            cost = terminal.press(DOWN)
            if cost.size:
                costs.append(cost)
                silent = 0
                continue
            silent += 1
            if silent > 1:
                raise BenchError(f"Down changes nothing on the screen:\n{terminal.text}")
            while terminal.press(UP).size:
                pass
        peak = terminal.peak_megabytes()
        terminal.send(b"q")
        if status := terminal.wait_for_exit():
            raise BenchError(f"q ended the program with status {status}")
    return Use(KeyCost(median(cost.seconds for cost in costs), int(median(cost.size for cost in costs))), peak)

"""Measures speed and memory against their bounds; exits with 1 when one is broken."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import checkpoints, hub, processes, screen
from bench.processes import COMMAND, PYTHON, BenchError
from bench.table import Row, table
from bench.terminal import TerminalError

GPT2_PARAMETERS = 124_439_808
GPT_OSS_PARAMETERS = 20_914_757_184
SHARDED_PARAMETERS = 671_026_404_352
MILLION_PARAMETERS = 1_000_000 * 2048 * 512
GGUF_PARAMETERS = 36 * 4 * 4096 * 4096
KEYS = 30


class Pairs(NamedTuple):
    """Measurements of a reference and of the work, taken in turns."""

    reference: list[float]
    work: list[float]

    @property
    def ratio(self) -> float:
        """The median of each pair's ratio."""
        return median(work / reference for reference, work in zip(self.reference, self.work))

    @property
    def note(self) -> str:
        """Both medians."""
        return f"{_time(median(self.work))} / {_time(median(self.reference))}"


def main() -> int:
    """Runs `python -m bench`."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=_count, default=7, metavar="N", help="measurements of each (default: 7)")
    parser.add_argument("--only", choices=("headless", "hub", "screen"), help="leave the others out")
    options = parser.parse_args()
    # An installed package has its modules compiled: what a shell says of writing them is not measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="gpt2-explore-bench-") as name:
            folder = Path(name)
            _say("writing checkpoints")
            processes.output([PYTHON, "-m", "bench.checkpoints", name])
            if options.only in (None, "headless"):
                rows += headless(folder, options.pairs)
            if options.only in (None, "hub"):
                rows += from_hub(folder, options.pairs)
            if options.only in (None, "screen"):
                rows += on_screen(folder, options.pairs)
    except (BenchError, TerminalError) as error:
        print(table(rows))
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(rows))
    return 0 if all(row.ok for row in rows) else 1


def headless(folder: Path, pairs: int) -> Iterator[Row]:
    """Counting for a script: against the interpreter's start, a bare loop, and each other."""
    _verify_counts(folder)
    yield from _small_files(folder, pairs)
    yield from _many_tensors(folder, pairs)


def _small_files(folder: Path, pairs: int) -> Iterator[Row]:
    """One file of each format, against the interpreter's start."""
    gpt2 = _json(folder / checkpoints.GPT2)
    gguf = _json(folder / checkpoints.GGUF)
    _say("GPT-2, --json")
    start = _in_turns(pairs, lambda: _seconds([PYTHON, "-c", "pass"]), lambda: _seconds(gpt2))
    yield Row("GPT-2 file, --json ÷ python -c pass", start.ratio, 5, "×", start.note)
    heavy = processes.HEAVY & processes.imported(gpt2[1:])
    yield Row("heavy packages imported for it", len(heavy), 0, "packages", ", ".join(sorted(heavy)))

    _say("gpt-oss-20b in MXFP4, --json")
    packed = _json(folder / checkpoints.GPT_OSS)
    unpacked = _in_turns(pairs, lambda: _seconds([PYTHON, "-c", "pass"]), lambda: _seconds(packed))
    yield Row("gpt-oss-20b in MXFP4, --json ÷ python -c pass", unpacked.ratio, 5, "×", unpacked.note)

    _say("a GGUF file, --json")
    tokens = _in_turns(pairs, lambda: _seconds([PYTHON, "-c", "pass"]), lambda: _seconds(gguf))
    yield Row("GGUF, 150,000 tokens and merges, --json ÷ python -c pass", tokens.ratio, 7, "×", tokens.note)
    _say("GPT-2 as a .pt file, --json")
    pickled = _json(folder / checkpoints.GPT2_TORCH)
    unpickled = _in_turns(pairs, lambda: _seconds([PYTHON, "-c", "pass"]), lambda: _seconds(pickled))
    yield Row("GPT-2 as a .pt file, --json ÷ python -c pass", unpickled.ratio, 7, "×", unpickled.note)
    heavy = processes.HEAVY & processes.imported(pickled[1:])
    yield Row("heavy packages imported for it", len(heavy), 0, "packages", ", ".join(sorted(heavy)))


def _many_tensors(folder: Path, pairs: int) -> Iterator[Row]:
    """Shards of many tensors, against a bare loop over their headers, and ten times as many."""
    sharded = _json(folder / checkpoints.SHARDED)
    million = _json(folder / checkpoints.MILLION)
    for spelling in checkpoints.SPELLINGS:
        _say(f"90,427 tensors, {spelling} headers, --json")
        loop = _against_bare_loop(folder / checkpoints.sharded(spelling), pairs)
        yield Row(f"90,427 tensors in 163 shards, {spelling}, --json ÷ bare loop", loop.ratio, 1.3, "×", loop.note)
    yield Row("its peak memory", processes.measure(sharded).peak_megabytes, 120, "MB")

    _say("a million tensors, --json")
    linear = _in_turns(min(pairs, 3), lambda: _seconds(sharded), lambda: _seconds(million))
    yield Row("a million tensors, --json ÷ 90,427", linear.ratio, 14, "×", linear.note)


def from_hub(folder: Path, pairs: int) -> Iterator[Row]:
    """Headers from a hub that answers each request after 50 ms, none of them kept."""
    _say("90,427 tensors from a hub")
    with hub.running_hub(folder / checkpoints.SHARDED) as served:
        counted = json.loads(processes.output(served.command("--json")))["models"][0].get("parameters")
        if counted != SHARDED_PARAMETERS:
            raise BenchError(f"{hub.MODEL} of the hub has {SHARDED_PARAMETERS:,} parameters, not {counted}")
        seconds = [_seconds(served.command("--json")) for _ in range(pairs)]
        note = f"{hub.LATENCY} ms a request"
        yield Row("hub: headers of 163 shards, --json", median(seconds), 2, "s", note)
        first = _in_turns(pairs, screen.hello, served.first_totals)
        delay = median(work - reference for reference, work in zip(first.reference, first.work))
        yield Row("hub: first shards' totals on the screen after Textual hello", delay, 2, "s", first.note)


def on_screen(folder: Path, pairs: int) -> Iterator[Row]:
    """The screen: against the first paint of a Textual program that does nothing."""
    gpt2 = folder / checkpoints.GPT2
    sharded = folder / checkpoints.SHARDED

    _say("the screen's start with GPT-2")
    starts: list[screen.Start] = []

    def numbers() -> float:
        starts.append(screen.start(gpt2, screen.GPT2_NUMBERS))
        return starts[-1].numbers

    first = _in_turns(pairs, screen.hello, numbers)
    bars = Pairs(first.reference, [start.bars for start in starts[-pairs:]])
    yield Row("screen: GPT-2's numbers ÷ Textual hello", first.ratio, 1.6, "×", first.note)
    yield Row("screen: GPT-2's bars ÷ Textual hello", bars.ratio, 2.0, "×", bars.note)

    _say("the screen's start with 90,427 tensors")
    later = _in_turns(pairs, screen.hello, lambda: screen.start(sharded, screen.SHARDED_TOTALS).numbers)
    delay = median(work - reference for reference, work in zip(later.reference, later.work))
    yield Row("screen: 90,427 tensors' totals after Textual hello", delay, 1.0, "s", later.note)

    _say("the screen with a million tensors")
    opened = _in_turns(
        1,
        lambda: screen.whole(sharded, screen.SHARDED_TOTALS),
        lambda: screen.whole(folder / checkpoints.MILLION, screen.MILLION_TOTALS),
    )
    yield Row("screen: a million tensors, with tree ÷ 90,427", opened.ratio, 14, "×", opened.note)

    for name, checkpoint, totals, megabytes in (
        ("GPT-2", gpt2, screen.GPT2_NUMBERS, 75),
        ("90,427 tensors", sharded, screen.SHARDED_TOTALS, 250),
    ):
        _say(f"keys with {name}")
        use = screen.use(checkpoint, totals, KEYS)
        yield Row(f"screen: a Down key, {name}: output", use.key.size, 1000, "B", f"median of {KEYS}")
        yield Row(f"screen: a Down key, {name}: time", 1000 * use.key.seconds, 20, "ms", f"median of {KEYS}")
        yield Row(f"screen: peak memory, {name}", use.peak_megabytes, megabytes, "MB")


def _in_turns(pairs: int, reference: Callable[[], float], work: Callable[[], float]) -> Pairs:
    """Measures both `pairs` times in turns, each first in every other pair, after one round that warms up."""
    reference()
    work()
    measured = Pairs([], [])
    for pair in range(pairs):
        if pair % 2:
            measured.work.append(work())
            measured.reference.append(reference())
        else:
            measured.reference.append(reference())
            measured.work.append(work())
    return measured


def _against_bare_loop(checkpoint: Path, pairs: int) -> Pairs:
    bare = [PYTHON, "-m", "bench.bare_loop", str(checkpoint)]
    command = _json(checkpoint)
    return _in_turns(pairs, lambda: _seconds(bare), lambda: _seconds(command))


def _verify_counts(folder: Path) -> None:
    """What counts wrongly may well be fast."""
    for checkpoint, expected in (
        (checkpoints.GPT2, GPT2_PARAMETERS),
        (checkpoints.GPT2_TORCH, GPT2_PARAMETERS),
        (checkpoints.GPT_OSS, GPT_OSS_PARAMETERS),
        *((checkpoints.sharded(spelling), SHARDED_PARAMETERS) for spelling in checkpoints.SPELLINGS),
        (checkpoints.MILLION, MILLION_PARAMETERS),
        (checkpoints.GGUF, GGUF_PARAMETERS),
    ):
        counted = json.loads(processes.output(_json(folder / checkpoint)))["models"][0]["parameters"]
        if counted != expected:
            raise BenchError(f"{checkpoint} has {expected:,} parameters, not {counted:,}")


def _json(checkpoint: Path) -> list[str]:
    return [COMMAND, str(checkpoint), "--json"]


def _seconds(argv: list[str]) -> float:
    return processes.measure(argv).seconds


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on is wanted")
    return int(text)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _say(what: str) -> None:
    print(f"bench: {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

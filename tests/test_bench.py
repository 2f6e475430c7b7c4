"""What the benchmark says can be believed: its checkpoints, its verdicts, its terminal."""

from __future__ import annotations

import sys
from math import prod
from pathlib import Path

import pytest

from bench.__main__ import GGUF_PARAMETERS, GPT_OSS_PARAMETERS, Pairs
from bench.checkpoints import deepseek_v3_tensors, gpt2_tensors, write_gguf, write_gpt_oss, write_safetensors
from bench.processes import BenchError, imported, measure
from bench.table import Row, table
from bench.terminal import Terminal, TerminalError
from core.count.counter import count
from core.locate.location import locate
from core.readers.open_checkpoint import open_reader


def test_the_checkpoints_are_those_that_they_are_named_after() -> None:
    deepseek = list(deepseek_v3_tensors())
    assert len(deepseek) == len({tensor.name for tensor in deepseek}) == 90_427
    trained = (tensor for tensor in deepseek if not tensor.name.endswith(("weight_scale_inv", "correction_bias")))
    assert sum(prod(tensor.shape) for tensor in trained) == 671_026_404_352
    assert sum(prod(tensor.shape) for tensor in gpt2_tensors()) == 124_439_808


def test_a_sparse_checkpoint_is_read_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_safetensors(path, gpt2_tensors())
    assert path.stat().st_size > 497_759_232
    assert path.stat().st_blocks * 512 < 100_000
    assert count(open_reader(locate(str(path)))).totals.parameters == 124_439_808


@pytest.mark.parametrize(("measured", "ok", "word"), [(2.0, True, "yes"), (2.01, False, "NO")])
def test_a_figure_may_reach_its_bound_and_not_exceed_it(measured: float, ok: bool, word: str) -> None:
    row = Row("work", measured, 2, "×")
    assert row.ok is ok
    assert f"| {word} " in table([row])


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    assert Pairs([1, 1, 10], [2, 3, 10]).ratio == 2


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(BenchError, match="status 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"])


def test_what_a_count_imports_is_seen() -> None:
    assert {"core", "tui", "json"} <= imported(["gpt2", "--json"])


def test_the_terminal_tells_when_text_appears_what_a_key_costs_and_how_it_ends() -> None:
    program = """
import os, time, tty
tty.setraw(0)
time.sleep(0.2)
os.write(1, b'\\x1b[?2026$p\\x1b[>1u\\x1b]0;a title\\x07rea')
time.sleep(0.05)
os.write(1, b'dy')
assert os.read(0, 64) == b'\\x1b[?2026;2$y'
assert os.read(0, 64) == b'\\x1b[B'
os.write(1, b'+' * 10)
os.read(0, 64)
raise SystemExit(7)
"""
    with Terminal([sys.executable, "-c", program], columns=40, rows=5) as terminal:
        assert terminal.wait_for("^ready$") >= 0.25
        cost = terminal.press(b"\x1b[B")
        assert cost.size == 10
        assert 0 < cost.seconds < 1
        assert terminal.text.strip() == "ready++++++++++"
        assert terminal.peak_megabytes() > 1
        with pytest.raises(TerminalError, match=r"(?s)never did not appear:\nready"):
            terminal.wait_for("never", timeout=0.1)
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 7


def test_the_terminal_takes_its_program_along(tmp_path: Path) -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    with Terminal([sys.executable, "-c", program], folder=tmp_path) as terminal:
        terminal.wait_for(r"^\d+$")
        pid = int(terminal.text)
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_the_gguf_checkpoint_has_its_tokens_and_parameters(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    write_gguf(path)
    assert path.stat().st_blocks * 512 < 10_000_000
    assert count(open_reader(locate(str(path)))).totals.parameters == GGUF_PARAMETERS
    assert count(open_reader(locate(str(path)))).source.config.vocabulary == 150_000


def test_gpt_oss_is_packed_as_it_was_published(tmp_path: Path) -> None:
    write_gpt_oss(tmp_path)
    counted = count(open_reader(locate(str(tmp_path))))
    assert (counted.totals.parameters, counted.active_parameters) == (GPT_OSS_PARAMETERS, 4_187_440_704)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3

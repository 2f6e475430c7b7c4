"""The command without a screen, as INTERFACE promises it to scripts and to people."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from core.report.results import BY
from tests.support.checkpoints import gpt2, masks, write, write_raw, write_shards
from tests.support.command import ROOT, Command, run_process
from tui.commands import entries
from tui.commands.options import Options
from tui.commands.study import StudyCommand

OUTPUTS = ("--print", "--json", "--csv", "--markdown")


# Usage.


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["gpt2", "--by", "nonsense"],
        ["gpt2", "--json", "--csv"],
        ["gpt2", "--print", "--markdown"],
        ["gpt2", "--depth", "2"],
        ["gpt2", "--by", "layer", "--depth", "2"],
        *(["gpt2", "--by", "module", "--depth", depth] for depth in ("0", "-1", "x", "1.5", "1000", "²", "")),
        ["--json"],
        ["--csv"],
        ["--markdown"],
        ["--print"],
        ["--by", "layer"],
        ["--list", "gpt2"],
        ["--list", "--csv"],
        ["--list", "--by", "layer"],
        ["--list", "--rules", "study"],
        ["gpt2", "--rules"],
        ["gpt2", "--rules", "./no-such-file.toml"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], command: Command) -> None:
    result = command(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("usage: gpt2-explore")
    assert result.err.splitlines()[-1].startswith("gpt2-explore: error: ")


class _Bench(StudyCommand):
    """A command that somebody adds."""

    flag = "--bench"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(self.flag, action="store_true")

    def is_asked(self, options: Options) -> bool:
        return bool(options.bench)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--list", "--study"], "--list takes --json and --ascii only"),
        (["--list", "--bench"], "--list takes --json and --ascii only"),
        (["--study", "--bench"], "--study takes no --bench"),
        (["--bench", "--study", "--list"], "--list takes --json and --ascii only"),
        (["--study", "--by", "layer"], "--study takes no --by"),
    ],
)
def test_two_commands_at_once_are_refused(
    arguments: list[str], sentence: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    default, *others = entries.COMMANDS
    monkeypatch.setattr(entries, "COMMANDS", (default, _Bench(), *others))
    result = command(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[-1] == f"gpt2-explore: error: {sentence}"


def test_help_names_every_option_and_fits_a_terminal(command: Command) -> None:
    result = command("--help")
    assert (result.status, result.err) == (0, "")
    for option in (
        "--print",
        "--json",
        "--csv",
        "--markdown",
        "--by",
        "--depth",
        "--list",
        "--rules",
        "--ascii",
        "--version",
    ):
        assert option in result.out
    assert all(len(line) <= 120 for line in result.out.splitlines())


def test_version_is_one_line(command: Command) -> None:
    result = command("--version")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("gpt2-explore ")
    assert result.out.count("\n") == 1


def test_a_name_with_a_dash_is_read_behind_two_dashes(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "-x.safetensors", {"x": ("F32", (5,))})
    assert command("--json", "--", "-x.safetensors").model["parameters"] == 5


# Several models, and failures.


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "broken.safetensors", b"{}", 3)


@pytest.mark.parametrize("output", OUTPUTS)
def test_one_failure_leaves_the_other_models(output: str, broken: Path, command: Command) -> None:
    result = command("gpt2", broken, "nonsense", "gpt2-xl", output)
    assert result.status == 1
    lines = result.err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [["gpt2-explore", str(broken)], ["gpt2-explore", "nonsense"]]
    good = command("gpt2", "gpt2-xl", output)
    assert (good.status, good.err) == (0, "")
    if output == "--json":
        models = result.json["models"]
        assert [list(model) for model in models[1:3]] == [["model", "error"]] * 2
        assert [models[0], models[3]] == good.json["models"]
        assert [f"gpt2-explore: {model['model']}: {model['error']}" for model in models[1:3]] == lines
    elif output == "--markdown":
        assert "Not read: " in result.out
        assert result.out.count("## ") == 4
    else:
        assert result.out == good.out


@pytest.mark.parametrize("output", OUTPUTS)
def test_where_every_model_fails_standard_output_holds_no_figures(output: str, broken: Path, command: Command) -> None:
    result = command(broken, output)
    assert result.status == 1
    assert "gpt2-explore: " in result.complaint
    assert "parameters" not in result.out


def test_the_same_model_twice_is_shown_twice(command: Command) -> None:
    first, second = command("gpt2", "gpt2", "--json").json["models"]
    assert first == second


def test_ctrl_c_ends_with_130_and_no_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.commands.results.open_reader", interrupted)
    result = command("gpt2", "--csv")
    assert (result.status, result.out, result.err) == (130, "", "")


def test_an_interrupt_while_modules_are_imported_ends_with_130_and_no_traceback() -> None:
    code = (
        "import runpy, sys\n"
        "class Interrupted:\n"
        "    def find_spec(name, path, target=None):\n"
        "        if name == 'core.count.counter':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "runpy.run_module('tui', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_an_interrupt_while_reading_ends_with_130() -> None:
    before = (
        "import os, signal, core.readers.builtin as b\n"
        "def batches(self):\n    os.kill(os.getpid(), signal.SIGINT)\n    yield [], None\n"
        "b.BuiltInReader.batches = batches"
    )
    result = run_process("gpt2", "--csv", before=before)
    assert (result.status, result.out, result.err) == (130, "", "")


@pytest.mark.parametrize("arguments", [["gpt2", "--json", "--by", "tensor"], ["gpt2", "--by", "layer"], ["--list"]])
def test_a_full_disk_gives_one_sentence_and_1(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"gpt2-explore: the output could not be written (No space left on device)\n"


@pytest.mark.parametrize("arguments", [["gpt2-xl", "--json", "--by", "tensor"], ["gpt2", "--csv"], ["--list"]])
def test_a_reader_that_has_seen_enough_is_no_error(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=closed,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_head_takes_the_first_line_and_no_more() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m tui gpt2 gpt2-xl gpt2 gpt2-xl --csv --by tensor | head -n 1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith(b"model,name,shape,")
    assert (done.stdout.count(b"\n"), done.stderr, done.returncode) == (1, b"", 0)


# What a start costs.


SLOW = ("torch", "transformers", "textual", "rich", "plotext", "textual_plotext", "numpy", "safetensors")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--list"],
        ["--list", "--json"],
        *(["gpt2", output, "--by", by] for output in OUTPUTS for by in BY),
        ["sharded", "--json"],
        ["sharded", "--print", "--by", "module"],
        ["nonsense"],
        ["--nonsense"],
    ],
)
def test_no_headless_run_imports_what_starts_slowly(arguments: list[str], tmp_path: Path) -> None:
    write_shards(tmp_path / "sharded", [gpt2(prefix=""), masks(12)])
    watch = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('IMPORTED', [name for name in {SLOW} if name in sys.modules], file=sys.stderr))"
    )
    result = run_process(*arguments, cwd=tmp_path, before=watch)
    assert result.err.splitlines()[-1] == "IMPORTED []"

"""Running the command as its users do: in this process, where that tells the same, or in one of its own."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def model(self) -> dict[str, Any]:
        """The one model of a JSON document."""
        (model,) = self.json["models"]
        assert isinstance(model, dict)
        return model

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of a CSV document."""
        return list(csv.DictReader(io.StringIO(self.out, newline=""), strict=True))

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        return self.err[:-1]


class Command:
    """Calls the command in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str | Path) -> Result:
        self._capture.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            gc.enable()  # the command switches it off for its short life
        out, err = self._capture.readouterr()
        return Result(status, out, err)


def complaint_of(command: Command, path: Path) -> str:
    """The one line that the command says of a file, with all that must hold for each such line."""
    result = command(path, "--json")
    assert result.status == 1
    line = result.complaint
    start = f"gpt2-explore: {path}: "
    assert line.startswith(start)
    assert "Traceback" not in line
    assert line.isprintable()
    assert len(line) < 1000
    assert result.model == {"model": str(path), "error": line.removeprefix(start)}
    return line.removeprefix(start)


def run_process(
    *arguments: str | Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    before: str = "",
    timeout: float = 60,
) -> Result:
    """Runs the command in a process of its own.

    Args:
        arguments: the command's.
        cwd: the folder to run in.
        environment: variables to add.
        before: Python to run before it, such as a limit on memory.
        timeout: seconds after which the test fails, as the command hangs.
    """
    code = f"{before}\nimport sys; from tui.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

"""The contract between the rooms holds, and an import that breaks it is found however it is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the packages in a folder, by the contracts in its pyproject.toml."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, where they can be spoilt."""
    for package in ("core", "tui"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contract_between_the_rooms_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "code", "broken"),
    [
        ("core/readers/adapter.py", "from core.classify.roles import Role", "never interprets"),
        ("core/hub/client.py", "def lazily() -> None:\n    import core.readers.formats", "from the roof down"),
        ("core/classify/roles.py", "from ..count import totals", "from the roof down"),
        (
            "core/naming/layers.py",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from core.readers.formats import Found",
            "never opens a file",
        ),
        ("core/study/claims.py", "def lazily() -> None:\n    from tui.terminal import painter", "from the roof down"),
        ("tui/picker/screen.py", "from tui.explorer.outline import Outline", "know nothing of each other"),
        ("tui/widgets/line.py", "from tui.dialogs import help", "from the app down"),
        ("core/readers/unpickle/budget.py", "from core.readers.unpickle.machine import PickleMachine", "No circles"),
    ],
    ids=["absolute", "lazy", "relative", "for types", "of the screen", "between screens", "of a dialog", "a circle"],
)
def test_an_import_up_the_house_is_found(module: str, code: str, broken: str, copy: Path) -> None:
    path = copy / module
    path.write_text(path.read_text() + f"\n\n{code}\n")
    done = lint(copy)
    assert done.returncode != 0
    assert any(broken in line and "BROKEN" in line for line in done.stdout.splitlines()), done.stdout

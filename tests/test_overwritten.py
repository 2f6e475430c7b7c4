"""Where `core` or `tui` are another package's files: one sentence tells which, and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def complaint(folder: Path, *arguments: str, first_on_path: Path | None = None) -> str:
    """The one line that the command, of the installation in a folder, says in place of an answer."""
    paths = [str(path) for path in (first_on_path, folder) if path]
    done = subprocess.run(
        # Without site-packages, where the installation that runs the tests would stand in for what is missing.
        [sys.executable, "-S", "-c", "from gpt2_explore import command; command()", *arguments],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gpt2-explore: ")
    assert "into an environment of its own" in done.stderr
    return done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The files of an installation, to be spoilt."""
    folder = tmp_path / "installed"
    folder.mkdir()
    for package in ("core", "tui"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "gpt2_explore.py", folder)
    return folder


@pytest.mark.parametrize("package", ["core", "tui"])
@pytest.mark.parametrize("arguments", [["gpt2", "--print"], ["--help"]])
@pytest.mark.parametrize(
    "content",
    ["", "raise RuntimeError('set up the site first')", "import no_such_framework", "def (", "import core.db"],
)
def test_a_package_of_the_same_name_comes_first(
    package: str, arguments: list[str], content: str, tmp_path: Path
) -> None:
    other = tmp_path / "other" / package
    other.mkdir(parents=True)
    (other / "__init__.py").write_text(content)
    assert f"{package} in {other} is another program's" in complaint(ROOT, *arguments, first_on_path=other.parent)


@pytest.mark.parametrize("package", ["core", "tui"])
def test_a_single_file_of_the_same_name_comes_first(package: str, tmp_path: Path) -> None:
    other = tmp_path / "other" / f"{package}.py"
    other.parent.mkdir()
    other.write_text("")
    assert f"{package} in {other} is another program's" in complaint(ROOT, "gpt2", first_on_path=other.parent)


def test_a_folder_without_init_takes_the_place_of_a_package_that_is_gone(installed: Path, tmp_path: Path) -> None:
    shutil.rmtree(installed / "core")
    other = tmp_path / "other" / "core"
    other.mkdir(parents=True)
    assert f"core in {other} is another program's" in complaint(installed, "gpt2", first_on_path=other.parent)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("core/text/width.py", ""),
        ("core/text/width.py", "def shortened("),
        ("core/report/as_text.py", "import no_such_framework"),
        ("core/report/as_text.py", "def shortened("),
        ("core/report/as_text.py", "raise RuntimeError('set up the site first')"),
        ("core/report/as_text.py", "open('/no/such/settings')"),
        ("core/__init__.py", "from django.db import models"),
        ("tui/terminal.py", "VERSION = 1"),
        ("tui/cli.py", "VERSION = 1"),
    ],
)
def test_a_file_that_was_replaced_is_named(file: str, content: str, installed: Path) -> None:
    (installed / file).write_text(content)
    assert str(installed / file) in complaint(installed, "gpt2", "--print")


@pytest.mark.parametrize("missing", ["core/text/width.py", "core/report/as_text.py", "core/locate", "tui/commands"])
def test_what_is_missing_is_named(missing: str, installed: Path) -> None:
    path = installed / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert str(path.with_suffix("")) in complaint(installed, "gpt2", "--print")

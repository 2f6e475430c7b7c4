"""The wheel holds all that the program needs: installed alone, it counts and opens the screen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from bench.terminal import Terminal, colour_environment

ROOT = Path(__file__).parent.parent

# One worker of pytest-xdist builds the wheel for all of them.
pytestmark = pytest.mark.xdist_group("wheel")


class Installed(NamedTuple):
    """An environment that holds the wheel, and this one's packages below it."""

    wheel: Path
    packages: Path
    python: Path
    command: Path
    elsewhere: Path

    def run(self, *argv: str | Path) -> str:
        return quietly(*argv, cwd=self.elsewhere)


def environment() -> dict[str, str]:
    """The colour terminal's environment, without what would let the source tree in."""
    hidden = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH"}
    return {name: value for name, value in colour_environment().items() if name not in hidden}


def quietly(*argv: str | Path, cwd: Path) -> str:
    """What a command prints; what it complains of only when it fails."""
    done = subprocess.run(
        argv, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy: building leaves a build folder, and takes along what an older one left.
    source = folder / "source"
    for package in ("core", "tui"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("gpt2_explore.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    quietly(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)

    home = folder / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    packages = Path(quietly(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    quietly(
        *(sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check"),
        *("install", "--no-deps", "--no-index", wheel),
        cwd=folder,
    )
    # A path in a .pth file comes after the environment's own packages, and the .pth files in that path stay unread:
    # so the dependencies are found, and the development install is not.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installed(wheel, packages, python, python.with_name("gpt2-explore"), elsewhere)


def test_all_files_of_the_packages_are_in_the_wheel(installed: Installed) -> None:
    wanted = {
        str(file.relative_to(ROOT))
        for package in ("core", "tui")
        for file in (ROOT / package).rglob("*")
        if file.suffix in {".py", ".tcss"} or file.name == "py.typed"
    } | {"gpt2_explore.py"}
    assert {"core/py.typed", "tui/py.typed"} < wanted
    assert any(name.endswith(".tcss") for name in wanted)
    with ZipFile(installed.wheel) as archive:
        held = set(archive.namelist())
    assert {name for name in held if ".dist-info/" not in name} == wanted
    assert any(name.endswith("/LICENSE") for name in held)


def test_the_modules_come_from_the_wheel(installed: Installed) -> None:
    printed = installed.run(installed.python, "-c", "import core, tui; print(core.__file__); print(tui.__file__)")
    assert [Path(line).parent.parent for line in printed.splitlines()] == [installed.packages] * 2


def test_the_command_counts(installed: Installed) -> None:
    (model,) = json.loads(installed.run(installed.command, "gpt2", "--json"))["models"]
    assert model["parameters"] == 124_439_808


def test_the_module_is_the_command_too(installed: Installed) -> None:
    assert installed.run(installed.python, "-m", "tui", "--version") == "gpt2-explore 0.1.0\n"


def test_the_screen_opens(installed: Installed) -> None:
    with Terminal([str(installed.command), "gpt2"], folder=installed.elsewhere, environment=environment()) as terminal:
        terminal.wait_for(r"22\.78", r"45\.54", r"0\.03", r"31\.65")
        terminal.wait_until_quiet()
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0

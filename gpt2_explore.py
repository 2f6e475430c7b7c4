"""The installed command, under a name of its own: `core` and `tui` may be another package's files, and that is told."""

from __future__ import annotations

import gc
import os
import sys
from types import TracebackType

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PACKAGES = ("core", "tui")
_ADVICE = "install gpt2-explore into an environment of its own: uv tool install, or pipx install"


def command() -> None:
    """Runs the command and leaves; Ctrl+C ends it in silence while its modules are still being imported, too.

    The command tells its own errors. What comes through is an import that failed, there or in its modules.
    """
    try:
        # Loading modules leaves nothing to collect, and looking for it takes a twentieth of the start.
        gc.disable()
        from tui.cli import command as run

        gc.freeze()
        gc.enable()
        run()
    except KeyboardInterrupt:
        os._exit(130)
    except Exception as error:
        print(f"gpt2-explore: {import_failure(error)}", file=sys.stderr, flush=True)
        sys.exit(1)


def import_failure(error: Exception) -> str:
    """Why a module of this program could not be imported, and what to do, in one sentence.

    `core` and `tui` are names that other distributions use too. One of those may come first on `sys.path`, or may have
    been installed over some of our files.
    """
    for package in _PACKAGES:
        found = _found_at(package)
        if found and not _is_ours(package, found):
            return f"the package {package} in {found} is another program's and hides ours; {_ADVICE}"
    what = " ".join(f"{type(error).__name__}: {error}".split())
    cause = "it is damaged or another package's, or lacks what it needs"
    return f"{_file_of(error)} cannot be used ({what}): {cause}; {_ADVICE}"


def _is_ours(package: str, found: str) -> bool:
    return os.path.realpath(found) == os.path.realpath(os.path.join(_FOLDER, package))


def _found_at(package: str) -> str:
    """The folder or single file that Python takes for a package; "" where it finds none."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(package)
    if spec is None:
        return ""
    folders = list(spec.submodule_search_locations or ())
    return folders[0] if folders else spec.origin or ""


def _file_of(error: Exception) -> str:
    """The file that was found in place of one of ours, or the folder that lacks it."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _PACKAGES:
        return os.path.join(_FOLDER, *str(error.name).split("."))
    if isinstance(error, ImportError) and error.path:
        return error.path
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename
    return _raised_in(error.__traceback__)


def _raised_in(step: TracebackType | None) -> str:
    """The file of the last step that lies in our folders."""
    file = _FOLDER
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if any(name.startswith(os.path.join(_FOLDER, package) + os.sep) for package in _PACKAGES):
            file = name
        step = step.tb_next
    return file


if __name__ == "__main__":
    command()

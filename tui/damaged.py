"""Whether an error is one of our modules that cannot be imported: it is damaged, or another package's."""

from __future__ import annotations

import os

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDERS = tuple(os.path.join(_ROOT, package) + os.sep for package in ("core", "tui"))


def is_import_failure(error: BaseException | None) -> bool:
    """Whether an error ended an import of ours: of whatever class, as another package's module may raise any."""
    if error is None:
        return False
    if isinstance(error, ImportError):
        return True
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(_FOLDERS):
        return True
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith(_FOLDERS):
            return True
        step = step.tb_next
    return False

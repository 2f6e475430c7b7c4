"""What is said and kept of an error that should not have been."""

from __future__ import annotations

import tempfile
import traceback

from core.text.escape import escaped
from core.text.width import shortened
from tui.exhausted import exhausted


def crash_report(error: BaseException) -> str:
    """One sentence for an error that should not have been, its traceback written to a file for the report."""
    if told := exhausted(error):
        return told
    try:
        with tempfile.NamedTemporaryFile("w", prefix="gpt2-explore-", suffix=".txt", delete=False) as file:
            traceback.print_exception(error, file=file)
        where = f"its traceback is in {file.name}"
    except OSError:
        where = "its traceback could not be written"
    what = escaped(shortened(f"{type(error).__name__}: {error}", 200))
    return f"a bug of gpt2-explore ended it ({what}); {where}; please send that file to where you got gpt2-explore from"

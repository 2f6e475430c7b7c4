"""What is said and kept of an error that should not have been."""

from __future__ import annotations

import errno
import tempfile
import traceback

from core.text.escape import escaped
from core.text.width import shortened

_EXHAUSTED = {
    errno.EMFILE: ("files that may be open", "allow more: ulimit -n 1024"),
    errno.ENFILE: ("files that may be open", "close other programs"),
    errno.ENOMEM: ("memory", "allow more: ulimit -v unlimited"),
    errno.EAGAIN: ("threads", "allow more: ulimit -u unlimited"),
}
"""What a machine runs out of, by the number of the system's error, and what to do."""


def exhausted(error: BaseException) -> str:
    """One sentence where the machine, or a limit that was set, had no more to give; "" where that is not it."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or "allocate memory" in str(error) or "failed to map" in str(error):
        number = errno.ENOMEM
    elif isinstance(error, RuntimeError) and "start new thread" in str(error):
        number = errno.EAGAIN
    elif isinstance(error, ImportError) and "Too many open files" in str(error):
        number = errno.EMFILE
    if number not in _EXHAUSTED:
        return ""
    what, advice = _EXHAUSTED[number]
    return f"there is no more of the {what} that it needs; {advice}"


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

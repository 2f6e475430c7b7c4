"""What the machine has no more of. This is imported before anything is, as imports need files and memory too."""

from __future__ import annotations

import errno

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

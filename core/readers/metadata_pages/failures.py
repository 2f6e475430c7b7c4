"""Why a file's metadata cannot be looked at any more."""

from __future__ import annotations

from core.checkpoint.errors import CheckpointError, from_os_error
from core.checkpoint.source import Stopped

FAILURES = (CheckpointError, OSError, Stopped)
"""What reading a page may raise: the file may be gone or changed, or lie on the hub, whose connections are closed."""


def sentence_of(error: Exception) -> str:
    """One of these failures as a sentence."""
    if isinstance(error, CheckpointError):
        return error.sentence()
    if isinstance(error, OSError):
        return from_os_error(error, str(error.filename or "the file")).sentence()
    return "of a model on the hub only the beginnings of the values are kept; download it to see them whole"

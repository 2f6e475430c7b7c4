"""The one error that a checkpoint can cause, how it reads, and what stands for a model that could not be read."""

from __future__ import annotations

from errno import ELOOP

from core.text.escape import escaped
from core.text.width import shortened

DAMAGED = "download or save the file again"
AGAIN = "download it again"


class CheckpointError(Exception):
    """A checkpoint that cannot be read: which file, where in it, why, and what to do next.

    Attributes:
        file: the file or folder at fault, as the user would name it.
        place: where in it ("byte 8", "tensor wte.weight"), or "".
        reason: why, as a clause without a full stop.
        advice: what to do next, or "".
    """

    def __init__(self, file: str, reason: str, *, place: str = "", advice: str = "") -> None:
        super().__init__(file, reason, place, advice)
        self.file = file
        self.place = place
        self.reason = reason
        self.advice = advice

    def sentence(self, model: str = "") -> str:
        """One line to show, every character in it printable.

        Args:
            model: what the user typed; the file is left out where it is the same.
        """
        where = [part for part in (self.file if self.file != model else "", self.place) if part]
        text = ", ".join(where) + (": " if where else "") + self.reason
        return escaped(text + (f"; {self.advice}" if self.advice else ""))

    def __str__(self) -> str:
        return self.sentence()


class Failure:
    """A model that could not be read, as the user named it, and why."""

    __slots__ = ("error", "model")

    def __init__(self, model: str, error: CheckpointError) -> None:
        self.model = model
        self.error = error


def from_os_error(error: OSError, file: str) -> CheckpointError:
    """What the operating system refused, in the words of a `CheckpointError`."""
    if isinstance(error, PermissionError):
        return CheckpointError(file, "no permission to read it", advice="see its owner and mode with ls -l")
    if isinstance(error, FileNotFoundError):
        return CheckpointError(file, "there is no such file or folder")
    reason = error.strerror or type(error).__name__
    if error.errno == ELOOP:
        return CheckpointError(file, "a symbolic link that leads back to itself", advice="remove or mend the link")
    return CheckpointError(file, f"the system could not read it ({reason})")


def tensor_place(name: str) -> str:
    """A tensor as the place of an error, a long name shortened."""
    return f"tensor {shortened(name, 120) or '(no name)'}"

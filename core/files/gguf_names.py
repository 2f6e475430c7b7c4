"""What the names of GGUF files tell: which are parts of one model, and which are no model of their own.

Naming: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "GGUF Naming Convention".
"""

from __future__ import annotations

from collections.abc import Iterable

SUFFIX = ".gguf"
_DIGITS = 5


class Split:
    """A file's place in a split model: `PREFIX-00002-of-00003.gguf` is number 2 of 3."""

    __slots__ = ("number", "prefix", "suffix", "total")

    def __init__(self, prefix: str, number: int, total: int, suffix: str) -> None:
        self.prefix = prefix
        self.number = number
        self.total = total
        self.suffix = suffix

    def part(self, number: int) -> str:
        """The file name of another part."""
        return f"{self.prefix}-{number:0{_DIGITS}}-of-{self.total:0{_DIGITS}}{self.suffix}"

    @property
    def parts(self) -> list[str]:
        """The file names of all parts, in order."""
        return [self.part(number) for number in range(1, self.total + 1)]


def split_of(name: str) -> Split | None:
    """The place in a split model that a file's name says; None for the name of a whole one."""
    if not is_gguf(name):
        return None
    stem, suffix = name[: -len(SUFFIX)], name[-len(SUFFIX) :]
    head, of, total = stem.rpartition("-of-")
    prefix, dash, number = head.rpartition("-")
    for digits in (number, total):
        if len(digits) != _DIGITS or not digits.isascii() or not digits.isdigit():
            return None
    if not of or not dash or not 1 <= int(number) <= int(total):
        return None
    return Split(prefix, int(number), int(total), suffix)


def is_gguf(name: str) -> bool:
    """Whether a file bears the name of a GGUF file."""
    return name.lower().endswith(SUFFIX)


def is_companion(name: str) -> bool:
    """Whether a file's name says that it goes with a model: a projector of images, an importance matrix."""
    last = name.rpartition("/")[2].lower()
    return "mmproj" in last or "imatrix" in last


def models_among(names: Iterable[str]) -> dict[str, list[str]]:
    """The models among some files: by the first of its parts that is there, all those that are."""
    models: dict[tuple[str, int] | str, list[str]] = {}
    for name in sorted(names):
        if is_gguf(name) and not name.startswith("."):
            split = split_of(name)
            models.setdefault((split.prefix, split.total) if split else name, []).append(name)
    return {parts[0]: parts for parts in models.values()}

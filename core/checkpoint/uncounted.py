"""What lies in a checkpoint beside its parameters."""

from __future__ import annotations

from collections.abc import Iterable

from core.checkpoint.record import Record


class Uncounted(Record):
    """What lies in the file and is no parameter: elements as stored, tensors, bytes."""

    __slots__ = ("bytes", "elements", "tensor_count")

    def __init__(self, elements: int = 0, tensor_count: int = 0, bytes: int = 0) -> None:
        self.elements = elements
        self.tensor_count = tensor_count
        self.bytes = bytes

    def add(self, other: Uncounted) -> None:
        """Adds another one to this one."""
        self.elements += other.elements
        self.tensor_count += other.tensor_count
        self.bytes += other.bytes


def total_of(amounts: Iterable[Uncounted]) -> Uncounted:
    """All of them together."""
    total = Uncounted()
    for one in amounts:
        total.add(one)
    return total

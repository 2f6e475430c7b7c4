"""What lies in a checkpoint beside its parameters."""

from __future__ import annotations

from collections.abc import Iterable


class Uncounted:
    """What lies in the file and is no parameter: elements as stored, tensors, bytes."""

    __slots__ = ("bytes", "elements", "tensor_count")

    def __init__(self, elements: int = 0, tensor_count: int = 0, bytes: int = 0) -> None:
        self.elements = elements
        self.tensor_count = tensor_count
        self.bytes = bytes

    def _figures(self) -> tuple[int, ...]:
        return self.elements, self.tensor_count, self.bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uncounted) and self._figures() == other._figures()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Uncounted{self._figures()}"

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

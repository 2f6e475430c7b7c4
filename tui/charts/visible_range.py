"""Which of some models a drawing shows that has no room for all."""

from __future__ import annotations


def in_view(count: int, room: int, chosen: int) -> range:
    """The places of as many models as there is room for, with the chosen one in the middle where that can be.

    Args:
        count: of models.
        room: how many can be shown, 1 at least.
        chosen: the place of one of them.
    """
    first = max(0, min(chosen - room // 2, count - room))
    return range(first, min(first + room, count))

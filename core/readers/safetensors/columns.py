"""Many entries of a safetensors header, column by column."""

from __future__ import annotations

from collections.abc import Collection

_COLONS = 4
"""Of an entry: one behind its name, and one behind each of its three keys."""


class Columns:
    """Some entries of a header; what they say is not checked.

    Attributes:
        names: all different.
        layouts: of each the dtype and the shape.
        offsets: of each the two.
    """

    __slots__ = ("layouts", "names", "offsets")

    def __init__(
        self, names: list[str], layouts: list[tuple[str, tuple[int, ...]]], offsets: list[tuple[int, int]]
    ) -> None:
        self.names = names
        self.layouts = layouts
        self.offsets = offsets


def has_nothing_twice(text: bytes, names: Collection[str]) -> bool:
    """Whether an object has each name and each key of its entries once, and no others.

    A decoder keeps the last of those given twice. But then, as with each further key, the text has more colons than its
    entries need. Those inside names do not count; escaped ones, which may be hidden there, are no colons in the text.

    Args:
        text: the object.
        names: of its entries, each known to have all three keys.
    """
    if not names or "__metadata__" in names:
        return False
    surplus = text.count(b":") - _COLONS * len(names)
    return not surplus or (b"\\" not in text and surplus == "".join(names).count(":"))

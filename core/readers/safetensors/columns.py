"""Many entries of a safetensors header, column by column."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.readers.safetensors.layouts import Layout

_COLONS = 4
"""Of an entry: one behind its name, and one behind each of its three keys."""


class Columns:
    """Some entries of a header; whether their values lie as they should is not checked.

    Attributes:
        names: all different.
        layouts: of each the layout, which is right.
        begins: of each the first of its offsets.
        ends: of each the second.
    """

    __slots__ = ("begins", "ends", "layouts", "names")

    def __init__(self, names: list[str], layouts: list[Layout], offsets: Iterable[tuple[int, int]]) -> None:
        """
        Args:
            names: as above.
            layouts: as above.
            offsets: of each the two.
        """
        self.names = names
        self.layouts = layouts
        self.begins, self.ends = zip(*offsets)


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

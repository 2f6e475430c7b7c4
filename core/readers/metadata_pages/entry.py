"""One key of the metadata, as a list shows it."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A key, the beginning of its value, and whether there may be more of that to be opened; not escaped."""

    key: str
    value: str
    opens: bool

"""The order in which people expect names."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)")


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts names so that numbers in them count as numbers: `h.2` before `h.10`."""
    return [
        (int(part) if part.isascii() and part.isdigit() and len(part) < 20 else -1, part)
        for part in _NUMBER.split(name)
    ]

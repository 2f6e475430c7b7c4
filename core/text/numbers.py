"""How numbers are written for people. Scripts get them bare, in JSON and CSV."""

from __future__ import annotations


def exact(count: int) -> str:
    """A count in full: `124,439,808`."""
    return f"{count:,}"


def short(count: int) -> str:
    """A count in at most 6 characters, three or four of them digits: `768`, `38.4k`, `124.4M`, `671.0B`."""
    return _scaled(count, 1000, ("", "k", "M", "B", "T", "Q"))


def size(count: int) -> str:
    """Bytes in decimal units, as disks and the hub count them: `497.8 MB`."""
    text = _scaled(count, 1000, (" B", " kB", " MB", " GB", " TB", " PB", " EB"))
    return text


def _scaled(count: int, step: int, units: tuple[str, ...]) -> str:
    value, unit = float(count), 0
    while value >= step - 0.05 and unit < len(units) - 1:
        value /= step
        unit += 1
    return f"{count}{units[0]}" if unit == 0 else f"{value:.1f}{units[unit]}"


def share(part: int, whole: int) -> float:
    """`part` in percent of `whole`; 0 of nothing is 0 %."""
    return 100 * part / whole if whole else 0.0


def percent(value: float) -> str:
    """A share with two decimals, and none that is there shown as 0: `22.78`, `0.03`, `<0.01`."""
    return "<0.01" if 0 < value < 0.005 else f"{value:.2f}"


def decimals(value: float, places: int) -> str:
    """A number with so many decimals, and none that is there shown as 0: `1,557.61`, `0.0309`, `<0.0001`."""
    least = 10**-places
    return f"<{least:.{places}f}" if 0 < value < least / 2 else f"{value:,.{places}f}"


def plural(count: int, noun: str) -> str:
    """`1 tensor`, `148 tensors`."""
    return f"{exact(count)} {noun}" + ("" if count == 1 else "s")


def amount(elements: int, tensors: int, nbytes: int) -> str:
    """What is not counted: `12,582,912 elements in 12 tensors, 50.3 MB`."""
    return f"{plural(elements, 'element')} in {plural(tensors, 'tensor')}, {size(nbytes)}"

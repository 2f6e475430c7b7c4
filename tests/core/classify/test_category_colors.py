"""The colours of categories: apart for all eyes, and seen on their grounds."""

from __future__ import annotations

from itertools import combinations
from math import dist

import pytest

from core.classify.category import CATEGORIES

RGB = tuple[int, int, int]
Matrix = tuple[tuple[float, float, float], ...]

# At full strength, by Machado, Oliveira and Fernandes: A physiologically-based model for simulation of color vision
# deficiency, 2009.
SIGHTS: dict[str, Matrix] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
DARK, LIGHT, CURSOR = (0x12, 0x12, 0x12), (0xE0, 0xE0, 0xE0), (0x16, 0x2C, 0x40)


def linear(color: RGB) -> list[float]:
    """Red, green and blue as amounts of light."""
    parts = [part / 255 for part in color]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def times(matrix: Matrix, parts: list[float]) -> list[float]:
    return [sum(factor * part for factor, part in zip(row, parts)) for row in matrix]


def oklab(parts: list[float]) -> list[float]:
    """By Björn Ottosson, 2020: distances are as they are seen."""
    cones = times(
        (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        ),
        parts,
    )
    roots = [abs(cone) ** (1 / 3) * (1 if cone >= 0 else -1) for cone in cones]
    return times(
        (
            (0.2104542553, 0.7936177850, -0.0040720468),
            (1.9779984951, -2.4285922050, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.8086757660),
        ),
        roots,
    )


def contrast(one: RGB, other: RGB) -> float:
    """By WCAG, 1 to 21."""
    high, low = sorted((times(((0.2126, 0.7152, 0.0722),), linear(each))[0] for each in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("ground", "least"), [("dark", 0.08), ("light", 0.07)])
def test_categories_are_told_apart(sight: str, ground: str, least: float) -> None:
    colors = [shown.color if ground == "dark" else shown.color_on_light for shown in CATEGORIES.values()]
    seen = [oklab([min(1.0, max(0.0, part)) for part in times(SIGHTS[sight], linear(color))]) for color in colors]
    assert min(dist(one, other) for one, other in combinations(seen, 2)) >= least


def test_categories_are_seen_on_their_grounds() -> None:
    for shown in CATEGORIES.values():
        assert contrast(shown.color, DARK) >= 4.4
        assert contrast(shown.color, CURSOR) >= 3.3
        assert contrast(shown.color_on_light, LIGHT) >= 3.0

"""Variables that Textual cannot bear are left out, and no other."""

from __future__ import annotations

import pytest

from tui.environment import drop_odd_variables


def left(**variables: str) -> dict[str, str]:
    drop_odd_variables(variables)
    return variables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEXTUAL_DRIVER", "nonsense"),
        ("TEXTUAL_COLOR_SYSTEM", "nonsense"),
        ("TEXTUAL_FPS", "abc"),
        ("TEXTUAL_FPS", "9" * 400),
        ("TEXTUAL_FPS", "0"),
        ("TEXTUAL_PRESS", "q"),
        ("TEXTUAL_SCREENSHOT", "1"),
        ("TEXTUAL", "devtools"),
        ("ESCDELAY", "9" * 400),
        ("COLUMNS", "100000"),
        ("COLUMNS", "9" * 5000),
        ("COLUMNS", "²"),
        ("LINES", "-5"),
        ("LINES", ""),
    ],
)
def test_odd_ones_are_left_out(name: str, value: str) -> None:
    assert left(**{name: value, "HOME": "/x"}) == {"HOME": "/x"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEXTUAL_THEME", "nord"),
        ("TEXTUAL_COLOR_SYSTEM", "standard"),
        ("TEXTUAL_FPS", "30"),
        ("COLUMNS", "80"),
        ("LINES", "24"),
        ("ESCDELAY", "25"),
        ("TERM", "xterm"),
        ("XTEXTUAL_DRIVER", "x"),
    ],
)
def test_others_stay(name: str, value: str) -> None:
    assert left(**{name: value}) == {name: value}

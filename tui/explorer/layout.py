"""How the explorer is laid out at each size of the terminal; `explore.tcss` has a style for each of these classes."""

from __future__ import annotations

MIN_COLUMNS, MIN_LINES = 50, 14
WIDE_COLUMNS = 100
"""Screens this wide have their panes side by side."""
RIGHT_PERCENT = 58
"""Of the screen's width for the right pane where it stands beside the tree, as `explore.tcss` has it."""
LOW_LINES = 22
"""Screens with fewer lines have one line of details."""
TALL_LINES = 30
"""Screens with as many lines tell below the title how the model is built."""
TOO_SMALL = f"too small, {MIN_COLUMNS}x{MIN_LINES} at least"


def layout_classes(width: int, height: int) -> dict[str, bool]:
    """The style classes of a screen, each with whether it has that class at a size.

    Args:
        width: of the screen, in columns.
        height: of the screen, in lines.
    """
    return {
        "-small": width < MIN_COLUMNS or height < MIN_LINES,
        "-wide": width >= WIDE_COLUMNS,
        "-narrow": width < WIDE_COLUMNS,
        "-low": height < LOW_LINES,
        "-tall": height >= TALL_LINES,
    }


def pane_columns(width: int) -> int:
    """The columns of the right pane, which beside the tree has 58 of 100, and below it all of a screen's."""
    return width if width < WIDE_COLUMNS else width * RIGHT_PERCENT // 100

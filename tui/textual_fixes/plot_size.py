"""Sizes of plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual_plotext.plot import Plot


def set_plot_size(figure: Plot, width: int, height: int) -> None:
    """Gives a plot its size in cells, be it beyond the terminal's.

    For textual-plotext 1.0 (its issue 5): plotext would ask the terminal for its size, beyond which no plot goes.
    Needed while a chart of 200 columns is cut at the terminal's 80 without the second line.
    """
    figure.plotsize(width, height)
    figure._set_size(width, height)

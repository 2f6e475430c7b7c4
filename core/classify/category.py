"""The categories, in the order and with the labels in which they are shown."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """How one category is shown wherever it is shown.

    Attributes:
        label: the word people use.
        glyph: one character that tells it without colour.
        letter: the same in ASCII.
        color: red, green and blue, 0 to 255.
        ansi: the colour's name on a terminal of 16.
    """

    label: str
    glyph: str
    letter: str
    color: tuple[int, int, int]
    ansi: str


# In the order in which they are shown. The colours stay apart for colour-blind eyes (Okabe and Ito, 2008, made
# a little lighter or darker to be read on dark and light grounds).
CATEGORIES = {
    "attention": Category("Attention", "●", "A", (58, 134, 214), "bright_blue"),
    "mlp": Category("MLP", "■", "M", (226, 136, 0), "yellow"),
    "router": Category("Router", "✦", "R", (214, 90, 60), "bright_red"),
    "mixer": Category("Mixer", "≈", "X", (90, 180, 220), "bright_cyan"),
    "norm": Category("Norm", "▲", "N", (0, 158, 115), "green"),
    "embedding": Category("Embedding", "◆", "E", (190, 105, 165), "magenta"),
    "head": Category("Output head", "▼", "H", (150, 130, 210), "bright_magenta"),
    "adapter": Category("Adapter", "✚", "D", (175, 165, 40), "bright_yellow"),
    "other": Category("Other", "○", "O", (130, 135, 140), "bright_black"),
}

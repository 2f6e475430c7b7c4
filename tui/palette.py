"""The marks and colours of the screen, in one place, for terminals with and without Unicode."""

from __future__ import annotations

from dataclasses import dataclass

from core.classify.category import CATEGORIES
from core.text.escape import as_ascii
from core.text.width import padded, shortened

RGB = tuple[int, int, int]

# The pure colours of a 16-colour terminal: Textual turns names into its own shades first, whose nearest are others.
_PURE: dict[str, RGB] = {
    "red": (205, 0, 0),
    "green": (0, 205, 0),
    "yellow": (205, 160, 0),
    "blue": (0, 0, 238),
    "magenta": (205, 0, 205),
    "bright_black": (127, 127, 127),
    "bright_red": (255, 0, 0),
    "bright_yellow": (255, 255, 0),
    "bright_blue": (92, 92, 255),
    "bright_magenta": (255, 0, 255),
    "bright_cyan": (0, 255, 255),
}


_RULES_IN_ASCII = str.maketrans("─━│┃┬┴┭┮┤├└", "-=||+++++++")


@dataclass(slots=True)
class Palette:
    """How things are drawn; one for the whole app, which tells it when the ground changes.

    Attributes:
        ascii: no character outside ASCII.
        sixteen: the terminal has 16 colours, of which the nearest to a category's own would often be grey.
        monochrome: no colours (`NO_COLOR`).
        light: whether what is drawn stands on a light ground.
    """

    ascii: bool = False
    sixteen: bool = False
    monochrome: bool = False
    light: bool = False

    @property
    def opened(self) -> str:
        """The mark of an open row."""
        return "-" if self.ascii else "▾"

    @property
    def closed(self) -> str:
        """The mark of a row that can be opened."""
        return "+" if self.ascii else "▸"

    @property
    def mark(self) -> str:
        """The sign of what is marked."""
        return "*" if self.ascii else "✓"

    @property
    def dot(self) -> str:
        """What stands between facts in a line."""
        return " - " if self.ascii else " · "

    @property
    def block(self) -> str:
        """What bars are made of."""
        return "#" if self.ascii else "█"

    def glyph(self, category: str) -> str:
        """The one character that tells a category without its colour."""
        shown = CATEGORIES[category]
        return shown.letter if self.ascii else shown.glyph

    def rgb(self, category: str) -> RGB:
        """A category's colour: red, green and blue, 0 to 255."""
        shown = CATEGORIES[category]
        if self.sixteen:
            return _PURE[shown.ansi]
        return shown.color_on_light if self.light else shown.color

    def color(self, category: str) -> str:
        """A category's colour as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb(category))

    def marker(self, category: str, rank: int) -> str:
        """What a category's part of a stacked bar is made of; without colours, neighbours must differ by it."""
        if self.ascii:
            return CATEGORIES[category].letter
        return "█▓▒░"[rank % 4] if self.monochrome else "█"

    def ruled(self, marks: str) -> str:
        """Marks of rules and axes, as ASCII has them where there is nothing else."""
        return marks.translate(_RULES_IN_ASCII) if self.ascii else marks

    @property
    def cursor(self) -> str:
        """What stands before the row under the cursor."""
        return ">" if self.ascii else "▌"

    def beyond(self, before: int, after: int) -> str:
        """How many are out of view, and which way they lie."""
        left, right = ("<", ">") if self.ascii else ("←", "→")
        told = [f"{left} {before}"] if before else []
        told += [f"{after} more {right}"] if after else []
        return self.dot.join(told)

    def plain(self, text: str) -> str:
        """Text with what ASCII lacks written otherwise, where that is wanted."""
        return as_ascii(text) if self.ascii else text

    def shortened(self, text: str, width: int) -> str:
        """Text of at most `width` columns, the middle left out where it is longer."""
        # What ASCII lacks takes more room there, so it is written otherwise first; then the sign for what is left out.
        return self.plain(shortened(self.plain(text), width))

    def fit(self, text: str, width: int) -> str:
        """Text of exactly `width` columns, the middle left out where it is longer."""
        return padded(self.shortened(text, width), width)

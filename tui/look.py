"""The marks and colours of the screen, in one place, for terminals with and without Unicode."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import set_cell_size

from core.categories import CATEGORIES
from core.escape import ELLIPSIS, shortened

_BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Look:
    """How things are drawn.

    Attributes:
        ascii: no character outside ASCII.
    """

    ascii: bool = False

    @property
    def opened(self) -> str:
        """The mark of an open row."""
        return "-" if self.ascii else "▾"

    @property
    def closed(self) -> str:
        """The mark of a row that can be opened."""
        return "+" if self.ascii else "▸"

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

    def color(self, category: str) -> str:
        """A category's colour as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*CATEGORIES[category].color)

    def marker(self, category: str, rank: int) -> str:
        """What a category's part of a stacked bar is made of, so that neighbours differ without colour too."""
        return CATEGORIES[category].letter if self.ascii else "█▓▒"[rank % 3]

    def bar(self, share: float, width: int) -> str:
        """A bar of a share (0 to 1) of `width` cells, to an eighth of a cell."""
        if self.ascii:
            return "#" * round(share * width)
        eighths = round(share * width * 8)
        if share > 0 and not eighths:
            eighths = 1
        return "█" * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")

    def plain(self, text: str) -> str:
        """Text with what ASCII lacks written otherwise, where that is wanted."""
        if not self.ascii or text.isascii():
            return text
        for character, instead in ((ELLIPSIS, "~"), ("·", "-"), ("×", "x"), ("–", "-"), ("→", "->")):
            text = text.replace(character, instead)
        return text.encode("ascii", "backslashreplace").decode()

    def fit(self, text: str, width: int) -> str:
        """Text of exactly `width` columns, the middle left out where it is longer."""
        shown = shortened(self.plain(text), width).replace(ELLIPSIS, self.plain(ELLIPSIS))
        # As wide as the screen's library takes it to be: characters may be two columns wide, or none.
        return shown.ljust(width) if shown.isascii() else set_cell_size(shown, width)

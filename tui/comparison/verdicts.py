"""The verdicts on the study's claims in a line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from core.study.findings import VERDICTS, Claim
from core.text.width import cells
from tui.comparison.claims_view import ClaimList
from tui.keys.comparison import CLAIMS
from tui.palette import Palette
from tui.widgets.line import Line


class Verdicts(Line):
    """`claims: 1 ✓  2 ✓  5 ◐  8 ✗`, and what opens them."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette

    def show_claims(self, claims: Sequence[Claim]) -> None:
        """Shows claims; nothing where there are none."""
        text = Text(style=Style(meta={"@click": CLAIMS.target}))
        if claims:
            text.append("claims ", "bold")
        verdicts = self.screen.query_one(ClaimList)
        for claim in claims:
            said = verdicts.verdict(claim.verdict)
            text.append(f" {claim.number} ")
            text.append(said.plain[0], said.style)
        if claims:
            marks = [verdicts.verdict(each).plain for each in VERDICTS]
            why = f"{CLAIMS.key} tells why"
            legends = (f"   {'   '.join(marks)}   {why}", f"  {'  '.join(marks)}", f"   {why}", "")
            room = self.screen.size.width - 2 - text.cell_len
            text.append(next(legend for legend in legends if cells(legend) <= room or not legend), "dim")
        self.show(text)

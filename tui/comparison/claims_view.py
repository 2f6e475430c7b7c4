"""The study's claims with their verdicts, and the figures behind the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.widget import Widget

from core.profile.formula import legend
from core.profile.profile import ModelProfile
from core.study.findings import FIGURES, Claim, Verdict, figure_text
from core.text.escape import ELLIPSIS
from core.text.width import padded, wrapped
from tui.palette import Palette
from tui.widgets.line import Line

_LABEL_COLUMNS = 17
_MODEL_COLUMNS = 15
_VERDICT_COLUMNS = 17
_MIN_CLAIM_LINES = 6
_CLAIMS = 9
# The mark of each verdict, its letter in ASCII, and the class of its style.
_MARKS: dict[Verdict | None, tuple[str, str, str]] = {
    "holds": ("✓", "+", "claim-list--holds"),
    "holds in part": ("◐", "~", "claim-list--in-part"),
    "does not hold": ("✗", "-", "claim-list--not"),
    None: ("–", " ", ""),
}

Asked = Sequence[tuple[str, Sequence[ModelProfile], Sequence[Claim]]]
"""Groups of models: what they are called, which they are, what was found."""


def title_lines(asked: Asked) -> int:
    """The lines above the claims: one that names the groups, where there are several."""
    return 1 if len(asked) > 1 else 0


class ClaimList(Widget):
    """A line a claim."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "claim-list--cursor",
        "claim-list--holds",
        "claim-list--in-part",
        "claim-list--not",
    }

    class Clicked(Message):
        """A claim was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._asked: Asked = ()
        self._chosen = 0
        self._top = 0

    def show(self, asked: Asked, chosen: int) -> None:
        """Shows claims, one of them chosen."""
        self._asked, self._chosen = asked, chosen
        self.refresh()

    @property
    def _title_lines(self) -> int:
        return title_lines(self._asked)

    def _in_view(self, claims: int) -> range:
        """Which claims there is room for, the one chosen among them."""
        rows = max(1, self.size.height - self._title_lines)
        self._top = max(0, min(max(self._top, self._chosen - rows + 1), self._chosen, claims - rows))
        return range(self._top, min(self._top + rows, claims))

    def render(self) -> Text:
        text = Text(no_wrap=True, overflow="crop", end="")
        if not self._asked:
            return Text("no model is read yet, of which the claims could be asked")
        if len(self._asked) > 1:
            titles = (title.removeprefix("the ") for title, _, _ in self._asked)
            text.append("  " + "".join(f"{title:{_VERDICT_COLUMNS}}" for title in titles) + "\n", "dim")
        beside = list(zip(*(claims for _, _, claims in self._asked)))
        in_view = self._in_view(len(beside))
        for number in in_view:
            claims = beside[number]
            line = Text(f"{claims[0].number} ")
            for claim in claims:
                verdict = self.verdict(claim.verdict)
                line.append(verdict).append(" " * (_VERDICT_COLUMNS - verdict.cell_len))
            line.append(self._palette.plain(claims[0].claim))
            room = max(8, self.size.width)
            if line.cell_len > room:
                line.truncate(room - 1, overflow="crop")
                line.append(self._palette.plain(ELLIPSIS))
            line.pad_right(self.size.width - line.cell_len)
            if number == self._chosen:
                line.stylize("reverse" if self.app.no_color else self.get_component_rich_style("claim-list--cursor"))
            text.append("\n" if number > in_view.start else "").append(line)
        return text

    def verdict(self, verdict: Verdict | None) -> Text:
        """A verdict with its mark and colour."""
        mark, letter, name = _MARKS[verdict]
        style = self.get_component_rich_style(name, partial=True) if name and not self.app.no_color else ""
        return Text(f"{letter if self._palette.ascii else mark} {verdict or 'not asked'}", style)

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self._top + event.y - self._title_lines))


class ClaimsView(Container):
    """The list above, and below it the claim chosen: verdict, reason, figures of each model."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._asked: Asked = ()
        self._chosen = 0
        self._model: ModelProfile | None = None

    def compose(self) -> ComposeResult:
        yield ClaimList(self._palette, id="claim-list")
        with VerticalScroll(id="claim-scroll", can_focus=False):
            detail = Line("", id="claim")
            detail.wrap = True
            yield detail

    @property
    def _count(self) -> int:
        return len(self._asked[0][2]) if self._asked else 0

    @property
    def _list_height(self) -> int:
        """Of the list: it gives way to the claim below where there is no room for both."""
        lines = _CLAIMS + title_lines(self._asked)
        return max(2, min(lines, self.size.height - _MIN_CLAIM_LINES)) if self.size.height else lines

    def show(self, asked: Asked, model: ModelProfile | None) -> None:
        """Shows what was found.

        Args:
            asked: the groups of models.
            model: the one that must be in view.
        """
        self._asked, self._model = asked, model
        self.query_one(ClaimList).styles.height = self._list_height
        self._draw()

    def move(self, claims: int) -> None:
        """Chooses another claim."""
        self.go(self._chosen + claims)

    def go(self, number: int) -> None:
        """Chooses a claim, or the nearest there is."""
        chosen = max(0, min(number, self._count - 1))
        if chosen != self._chosen:
            self._chosen = chosen
            self.query_one("#claim-scroll").scroll_home(animate=False)
            self._draw()

    def scroll_pages(self, pages: int) -> None:
        """Scrolls the claim, where it is longer than its room."""
        scroll = self.query_one("#claim-scroll")
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    def on_resize(self) -> None:
        self.query_one(ClaimList).styles.height = self._list_height
        self._draw()

    def on_claim_list_clicked(self, event: ClaimList.Clicked) -> None:
        self.go(event.number)

    def _draw(self) -> None:
        self.query_one(ClaimList).show(self._asked, self._chosen)
        self.query_one("#claim", Line).show(self._detail() if self._asked else "")

    def _detail(self) -> Text:
        palette, width = self._palette, max(20, self.size.width - 3)
        text = Text(end="")
        first = self._asked[0][2][self._chosen]
        for line in wrapped(palette.plain(f"{first.number}. {first.claim}"), "", width):
            text.append(line + "\n", "bold")
        # The group first of which a model is chosen.
        groups = sorted(self._asked, key=lambda group: self._model not in group[1])
        for title, models, claims in groups:
            claim = claims[self._chosen]
            said = self.query_one(ClaimList).verdict(claim.verdict)
            lead = f"{title}: " if len(self._asked) > 1 else ""
            lines = wrapped(palette.plain(f"{lead}{said.plain}: {claim.why}"), "", width)
            for number, line in enumerate(lines):
                shown = Text(line + "\n")
                if not number:
                    shown.stylize(said.style, len(palette.plain(lead)), len(palette.plain(lead)) + len(said.plain))
                text.append(shown)
            self._figures(text, claim, models)
        symbols = legend(*(claims[self._chosen].why for _, _, claims in self._asked))
        if symbols:
            for line in wrapped(palette.plain(symbols), "", width):
                text.append(line + "\n", "dim")
        text.rstrip()
        return text

    def _figures(self, text: Text, claim: Claim, models: Sequence[ModelProfile]) -> None:
        """The figures of those models that have room."""
        palette = self._palette
        beside = max(1, (self.size.width - _LABEL_COLUMNS) // _MODEL_COLUMNS)
        place = models.index(self._model) if self._model in models else 0
        start = max(0, min(place - beside + 1, len(models) - beside))
        shown = models[start : start + beside]
        found = [claim.findings[model.model] for model in shown]
        names = dict.fromkeys(name for finding in claim.findings.values() for name in finding.figures)
        left = len(models) - len(shown)
        arrows = "< >" if palette.ascii else "← →"
        text.append(f"{f'{left} more: {arrows}' if left else '':{_LABEL_COLUMNS}}", "dim")
        text.append("".join(self._cell(model.name) for model in shown) + "\n", "bold")
        for name in names:
            cells = [self._cell(figure_text(name, finding.figures.get(name))) for finding in found]
            text.append(f"{palette.plain(FIGURES[name][0]):{_LABEL_COLUMNS}}{''.join(cells)}\n")
        if any(finding.holds is not None for finding in claim.findings.values()):
            text.append(f"{'holds':{_LABEL_COLUMNS}}")
            for finding in found:
                verdict: Verdict | None = None
                if finding.holds is not None:
                    verdict = "holds" if finding.holds else "does not hold"
                mark = self.query_one(ClaimList).verdict(verdict)
                word = {True: "yes", False: "no", None: ""}[finding.holds]
                text.append(self._cell(f"{mark.plain[0]} {word}".strip()), mark.style)
            text.append("\n")

    def _cell(self, text: str) -> str:
        return padded(self._palette.shortened(text, _MODEL_COLUMNS - 1), _MODEL_COLUMNS, right=True)

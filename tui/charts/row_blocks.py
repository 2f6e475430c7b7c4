"""What stands below the table of categories: the layers in short, and the parts of the model."""

from __future__ import annotations

from dataclasses import dataclass

from core.count.labels import ordered_categories
from core.count.submodels import Submodel
from core.count.totals import Totals
from core.text.escape import escaped
from core.text.numbers import exact, percent, plural, share, short
from core.text.width import cells
from tui.charts.chart import BOLD, DIM, Canvas
from tui.charts.layer_runs import Run, runs_of
from tui.charts.stacks import ranks_of

_MAX_NAME_COLUMNS = 24
_MAX_BAR_COLUMNS = 60
_MIN_BAR_COLUMNS = 8
_MIN_LINES = 2


@dataclass(frozen=True)
class RowBlocks:
    """Blocks with titled rules, as many as there is room for.

    Attributes:
        layers: those below the row under the cursor: their names and totals.
        submodels: of the model, where the row is the model and it has some.
        whole: the model's totals.
    """

    layers: list[tuple[str, Totals]]
    submodels: list[Submodel]
    whole: Totals

    def draw(self, canvas: Canvas) -> None:
        """Draws the layers, then the parts."""
        below = self._layers(canvas, 0) if self.layers else 0
        if self.submodels:
            self._parts(canvas, below + 1 if below else 0)

    def _layers(self, canvas: Canvas, top: int) -> int:
        """A bar for each run of layers alike, with what one layer of it is made of; gives the first free row."""
        runs = runs_of(self.layers)
        if canvas.height - top < _MIN_LINES:
            return top
        titled = canvas.height - top > _MIN_LINES
        if titled:
            told = f"{len(self.layers)} alike" if len(runs) == 1 and len(self.layers) > 1 else ""
            _rule(canvas, top, "A layer" if len(runs) == 1 else "Layers", told)
        row = top + 1 if titled else top
        shown = _most(runs, max(1, (canvas.height - row) // 2))
        names = [canvas.palette.shortened(_title(run), min(_MAX_NAME_COLUMNS, canvas.width // 3)) for run in shown]
        left = max(map(cells, names)) + 1
        largest = max(run.totals.parameters for run in runs) or 1
        figures = max(len(exact(run.totals.parameters)) for run in shown)
        bar = max(_MIN_BAR_COLUMNS, min(_MAX_BAR_COLUMNS, canvas.width - left - figures - 1))
        keys = [key for key, _ in ordered_categories(self.whole)]
        for name, run in zip(names, shown):
            held = run.totals.categories
            parts = [(key, held[key].parameters) for key in keys if key in held]
            canvas.words(name, 0, row)
            seen = canvas.stack((left, row), bar, parts, largest, ranks_of(keys))
            figure = exact(run.totals.parameters)
            canvas.words(figure, left + bar + 1 + figures - len(figure), row)
            self._shares(canvas, (left, row + 1), run, keys, seen)
            row += 2
        if len(shown) < len(runs) and row < canvas.height:
            more = f"{len(runs) - len(shown)} more kinds of layers"
            canvas.words(canvas.palette.plain(more), left, row, DIM)
            row += 1
        return row

    @staticmethod
    def _shares(canvas: Canvas, place: tuple[int, int], run: Run, keys: list[str], seen: set[str]) -> None:
        """What a layer is made of, in percent; what is too small for its bar comes last, and is told to be."""
        column, row = place
        held = [key for key in keys if key in run.totals.categories and run.totals.categories[key].parameters]
        lost = [key for key in held if key not in seen]
        for key in [*(key for key in held if key in seen), *lost]:
            if lost and key == lost[0]:
                canvas.words("too small to draw:", column, row, DIM)
                column += len("too small to draw: ")
            figure = percent(share(run.totals.categories[key].parameters, run.totals.parameters))
            canvas.words(canvas.palette.glyph(key), column, row, canvas.palette.rgb(key))
            canvas.words(figure, column + 2, row)
            column += len(figure) + 4
        canvas.words("%", column - 1, row)

    def _parts(self, canvas: Canvas, top: int) -> None:
        """A bar a submodel, the largest where there is no room for all."""
        room = canvas.height - top - 1
        if room < 1:
            return
        _rule(canvas, top, "Parts", plural(len(self.submodels), "part"))
        ordered = sorted(self.submodels, key=lambda part: -part[1].parameters)
        shown = [part for part in self.submodels if part in ordered[: room if len(ordered) <= room else room - 1]]
        names = [canvas.palette.shortened(escaped(name), canvas.width // 3) for name, _ in shown]
        left = max(map(cells, names), default=0) + 1
        bar = max(_MIN_BAR_COLUMNS, min(_MAX_BAR_COLUMNS, canvas.width - left - len(" 100.00 %  999.9M")))
        keys = [key for key, _ in ordered_categories(self.whole)]
        for row, (name, (_, totals)) in enumerate(zip(names, shown), top + 1):
            held = totals.categories
            canvas.words(name, 0, row)
            parts = [(key, held[key].parameters) for key in keys if key in held]
            canvas.stack((left, row), bar, parts, self.whole.parameters, ranks_of(keys))
            figure = f"{percent(share(totals.parameters, self.whole.parameters))} %"
            canvas.words(f"{figure:>9}  {short(totals.parameters):>6}", left + bar, row)
        if len(shown) < len(self.submodels):
            canvas.words(f"{len(self.submodels) - len(shown)} smaller ones", 0, canvas.height - 1, DIM)


def _title(run: Run) -> str:
    return f"{run.name} ×{run.layers}" if run.layers > 1 else run.name


def _most(runs: list[Run], room: int) -> list[Run]:
    """The runs that hold most, in their order."""
    largest = sorted(runs, key=lambda run: -run.totals.parameters * run.layers)[:room]
    return [run for run in runs if any(run is each for each in largest)]


def _rule(canvas: Canvas, row: int, title: str, right: str) -> None:
    """A rule with a title, and words at its right end."""
    line = canvas.palette.ruled("─")
    canvas.words(line * canvas.width, 0, row, DIM)
    canvas.words(f" {title} ", 1, row, BOLD)
    if right:
        canvas.words(f" {right} ", canvas.width - len(right) - 3, row, DIM)

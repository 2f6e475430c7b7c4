"""What the row under the cursor is, in a few lines."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from core.classify.category import ROLES
from core.count.labels import category_label
from core.count.tree import ModuleNode, Run
from core.naming.template import numbered_name
from core.report.summary import tensors_text
from core.text.escape import escaped
from core.text.numbers import exact, percent, plural, share, size
from core.text.width import cells, leading
from tui.explorer.outline import OutlineRow
from tui.palette import Palette


class Details(Widget):
    """Full name, and shape, type, size, kind; or how much a module holds, and what is told apart in it."""

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._path = ""
        self._facts = ""
        self._breakdown: list[str] = []
        self._room = 0
        self._narrow = False

    def fit(self, breakdown: list[str], width: int, most: int, narrow: bool) -> int:
        """Takes as many lines as the model's own row needs, so that none moves with the cursor.

        Args:
            breakdown: what is told apart in the model.
            width: how wide a line will be.
            most: how many lines that may take.
            narrow: whether facts have one line, and two only where nothing is told apart.

        Returns:
            How many lines it takes.
        """
        self._narrow = narrow
        self._room = min(most, len(_wrapped(breakdown, width)))
        return self._room

    def show(self, row: OutlineRow | None, root: ModuleNode | None, breakdown: list[str]) -> None:
        """Shows a row of a model, and what is told apart in it, a sentence each."""
        name, facts = "", ""
        if row and root:
            name = escaped(row.item.path) or escaped(root.name)
            facts = self._palette.dot.join(_facts(row, root))
        if (name, facts, breakdown) != (self._path, self._facts, self._breakdown):
            self._path, self._facts, self._breakdown = name, facts, breakdown
            self.refresh()

    def render(self) -> Text:
        palette, width = self._palette, max(8, self.size.width)
        text = Text(no_wrap=True, overflow="crop", end="")
        text.append(palette.shortened(self._path, width) + "\n", "bold")
        facts = palette.plain(self._facts)
        # Two lines of facts where one is too short for them and there is room.
        separator = palette.dot
        if cells(facts) > width:
            cut = facts.rfind(separator, 0, len(leading(facts, width)))
            if cut > 0:
                one_line = self._narrow and (self._breakdown or not self._room)
                facts = facts[:cut] + ("" if one_line else "\n" + facts[cut + len(separator) :])
        text.append(facts)
        for line in self._shown():
            text.append("\n" + palette.plain(line), "dim")
        return text

    def _shown(self) -> list[str]:
        """The lines of what is told apart, an ellipsis at the end where there is no room for all."""
        width = max(8, self.size.width)
        lines = _wrapped(self._breakdown, width)
        if len(lines) > self._room > 0:
            lines[self._room - 1] = leading(lines[self._room - 1], width - 2).rstrip(",") + " …"
        return lines[: self._room]


def _wrapped(texts: list[str], width: int) -> list[str]:
    """Each of some texts in lines, folded behind commas."""
    lines = []
    for text in texts:
        rest = text
        cut = _last_comma(rest, width)
        while cells(rest) > width and cut > 0:
            lines.append(rest[: cut + 1])
            rest = "  " + rest[cut + 2 :]
            cut = _last_comma(rest, width)
        lines.append(rest)
    return lines


def _last_comma(text: str, width: int) -> int:
    """Where the last comma stands that fits into some columns; -1 where none does."""
    return text.rfind(", ", 0, len(leading(text, width)))


def _facts(row: OutlineRow, root: ModuleNode) -> list[str]:
    item, parameters = row.item, plural(row.item.parameters, "parameter")
    if isinstance(item, Run):
        alike, *others = _facts_of_run(item)
        facts = [alike, parameters, *others]
    elif item.classification and item.classification.is_packed:
        facts = _facts_of_node(item)
    else:
        facts = [*_facts_of_node(item), parameters]
    facts.append(f"{percent(share(item.parameters, root.parameters))} % of the model")
    parent = row.parent
    if parent and parent.parameters and parent is not root:
        part = percent(share(item.parameters, parent.parameters))
        facts.append(f"{part} % of {escaped(numbered_name(parent.path))}")
    return facts


def _facts_of_run(run: Run) -> list[str]:
    """How many modules a run has, and how large each is."""
    facts = [f"{len(run.nodes)} modules alike of {exact(run.nodes[0].parameters)} parameters each"]
    taken = {node.totals().whole.bytes for node in run.nodes}
    if len(taken) > 1:
        facts.append(f"{size(min(taken))} to {size(max(taken))} each")
    return facts


def _facts_of_node(node: ModuleNode) -> list[str]:
    """What a tensor is and how large; how much a module holds."""
    tensor, classification = node.tensor, node.classification
    if not tensor or not classification:
        totals = node.totals()
        return [tensors_text(totals), size(totals.whole.bytes)]
    shape = " × ".join(map(str, tensor.shape)) or "a single value"
    what = ROLES[classification.role].tensor
    if classification.role == "parameter":
        what = f"{category_label(classification.category, node.totals())} {classification.kind}"
    if not classification.is_packed:
        return [shape, tensor.dtype, size(tensor.nbytes), what]
    bits = f"{classification.bits}-bit packed" if classification.bits else "packed"
    held = f"{bits}, {plural(classification.parameters, 'weight')} in {size(tensor.nbytes)}"
    return [held, shape, tensor.dtype, what]

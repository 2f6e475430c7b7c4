"""What the row under the cursor is, in two lines."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from core.escape import escaped, shortened
from core.formats import exact, percent, plural, share, size
from core.labels import category_label
from core.outline import OutlineRow
from core.summary import tensors_text
from core.tree import ModuleNode, Run, numbered_name
from tui.look import Look

_ROLES = {"buffer": "a buffer, not counted", "tied": "a tied copy, not counted", "quantization": "quantisation data"}


class Details(Widget):
    """Full name, and shape, type, size, kind; or how much a module holds."""

    def __init__(self, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self._look = look
        self._path = ""
        self._facts = ""

    def show(self, row: OutlineRow | None, root: ModuleNode | None) -> None:
        """Shows a row of a model."""
        name, facts = "", ""
        if row and root:
            name = escaped(row.item.path) or escaped(root.name)
            facts = self._look.dot.join(_facts(row, root))
        if (name, facts) != (self._path, self._facts):
            self._path, self._facts = name, facts
            self.refresh()

    def render(self) -> Text:
        look, width = self._look, max(8, self.size.width)
        text = Text(no_wrap=True, overflow="crop", end="")
        text.append(look.plain(shortened(self._path, width)) + "\n", "bold")
        facts = look.plain(self._facts)
        # Two lines of facts where one is too short for them.
        separator = look.dot
        if len(facts) > width:
            cut = facts.rfind(separator, 0, width)
            if cut > 0:
                facts = facts[:cut] + "\n" + facts[cut + len(separator) :]
        text.append(facts)
        return text


def _facts(row: OutlineRow, root: ModuleNode) -> list[str]:
    item = row.item
    facts = []
    if isinstance(item, Run):
        each = exact(item.nodes[0].parameters)
        facts.append(f"{len(item.nodes)} modules alike of {each} parameters each")
    elif item.tensor and item.meaning:
        tensor, meaning = item.tensor, item.meaning
        shape = " × ".join(map(str, tensor.shape)) or "a single value"
        what = _ROLES.get(meaning.role, f"{category_label(meaning.category, root.totals())} {meaning.kind}")
        if meaning.is_packed:
            bits = f"{meaning.bits}-bit packed" if meaning.bits else "packed"
            facts += [
                f"{bits}, {plural(meaning.parameters, 'weight')} in {size(tensor.nbytes)}",
                shape,
                tensor.dtype,
                what,
            ]
        else:
            facts += [shape, tensor.dtype, size(tensor.nbytes), what]
    else:
        totals = item.totals()
        facts += [tensors_text(totals), size(totals.whole.bytes)]
    if not (isinstance(item, ModuleNode) and item.meaning and item.meaning.is_packed):
        facts.insert(1 if isinstance(item, Run) else len(facts), plural(item.parameters, "parameter"))
    facts.append(f"{percent(share(item.parameters, root.parameters))} % of the model")
    if row.parent and row.parent.parameters and row.parent is not root:
        facts.append(
            f"{percent(share(item.parameters, row.parent.parameters))} % of {escaped(numbered_name(row.parent.path))}"
        )
    return facts

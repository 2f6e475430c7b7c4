"""The explorer's first lines."""

from __future__ import annotations

from core.classify.user_rules import Rules
from core.count.counter import Count
from core.report.summary import summary
from core.text.escape import escaped
from core.text.width import cells, shortened
from tui.palette import Palette

_MAX_RULES_NAME_COLUMNS = 30


def title_text(model: str, rules: Rules | None, count: Count | None, palette: Palette, width: int) -> str:
    """A model's name, and its sums once they are known.

    Args:
        model: as the user named it.
        rules: what is asked before the built-in rules.
        count: the model, once it is counted.
        palette: how things are drawn.
        width: of the line, in columns.
    """
    text = escaped(model)
    if rules:
        # First, so that no long path pushes it out of the line.
        text = f"rules: {escaped(shortened(rules.name, _MAX_RULES_NAME_COLUMNS))}{palette.dot}{text}"
    if count:
        room = width - cells(palette.plain(text)) - len(palette.dot)
        text += palette.dot + summary(count, "·", room)
    return palette.plain(text)


def facts_line(count: Count | None, palette: Palette, width: int) -> str:
    """How a model is stored and built, as much of it as the line has room for; "" while that is not known.

    Args:
        count: the model, once it is counted.
        palette: how things are drawn.
        width: of the line, in columns.
    """
    if not count:
        return ""
    from core.report.facts import dimensions_text, dtypes_text

    told = " · ".join(filter(None, (dtypes_text(count), dimensions_text(count))))
    while cells(told) > width and " · " in told:
        told = told.rpartition(" · ")[0]
    return palette.plain(told)

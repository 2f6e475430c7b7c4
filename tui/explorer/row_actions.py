"""What can be done with the row under the cursor: copy it, export it."""

from __future__ import annotations

from textual.screen import Screen

from core.count.counter import Count
from core.text.escape import escaped
from core.text.width import shortened
from tui.explorer.outline import OutlineRow
from tui.palette import Palette

_MAX_NOTICE_COLUMNS = 60
_NOTICE_SECONDS = 2


def copy_row(screen: Screen[None], palette: Palette, model: str, row: OutlineRow) -> None:
    """Copies a row's name and parameters to the clipboard, and says so."""
    screen.app.copy_to_clipboard(f"{escaped(row.item.path or model)}\t{row.item.parameters}")
    shown = palette.plain(shortened(row.label, _MAX_NOTICE_COLUMNS))
    screen.notify(f"{shown}: name and parameters copied", markup=False, timeout=_NOTICE_SECONDS)


def export_row(screen: Screen[None], palette: Palette, model: str, count: Count, row: OutlineRow | None) -> None:
    """Asks what is to be exported, of the model and of the row whose table is shown."""
    from tui.dialogs.export import file_stem, open_export
    from tui.dialogs.export_formats import export_formats

    shown = count
    if row and row.parent is not None:
        shown = count.of_module(row.item.path, row.item.totals())
    drawing = screen.app.export_screenshot(title=escaped(model))
    open_export(screen, palette, file_stem(model), export_formats(count, shown, drawing))

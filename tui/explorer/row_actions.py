"""What can be done with the row under the cursor: copy it, export it, learn of its category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from core.count.counter import Count
from core.count.labels import ordered_categories
from core.count.module_count import module_count
from core.count.totals import Totals
from core.text.escape import escaped
from core.text.width import shortened
from tui.explorer.outline import OutlineRow
from tui.palette import Palette

if TYPE_CHECKING:
    from core.profile.profile import ModelProfile

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

    shown = module_count(count, row.item.path, row.item.totals()) if row and row.parent is not None else count
    drawing = screen.app.export_screenshot(title=escaped(model))
    open_export(screen, palette, file_stem(model), export_formats(count, shown, drawing))


def open_category_page(
    screen: Screen[None], palette: Palette, profile: ModelProfile, totals: Totals, category: str
) -> None:
    """Opens the page on a category of the model, from which those on its other categories are turned to."""
    from tui.dialogs.category_page import CategoryPageScreen

    categories = [key for key, _ in ordered_categories(totals)]
    screen.app.push_screen(CategoryPageScreen(profile, categories, category, palette))

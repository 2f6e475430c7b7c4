"""The page of a model's metadata: every key, and behind each its whole value, be it 256,000 tokens."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import get_current_worker

from core.checkpoint.metadata import Metadata
from core.readers.metadata_pages.book import MetadataBook
from core.readers.metadata_pages.failures import FAILURES, sentence_of
from core.readers.metadata_pages.pages import Cancelled, Pages, find
from core.text.escape import escaped
from core.text.numbers import exact, plural
from core.text.width import beginning
from tui.keys.dialogs import DIALOG_KEYS, METADATA_FOOTER, VALUE_FOOTER
from tui.palette import Palette
from tui.textual_fixes.screens import SafeScreen
from tui.widgets.key_hints import KeyHints
from tui.widgets.line import Line
from tui.widgets.paged_list import PagedList
from tui.widgets.rule import rule

_MAX_KEY_COLUMNS = 44
_MAX_TITLE_COLUMNS = 60


class MetadataScreen(SafeScreen, ModalScreen[None]):
    """The list of keys; Enter opens a value, Escape leads back. Both can be searched."""

    BINDINGS: ClassVar[list[BindingType]] = DIALOG_KEYS.bindings("metadata")
    AUTO_FOCUS = "#rows"

    class Opened(Message):
        """The files, or a value in them, can be looked at; or why not."""

        def __init__(self, pages: Pages | None, key: int | None = None, name: str = "", failure: str = "") -> None:
            super().__init__()
            self.pages = pages
            self.key = key
            self.name = name
            self.failure = failure

    class Found(Message):
        """A search is over: the row that was found, if any."""

        def __init__(self, pages: Pages, row: int | None, failure: str = "") -> None:
            super().__init__()
            self.pages = pages
            self.row = row
            self.failure = failure

    def __init__(self, metadata: Metadata, palette: Palette) -> None:
        """
        Args:
            metadata: of the model.
            palette: how things are drawn.
        """
        super().__init__()
        self._metadata = metadata
        self._palette = palette
        self._book: MetadataBook | None = None
        self._pages: Pages | None = None
        self._key: int | None = None
        self._key_name = ""
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Line("", id="metadata-title")
        yield PagedList(self._palette, id="rows")
        yield Input(placeholder="text to look for; Enter finds it, Esc closes", id="find", compact=True)
        yield KeyHints(METADATA_FOOTER, id="keys")
        yield KeyHints(VALUE_FOOTER, id="keys-value")

    def on_mount(self) -> None:
        self.run_worker(self._open_book, thread=True, exit_on_error=False)

    @property
    def _list(self) -> PagedList:
        return self.query_one("#rows", PagedList)

    # In threads.

    def _open_book(self) -> None:
        try:
            self.post_message(self.Opened(MetadataBook(self._metadata)))
        except FAILURES as error:
            self.post_message(self.Opened(None, failure=sentence_of(error)))

    def _open_value(self, book: MetadataBook, key: int, width: int) -> None:
        try:
            self.post_message(self.Opened(book.opened(key, width), key, book.entry(key).key))
        except FAILURES as error:
            self.post_message(self.Opened(None, key, failure=sentence_of(error)))

    def _search(self, pages: Pages, text: str, start: int, step: int) -> None:
        worker = get_current_worker()

        def check() -> None:
            if worker.is_cancelled:
                raise Cancelled

        try:
            self.post_message(self.Found(pages, find(pages, text, start, step, check)))
        except FAILURES as error:
            self.post_message(self.Found(pages, None, sentence_of(error)))
        except Cancelled:
            pass

    # What they say.

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        if message.failure or message.pages is None:
            self._say(message.failure)
            return
        if isinstance(message.pages, MetadataBook):
            self._book = message.pages
        self._show(message.pages, message.key, message.name)

    @on(Found)
    def _found(self, message: Found) -> None:
        if message.pages is not self._pages:
            return
        self._say(message.failure or ("" if message.row is not None else "not found"))
        if message.row is not None:
            self._list.go(message.row)

    # What is shown.

    def _show(self, pages: Pages, key: int | None = None, name: str = "", cursor: int = 0) -> None:
        self._pages, self._key, self._key_name = pages, key, name
        self.set_class(key is not None, "-value")
        self._list.show(len(pages), pages.rows, self._draw, cursor)

    def _draw(self, number: int, row: str, width: int) -> Text:
        palette, pages = self._palette, self._pages
        if pages is None:
            return Text("")
        if self._key is None:
            key, _, value = row.partition("\t")
            wide = min(_MAX_KEY_COLUMNS, width * 2 // 5)
            name = palette.fit(escaped(key), wide)
            return Text.assemble(" ", (name, "bold"), "  ", _cut(palette, value, width - wide - 4))
        if not pages.numbered:
            return Text(f" {palette.plain(row)}")
        figures = len(exact(max(0, len(pages) - 1)))
        return Text.assemble(" ", (f"{exact(number):>{figures}}", "dim"), "  ", _cut(palette, row, width - figures - 4))

    @on(PagedList.Moved)
    def _show_title(self) -> None:
        length = len(self._list)
        title = "Metadata" if self._key is None else f"{beginning(escaped(self._key_name), _MAX_TITLE_COLUMNS)}"
        what = self._said or "reading…"
        if not self._said and self._pages is not None:
            noun = "key" if self._key is None else "element" if self._pages.numbered else "line"
            what = f"{exact(min(self._list.cursor + 1, length))} of {plural(length, noun)}"
        mark = "=" if self._palette.ascii else "━"
        line = rule(title, self._palette.plain(what), max(8, self.size.width), self._palette, mark)
        self.query_one("#metadata-title", Line).show(line)

    def _say(self, text: str) -> None:
        self._said = text
        self._show_title()

    def on_resize(self) -> None:
        self._show_title()

    # Keys.

    def action_move(self, rows: int) -> None:
        self._say("")
        self._list.move(rows)

    def action_page(self, pages: int) -> None:
        self._list.page(pages)

    def action_edge(self, edge: int) -> None:
        self._list.go(0 if edge == 0 else len(self._list) - 1)

    def action_open(self) -> None:
        """The value of the key under the cursor."""
        book = self._book
        if self._key is None and book is not None and len(book):
            width = max(16, self.size.width - 3)
            work = partial(self._open_value, book, self._list.cursor, width)
            self.run_worker(work, thread=True, exit_on_error=False, group="open", exclusive=True)

    def action_back(self) -> None:
        """Closes the field, else leads from a value to the keys, else closes the page."""
        field = self.query_one("#find", Input)
        if field.has_class("-open"):
            field.remove_class("-open")
            field.value = ""
            self._say("")
            self._list.focus()
        elif self._key is not None and self._book is not None:
            self._say("")
            self._show(self._book, cursor=self._key)
        else:
            self.dismiss()

    def action_find(self) -> None:
        """Lets the user type what to look for."""
        field = self.query_one("#find", Input)
        field.add_class("-open")
        field.focus()

    @on(Input.Submitted, "#find")
    def _submitted(self) -> None:
        self._list.focus()
        self.action_match(1)

    def action_match(self, step: int) -> None:
        """Goes to the next or the previous row with the text."""
        text = self.query_one("#find", Input).value
        if self._pages is not None and text:
            self._say("looking…")
            work = partial(self._search, self._pages, text, self._list.cursor, step)
            self.run_worker(work, thread=True, exit_on_error=False, group="find", exclusive=True)


def _cut(palette: Palette, text: str, width: int) -> str:
    """A value in a row: what does not print is escaped, its end left out where it is longer."""
    return palette.plain(beginning(palette.plain(escaped(text)), width))

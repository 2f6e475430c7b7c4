"""The metadata of a GGUF file: every key, and the elements of its arrays, read by seeking.

Nothing of an array is held but where some of its elements lie, so that 256,000 tokens take no more room than a page.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from core.checkpoint.errors import CheckpointError, from_os_error
from core.checkpoint.metadata import MetadataPlace
from core.readers.gguf.header import ARRAY, BOOL, NUMBERS, SIZES, STRING
from core.readers.gguf.header_bytes import MAX_NAME_BYTES, HeaderBytes
from core.readers.metadata_pages.entry import Entry
from core.readers.metadata_pages.pages import MAX_ROW_CHARACTERS, Pages
from core.readers.metadata_pages.text_rows import MAX_TEXT_BYTES, TextRows
from core.text.numbers import exact, plural

_INDEXED_EVERY = 1_024
"""Elements of an array of texts whose place is kept: a page reads so many at most to find its first."""
_MAX_DEPTH = 4
_KINDS = {STRING: "text", BOOL: "truth value", ARRAY: "array"}


class GgufEntries:
    """The keys of one file, in its order."""

    def __init__(self, place: MetadataPlace) -> None:
        self._place = place

    def __len__(self) -> int:
        return len(self._place.keys)

    def entry(self, number: int) -> Entry:
        """One of them.

        Raises:
            CheckpointError: where the file cannot be read any more, or is another than it was.
        """
        with self.at(self._place.keys[number]) as source:
            key = source.take(_length(source, MAX_NAME_BYTES)).decode("utf-8", "replace")
            kind = source.number()
            if kind == ARRAY:
                element, length = source.number(), _length(source, source.size)
                what = _KINDS.get(element, "number")
                return Entry(key, f"[{plural(length, what)}]", True)
            if kind == STRING:
                length = _length(source, source.size)
                text = _text(source, length, 4 * MAX_ROW_CHARACTERS)
                return Entry(key, text[:MAX_ROW_CHARACTERS], True)
            return Entry(key, _number(source, kind), False)

    def opened(self, number: int, width: int) -> Pages:
        """The value of one of them: the elements of an array, the lines of a text.

        Raises:
            CheckpointError: likewise.
        """
        with self.at(self._place.keys[number]) as source:
            source.skip(_length(source, MAX_NAME_BYTES))
            kind = source.number()
            if kind == ARRAY:
                element, length = source.number(), _length(source, source.size)
                return _Elements(self, element, length, source.position)
            if kind == STRING:
                length = _length(source, source.size)
                return TextRows(_text(source, length, MAX_TEXT_BYTES), length, width)
            return TextRows(_number(source, kind), 0, width)

    @contextmanager
    def at(self, position: int) -> Iterator[HeaderBytes]:
        """The file's bytes from a place on."""
        opened, size = self._place.open()
        with opened:
            try:
                opened.seek(position)
            except OSError as failure:
                raise from_os_error(failure, self._place.file) from failure
            source = HeaderBytes(opened, size, self._place.file, position)
            source.order = ">" if self._place.big_endian else "<"
            source.length = "I" if self._place.version == 1 else "Q"
            yield source


class _Elements:
    """The elements of an array; see `Pages`."""

    numbered = True

    def __init__(self, entries: GgufEntries, kind: int, length: int, start: int) -> None:
        """
        Args:
            entries: of the file that has it.
            kind: of an element, by GGUF's number.
            length: how many there are.
            start: the byte of the file where the first begins.
        """
        self._entries = entries
        self._kind = kind
        self._length = length
        self._places = array("Q", [start])
        # Pages are read in threads, a search and two pieces of the list at once.
        self._growing = Lock()

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, count: int) -> list[str]:
        """See `Pages`."""
        count = max(0, min(count, self._length - start))
        if not count:
            return []
        with self._entries.at(self._place_of(start)) as source:
            if self._kind not in SIZES:
                self._skip(source, start % _INDEXED_EVERY)
            return [self._row(source) for _ in range(count)]

    def _place_of(self, number: int) -> int:
        """Where an element begins, or the nearest before it whose place is kept."""
        if size := SIZES.get(self._kind):
            return self._places[0] + size * number
        wanted = number // _INDEXED_EVERY
        with self._growing:
            if wanted >= len(self._places):
                self._find_places(wanted)
            return self._places[wanted]

    def _find_places(self, upto: int) -> None:
        with self._entries.at(self._places[-1]) as source:
            while upto >= len(self._places):
                self._skip(source, _INDEXED_EVERY)
                self._places.append(source.position)

    def _skip(self, source: HeaderBytes, count: int) -> None:
        if self._kind == STRING:
            source.skip_strings(count)
            return
        for _ in range(count):
            _skip_array(source, 1)

    def _row(self, source: HeaderBytes) -> str:
        if self._kind == STRING:
            length = _length(source, source.size)
            text = _text(source, length, 4 * MAX_ROW_CHARACTERS)
            source.skip(length - min(length, 4 * MAX_ROW_CHARACTERS))
            return text[:MAX_ROW_CHARACTERS]
        if self._kind == ARRAY:
            return f"[{plural(_skip_array(source, 1), 'element')}]"
        return _number(source, self._kind)


def _skip_array(source: HeaderBytes, depth: int) -> int:
    """Goes past an array; how many elements it has."""
    kind, length = source.number(), source.number(source.length)
    if size := SIZES.get(kind):
        source.skip(size * length)
    elif kind == STRING:
        source.skip_strings(length)
    elif kind == ARRAY and depth < _MAX_DEPTH:
        for _ in range(length):
            _skip_array(source, depth + 1)
    else:
        raise _changed(source)
    return length


def _length(source: HeaderBytes, most: int) -> int:
    """The length of a text or an array that follows, each element of which takes a byte at least."""
    length = source.number(source.length)
    if length > min(most, source.left):
        raise _changed(source)
    return length


def _text(source: HeaderBytes, length: int, most: int) -> str:
    """The beginning of a text; the characters that a cut leaves in half are left out."""
    content = source.take(min(length, most))
    return content.decode("utf-8", "replace" if length <= most else "ignore")


def _number(source: HeaderBytes, kind: int) -> str:
    form = NUMBERS.get(kind)
    if form is None:
        raise _changed(source)
    (value,) = source.unpack(form)
    if kind == BOOL:
        return "true" if value else "false"
    return exact(value) if isinstance(value, int) else f"{value:.7g}"


def _changed(source: HeaderBytes) -> CheckpointError:
    return source.fault("the metadata are not what they were when the file was counted")

"""How many columns text takes, and where it may be cut."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.report.as_text import TextStyle
from core.text.escape import ELLIPSIS, escaped
from core.text.width import beginning, cells, in_columns, leading, padded, shortened, wrapped
from tui.palette import Palette

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"

CLUSTERS = (
    *("a", "7", "/", "-", "…", "·", "²", "–", "é", "e\u0301", "e\u0301\u0323", "/\u0301", "\u0928\u093f"),
    *("中", "한", "\u1112\u1161\u11ab", "ｆ", "ｱ", "ก", "ก\u0e35", "☰", "䷀"),
    *("☎", "☎\ufe0f", "1\ufe0f\u20e3", "👍", "👍🏽", "👩\u200d💻", FAMILY, GERMANY, FRANCE),
)
"""What a terminal draws as one each; a flag is of two letters, of which one alone is another sign."""

texts = st.lists(st.sampled_from(CLUSTERS), max_size=30).map("".join)
sentences = st.lists(texts, max_size=8).map(" ".join)
anything = st.one_of(
    st.text().map(escaped), sentences, st.text(alphabet="aé \u0301\u200d\ufe0f☎👩🏽\U0001f1e9中\u1161/")
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("中文", 4),
        ("ｆｕｌｌ", 8),
        ("é", 1),
        ("e\u0301", 1),
        ("\u0301", 0),
        ("\u1112\u1161\u11ab", 2),
        (FAMILY, 2),
        ("👩\u200d💻", 2),
        ("👍🏽", 2),
        (GERMANY, 2),
        (GERMANY + FRANCE, 4),
        ("☎", 1),
        ("☎\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("a\ufe0f", 1),
        ("☰", 2),
    ],
)
def test_a_cluster_takes_what_it_is_drawn_in(text: str, columns: int) -> None:
    assert cells(text) == columns


def test_every_character_takes_what_the_screen_takes_it_to_be() -> None:
    printable = (chr(number) for number in range(sys.maxunicode + 1))
    differing = [c for c in printable if c.isprintable() and cells(c) != cell_len(c)]
    assert differing == []


@given(anything)
def test_a_text_takes_what_the_screen_takes_it_to_be(text: str) -> None:
    assert cells(text) == cell_len(text)


@given(texts, texts)
def test_clusters_side_by_side_take_what_they_take_alone(first: str, second: str) -> None:
    assert cells(first + second) == cells(first) + cells(second)


def is_cut_between_clusters(text: str, left: str, right: str) -> bool:
    """Whether a text's left and right piece take all columns that they took in it, and no mark stands alone."""
    middle = text[len(left) : len(text) - len(right)]
    pieces = (left, middle, right)
    return sum(map(cells, pieces)) == cells(text) and all(not piece or cells(piece[0]) for piece in pieces if text)


@given(texts, st.integers(0, 40))
def test_a_name_is_cut_between_clusters(text: str, width: int) -> None:
    result = shortened(text, width)
    assert cells(result) <= width
    if result == text or not result:
        return
    cut = next(
        n for n, c in enumerate(result) if c == ELLIPSIS and result[:n] == text[:n] and text.endswith(result[n + 1 :])
    )
    assert is_cut_between_clusters(text, result[:cut], result[cut + 1 :])
    # What another cluster of at most two columns would have room for is not left out.
    assert cells(result) >= width - 2


@given(texts, st.integers(0, 40))
def test_a_beginning_is_cut_between_clusters(text: str, width: int) -> None:
    result = leading(text, width)
    assert text.startswith(result)
    assert cells(result) <= width
    assert is_cut_between_clusters(text, result, "")
    assert result == text or cells(result) >= width - 1


@given(anything, st.integers(0, 40))
def test_nothing_that_is_cut_is_too_wide(text: str, width: int) -> None:
    for result in (shortened(text, width), beginning(text, width), leading(text, width)):
        assert cells(result) <= width
    assert (shortened(text, width) == text) == (cells(text) <= width)


@given(sentences, st.integers(6, 40))
def test_wrapped_lines_fit_and_have_all_that_the_text_has(text: str, width: int) -> None:
    lines = wrapped(text, "  ", width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line.strip()[0]) for line in lines)
    assert sum(cells("".join(line.split())) for line in lines) == cells("".join(text.split()))


@given(anything, st.integers(6, 40))
def test_wrapped_lines_of_anything_fit(text: str, width: int) -> None:
    assert all(cells(line) <= width for line in wrapped(text, "  ", width))


def test_a_mark_on_a_space_stays_there() -> None:
    assert wrapped("abcd \u0301efgh", "", 6) == ["abcd \u0301e", "fgh"]


def test_a_long_word_is_cut_behind_a_sign_but_not_before_its_mark() -> None:
    assert wrapped("abcd/efgh", "", 6) == ["abcd/", "efgh"]
    assert wrapped("abcd/\u0301efgh", "", 6) == ["abcd/\u0301e", "fgh"]


def test_a_cluster_wider_than_a_line_is_a_line() -> None:
    assert wrapped("中文", "", 1) == ["中", "文"]


@given(texts, st.integers(0, 90), st.booleans())
def test_padding_fills_the_columns(text: str, width: int, right: bool) -> None:
    result = padded(text, width, right)
    assert cells(result) == max(width, cells(text))
    assert result.endswith(text) if right else result.startswith(text)


@given(texts)
def test_each_column_shows_its_cluster(text: str) -> None:
    columns = in_columns(text)
    assert len(columns) == cells(text)
    assert "".join(columns) == text


@given(anything, st.integers(0, 40), st.booleans())
def test_tables_and_screen_cut_and_fill_alike(text: str, width: int, ascii: bool) -> None:
    table, screen = TextStyle(ascii, lambda text, _: text), Palette(ascii)
    assert table.shortened(text, width) == screen.shortened(text, width)
    assert cells(table.shortened(text, width)) <= width
    assert cells(screen.fit(text, width)) == width
    assert table.shortened(text, width).isascii() or not ascii

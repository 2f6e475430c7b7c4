"""How names and numbers are written, and how an error reads."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoint.errors import CheckpointError, from_os_error
from core.study.comparison import cell_text
from core.text.escape import escaped
from core.text.numbers import amount, decimals, exact, percent, plural, share, short, size
from core.text.width import beginning, cells, shortened


@given(st.text())
def test_escaped_text_is_printable_and_keeps_what_was(text: str) -> None:
    assert escaped(text).isprintable()
    assert escaped(text) == text or not text.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202e", "\\u202e"),
        ("\u2066\u200b\ufeff\u2028", "\\u2066\\u200b\\ufeff\\u2028"),
        ("\udcff", "\\udcff"),
        ("\U000e0001", "\\U000e0001"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("中文", "中文"),
    ],
)
def test_what_does_not_print_is_written_as_an_escape(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text().map(escaped), st.integers(0, 40))
def test_a_shortened_text_takes_no_more_columns_than_asked(text: str, width: int) -> None:
    result = shortened(text, width)
    assert cells(result) <= width
    assert result == text or cells(text) > width


@given(st.text().map(escaped), st.integers(0, 40))
def test_the_beginning_of_a_text_takes_no_more_columns_than_asked(text: str, width: int) -> None:
    result = beginning(text, width)
    assert cells(result) <= width
    assert result == text or (cells(text) > width and text.startswith(result[:-1]))


def test_the_beginning_of_a_sentence_ends_with_a_word_or_a_piece_of_one() -> None:
    assert beginning("not counted, and why", 13) == "not counted…"


def test_a_shortened_text_keeps_both_ends() -> None:
    assert shortened("transformer.h.0.attn.c_attn.weight", 15) == "transfo….weight"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("中文", 4), ("ｆｕｌｌ", 8), ("é", 1), ("", 0)])
def test_wide_characters_take_two_columns(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (768, "768"),
        (999, "999"),
        (1000, "1.0k"),
        (38_400, "38.4k"),
        (999_949, "999.9k"),
        (999_950, "1.0M"),
        (124_439_808, "124.4M"),
        (1_557_611_200, "1.6B"),
        (671_026_419_200, "671.0B"),
        (10**15, "1.0Q"),
    ],
)
def test_a_short_count_has_at_most_six_characters(count: int, text: str) -> None:
    assert short(count) == text


@given(st.integers(0, 10**17))
def test_any_count_in_short_form_fits(count: int) -> None:
    assert len(short(count)) <= 6


def test_sizes_shares_and_plurals() -> None:
    assert (size(0), size(999), size(497_759_232)) == ("0 B", "999 B", "497.8 MB")
    assert exact(124_439_808) == "124,439,808"
    assert (share(1, 4), share(0, 0), share(5, 0)) == (25.0, 0.0, 0.0)
    assert (percent(0), percent(0.001), percent(0.0309), percent(100)) == ("0.00", "<0.01", "0.03", "100.00")
    assert [decimals(value, 4) for value in (0, 0.00004, 0.0309, 1557.6)] == [
        "0.0000",
        "<0.0001",
        "0.0309",
        "1,557.6000",
    ]
    assert [cell_text("times", value) for value in (0.0027, 0.01, 1, 5393.2)] == ["<0.01", "0.01", "1.00", "5,393.20"]
    assert (plural(1, "tensor"), plural(0, "tensor"), plural(1000, "tensor")) == (
        "1 tensor",
        "0 tensors",
        "1,000 tensors",
    )
    assert (amount(1, 1, 4), amount(12_582_912, 12, 50_331_648)) == (
        "1 element in 1 tensor, 4 B",
        "12,582,912 elements in 12 tensors, 50.3 MB",
    )


def test_an_error_reads_as_file_place_reason_and_advice() -> None:
    error = CheckpointError("x", "it is cut off", place="byte 0", advice="download it again")
    assert str(error) == "x, byte 0: it is cut off; download it again"
    assert error.sentence("x") == "byte 0: it is cut off; download it again"
    assert CheckpointError("x", "it is cut off").sentence("x") == "it is cut off"
    assert CheckpointError("\x1b\n", "\u202e").sentence() == "\\x1b\\n: \\u202e"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "no permission to read it"),
        (errno.EPERM, "no permission to read it"),
        (errno.ENOENT, "there is no such file or folder"),
        (errno.ELOOP, "a symbolic link that leads back to itself"),
        (errno.EIO, "the system could not read it (Input/output error)"),
        (errno.ENAMETOOLONG, "the system could not read it (File name too long)"),
    ],
)
def test_what_the_system_refused_is_said_in_words(number: int, reason: str) -> None:
    assert from_os_error(OSError(number, os.strerror(number), "x"), "x").reason == reason

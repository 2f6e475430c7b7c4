from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.apart import cut_apart
from core.text.matching import find, spans_in
from core.text.order import natural_key
from core.text.width import cells

NAMES = ["gpt2-xl", "gpt2", "org/gpt2-tuned", "./run/checkpoint-1000", "./run/checkpoint-500", "mixtral-8x7b"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", NAMES),
        ("gpt2", ["gpt2", "gpt2-xl", "org/gpt2-tuned"]),
        ("GPT2 tuned", ["org/gpt2-tuned"]),
        ("tuned gpt", ["org/gpt2-tuned"]),
        ("checkpoint", ["./run/checkpoint-1000", "./run/checkpoint-500"]),
        ("checkpoint-500", ["./run/checkpoint-500"]),
        ("00", ["./run/checkpoint-1000", "./run/checkpoint-500"]),
        ("mxtl", ["mixtral-8x7b"]),
        ("ck5", ["./run/checkpoint-500"]),
        ("run/*-5*", ["./run/checkpoint-500"]),
        ("gpt[23]-?l", ["gpt2-xl"]),
        ("gpt2 nothing", []),
    ],
)
def test_words_globs_and_letters_in_order_find_names_the_best_first(pattern: str, found: list[str]) -> None:
    assert [NAMES[each.place] for each in find(pattern, NAMES)] == found


def test_what_is_meant_as_typed_finds_no_scattered_letters() -> None:
    assert find("mxtl", NAMES, loose=False) == []


def test_the_letters_found_are_told() -> None:
    assert spans_in("xl gpt", "gpt2-xl") == [(0, 3), (5, 7)]
    assert spans_in("mxl", "mixtral") == [(0, 1), (2, 3), (6, 7)]
    assert spans_in("q", "gpt2") == []


@given(st.text(max_size=30), st.lists(st.text(max_size=40), max_size=8))
def test_whatever_is_typed_what_is_found_has_its_letters(pattern: str, names: list[str]) -> None:
    places = [each.place for each in find(pattern, names)]
    assert len(set(places)) == len(places)
    if not set(pattern) & set("*?["):
        letters = {letter for word in pattern.lower().split() for letter in word}
        assert all(letters <= set(names[place].lower()) for place in places)


def test_natural_order() -> None:
    names = ["checkpoint-1000", "checkpoint-500", "checkpoint-20"]
    assert sorted(names, key=natural_key) == ["checkpoint-20", "checkpoint-500", "checkpoint-1000"]


def test_names_that_would_look_alike_keep_what_differs() -> None:
    names = [f"./experiments/with-a-long-name/checkpoint-{n}/of/another/long/path.safetensors" for n in (500, 1000)]
    cut = cut_apart([*names, "short"], 30)
    assert "500" in cut[0]
    assert "1000" in cut[1]
    assert cut[2] == "short"
    assert all(cells(text) <= 30 for text in cut)


@given(st.lists(st.text(alphabet="ab-…é注", max_size=40), max_size=6), st.integers(2, 30))
def test_cut_names_fit_their_column(names: list[str], width: int) -> None:
    cut = cut_apart(names, width)
    assert len(cut) == len(names)
    assert all(cells(text) <= width for text in cut)
    assert all(text == name for text, name in zip(cut, names) if cells(name) <= width)

"""Which names are shards of one checkpoint."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.files.rank_names import rank_file
from core.files.shard_sets import shard_sets
from core.files.split_bytes import pieces_of

NAMES = st.lists(
    st.from_regex(r"[a-c]{0,2}[-_.]?[0-9]{0,11}([-_]of[-_][0-9]{0,11})?\.(pt|bin)", fullmatch=True), max_size=9
)


@given(NAMES)
def test_every_file_is_in_one_set(names: list[str]) -> None:
    sets = shard_sets(names)
    assert sorted(name for one in sets for name in one.files) == sorted(set(names))
    for one in sets:
        assert not set(one.missing).intersection(names)
        assert one.total >= len(one.files)
        assert all(1 <= one.place(name) <= one.total for name in one.files)


@given(st.integers(1, 60), st.integers(0, 1), st.data())
def test_what_is_missing_is_named(total: int, first: int, data: st.DataObject) -> None:
    names = [f"model-{number:05}-of-{total:05}.safetensors" for number in range(first, total + first)]
    there = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    (one,) = shard_sets([*there, *names[:1]])
    assert set(one.files) | set(one.missing) == set(names)


@given(st.text(max_size=40))
def test_no_name_breaks_it(name: str) -> None:
    assert shard_sets([name, "x"])
    rank_file(f"{name}rank_{name}.pt")
    pieces_of(name, [name, f"{name}.aa", "xaa"])


def test_a_name_of_a_billion_shards_is_no_matter() -> None:
    (one,) = shard_sets(["model-000000001-of-999999999.bin"])
    assert (one.total, len(one.missing)) == (999_999_999, 10_000)

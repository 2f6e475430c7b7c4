"""The tree's open rows: a walk of the tree from the top, whatever is opened, folded, sorted or filtered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.count.tree import ModuleNode, Run
from tests.support.checkpoints import experts, gpt2
from tests.support.tensor_reader import tree_of
from tui.explorer.outline import MAX_MATCH_ROWS, Outline, OutlineRow


def labels(outline: Outline) -> list[str]:
    return ["  " * row.depth + row.label for row in outline.rows]


def row_at(outline: Outline, label: str) -> int:
    (index,) = [index for index, row in enumerate(outline.rows) if row.label == label]
    return index


def state(outline: Outline) -> list[tuple[str, int, bool, str]]:
    return [(row.item.path, row.depth, row.opened, row.label) for row in outline.rows]


def nodes_of(row: OutlineRow) -> list[ModuleNode]:
    return row.item.nodes if isinstance(row.item, Run) else [row.item]


def check(outline: Outline) -> None:
    """Whether the rows are a walk of the tree from the top, each a step in from the one that holds it."""
    rows = outline.rows
    assert rows[0].item is outline.root
    assert rows[0].depth == 0
    above: list[OutlineRow] = []
    seen: set[int] = set()
    for row in rows:
        while above and above[-1].depth >= row.depth:
            above.pop()
        if row is not rows[0]:
            holder = above[-1]
            assert row.depth == holder.depth + 1
            assert holder.opened
            inside = {id(child) for node in nodes_of(holder) for child in [*node.children.values(), node]}
            lone = {id(child) for node in nodes_of(holder) for one in node.children.values() for child in lone_in(one)}
            for node in nodes_of(row):
                assert id(node) in inside | lone
        for node in nodes_of(row):
            if not isinstance(row.item, Run):
                assert id(node) not in seen, "a row stands there twice"
                seen.add(id(node))
        assert row.opens or not row.opened
        above.append(row)
    for row, after in zip(rows, [*rows[1:], None]):
        below = after is not None and after.depth > row.depth
        assert below == row.opened


def lone_in(node: ModuleNode) -> list[ModuleNode]:
    """The only child of a module, which is shown in its place where it is a tensor, and of runs' modules."""
    return list(node.children.values()) if len(node.children) == 1 else []


def test_a_model_opens_as_far_as_there_is_one_way() -> None:
    assert labels(Outline(tree_of(gpt2()))) == [
        "model",
        "  transformer",
        "    wte.weight",
        "    wpe.weight",
        "    h",
        "      h.0–11 ×12",
        "    ln_f",
    ]


def test_two_ways_stay_closed() -> None:
    names = ["a.x.weight", "a.x.bias", "b.y.weight", "b.y.bias"]
    assert labels(Outline(tree_of(dict.fromkeys(names, ("F32", (2,)))))) == ["model", "  a", "  b"]


def test_a_module_of_one_tensor_is_one_row() -> None:
    outline = Outline(tree_of({"embed.weight": ("F32", (3,)), "out.weight": ("F32", (2,)), "out.bias": ("F32", (2,))}))
    assert labels(outline) == ["model", "  embed.weight", "  out"]
    assert not outline.rows[1].opens
    assert not isinstance(outline.rows[1].item, Run)
    assert outline.rows[1].item.tensor


def test_opening_shows_the_children_and_closing_hides_them() -> None:
    outline = Outline(tree_of(gpt2()))
    before = state(outline)
    index = row_at(outline, "ln_f")
    outline.open(index)
    assert labels(outline)[index:] == ["    ln_f", "      weight", "      bias"]
    outline.close(index)
    assert state(outline) == before


def test_what_was_open_below_is_open_again() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.open(row_at(outline, "h.0–11 ×12"))
    outline.open(row_at(outline, "h.3"))
    outline.open(row_at(outline, "attn"))
    before = state(outline)
    outline.close(1)
    assert labels(outline) == ["model", "  transformer"]
    outline.open(1)
    assert state(outline) == before


def test_opening_what_is_open_and_closing_what_is_closed_change_nothing() -> None:
    outline = Outline(tree_of(gpt2()))
    before = state(outline)
    outline.open(0)
    outline.close(row_at(outline, "ln_f"))
    for _ in range(2):
        outline.open(row_at(outline, "wte.weight"))
        outline.close(row_at(outline, "wte.weight"))
    outline.open_below(row_at(outline, "wte.weight"))
    assert state(outline) == before


def test_a_run_unfolds_to_its_layers() -> None:
    outline = Outline(tree_of(gpt2()))
    index = row_at(outline, "h.0–11 ×12")
    outline.toggle(index)
    assert labels(outline)[index + 1 : index + 13] == [f"        h.{n}" for n in range(12)]
    outline.toggle(index)
    assert "        h.0" not in labels(outline)


def test_levels_open_one_by_one() -> None:
    outline = Outline(tree_of(gpt2()))
    seen = [len(outline.rows)]
    for _ in range(6):
        outline.open_below(0, 1)
        check(outline)
        seen.append(len(outline.rows))
    # The last norm's tensors; the run's layers; their modules; what these hold; the tensors of that.
    assert seen == [7, 9, 21, 69, 165, 261, 261]
    all_open = Outline(tree_of(gpt2()))
    all_open.open_below(0)
    assert state(all_open) == state(outline)


def test_all_below_is_every_tensor() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.open_below(0)
    tensors = [row for row in outline.rows if not isinstance(row.item, Run) and row.item.tensor]
    assert len(tensors) == 148


def test_without_folding_each_layer_is_a_row() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.fold = False
    outline.rebuild()
    assert [row.label for row in outline.rows if row.depth == 3] == [f"h.{n}" for n in range(12)]
    outline.fold = True
    outline.rebuild()
    assert labels(outline) == labels(Outline(tree_of(gpt2())))


def test_experts_fold_within_their_layer() -> None:
    outline = Outline(tree_of(dict(experts(3, 8))))
    outline.open_below(0)
    assert [row.label for row in outline.rows].count("experts.0–7 ×8") == 3
    check(outline)


def test_by_size_the_largest_stands_first() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.by_size = True
    outline.rebuild()
    inside = [row for row in outline.rows if row.depth == 2]
    assert [row.label for row in inside] == ["h", "wte.weight", "wpe.weight", "ln_f"]
    outline.open_below(0)
    for index, row in enumerate(outline.rows):
        if row.opened:
            children = [child.item.parameters for child in outline.rows[index + 1 :] if outline.rows]
            level = [
                child.item.parameters
                for place, child in enumerate(outline.rows[index + 1 :], index + 1)
                if child.depth == row.depth + 1 and outline.parent_of(place) == index
            ]
            assert level == sorted(level, reverse=True)
            assert children


def test_a_filter_shows_matches_and_what_lies_above_them() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.pattern = "H.1.LN"
    outline.rebuild()
    assert labels(outline) == ["model", "  transformer", "    h", "      h.1", "        ln_1", "        ln_2"]
    assert outline.matches == 2
    assert [outline.is_match(index) for index in range(6)] == [False] * 4 + [True] * 2
    check(outline)
    outline.pattern = ""
    outline.rebuild()
    assert labels(outline) == labels(Outline(tree_of(gpt2())))
    assert not any(outline.is_match(index) for index in range(len(outline.rows)))


def test_a_match_stands_closed_and_can_be_opened() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.pattern = "h.7.attn"
    outline.rebuild()
    index = row_at(outline, "attn")
    assert not outline.rows[index].opened
    outline.open(index)
    assert [row.label for row in outline.rows[index + 1 :]] == ["c_attn", "c_proj"]
    check(outline)


def test_a_filter_that_finds_nothing_leaves_the_model() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.pattern = "nothing of that name"
    outline.rebuild()
    assert labels(outline) == ["model"]
    assert outline.matches == 0
    check(outline)


def test_a_filter_shows_the_first_matches_and_counts_all() -> None:
    outline = Outline(tree_of({f"a.{n}.weight": ("F32", (1,)) for n in range(MAX_MATCH_ROWS + 500)}))
    outline.pattern = "weight"
    outline.rebuild()
    assert outline.matches == MAX_MATCH_ROWS + 500
    assert sum(map(outline.is_match, range(len(outline.rows)))) == MAX_MATCH_ROWS
    check(outline)


def test_the_parent_of_a_row_holds_it() -> None:
    outline = Outline(tree_of(gpt2()))
    outline.open_below(0)
    assert outline.parent_of(0) == 0
    for index in range(1, len(outline.rows)):
        above = outline.parent_of(index)
        assert above < index
        assert outline.rows[above].depth == outline.rows[index].depth - 1
        assert all(row.depth >= outline.rows[index].depth for row in outline.rows[above + 1 : index])


def test_a_path_is_found_or_the_nearest_row_above_it() -> None:
    outline = Outline(tree_of(gpt2()))
    assert outline.index_of("transformer.h") == row_at(outline, "h")
    assert outline.index_of("transformer.wte.weight") == row_at(outline, "wte.weight")
    assert outline.index_of("transformer.ln_f.bias") == row_at(outline, "ln_f")
    assert outline.index_of("transformer.h.5.mlp.c_fc.weight") == row_at(outline, "h.0–11 ×12")
    assert outline.index_of("nowhere.at.all") == 0
    assert outline.index_of("") == 0


def test_the_row_of_a_run_is_found_again() -> None:
    outline = Outline(tree_of(gpt2()))
    index = row_at(outline, "h.0–11 ×12")
    assert outline.index_of(outline.rows[index].item.path) == index


@pytest.mark.parametrize(
    ("name", "label"),
    [("\x1b[2J", r"\x1b[2J"), ("[red]x[/red]", "[red]x[/red]"), ("a\nb", r"a\nb"), ("a\u202eb", r"a\u202eb")],
)
def test_labels_are_escaped(name: str, label: str) -> None:
    outline = Outline(tree_of({f"{name}.one": ("F32", (2,)), f"{name}.two": ("F32", (2,))}))
    assert outline.rows[1].label == label


def test_an_empty_name_is_told() -> None:
    outline = Outline(tree_of({"": ("F32", (2,)), ".x": ("F32", (2,)), ".y": ("F32", (2,))}))
    assert "(no name)" in [row.label for row in outline.rows]
    check(outline)


# Any names, any keys.

parts = st.sampled_from(["a", "b", "0", "1", "2", "10", "weight", "²", "", "–", "h"])
checkpoints = st.dictionaries(
    st.lists(parts, min_size=1, max_size=5).map(".".join),
    st.tuples(st.sampled_from(["F32", "F16"]), st.lists(st.integers(0, 3), max_size=2)),
    min_size=1,
    max_size=25,
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["open", "close", "toggle", "level", "all", "fold", "sort", "filter"]), st.integers(0, 99)
    ),
    max_size=12,
)


def act(outline: Outline, what: str, place: int) -> None:
    index = place % len(outline.rows)
    if what in ("open", "close", "toggle"):
        getattr(outline, what)(index)
    elif what in ("level", "all"):
        outline.open_below(index, 1 if what == "level" else None)
    else:
        if what == "fold":
            outline.fold = not outline.fold
        elif what == "sort":
            outline.by_size = not outline.by_size
        else:
            outline.pattern = ["", "a", "0", "weight", ".", "nothing"][place % 6]
        outline.rebuild()


@settings(max_examples=150)
@given(checkpoints, acts)
def test_the_rows_are_a_walk_of_the_tree_whatever_is_done(
    tensors: dict[str, tuple[str, list[int]]], done: list[tuple[str, int]]
) -> None:
    outline = Outline(tree_of(tensors))
    check(outline)
    for what, place in done:
        act(outline, what, place)
        check(outline)
        for index in range(len(outline.rows)):
            assert 0 <= outline.parent_of(index) <= index


@settings(max_examples=150)
@given(checkpoints, acts, st.integers(0, 99))
def test_opening_then_closing_restores(
    tensors: dict[str, tuple[str, list[int]]], done: list[tuple[str, int]], place: int
) -> None:
    outline = Outline(tree_of(tensors))
    for what, at in done:
        act(outline, what, at)
    index = place % len(outline.rows)
    # What a filter opened shows its matches only; opened by hand it shows all.
    if outline.pattern and outline.rows[index].opened:
        outline.close(index)
    before = state(outline)
    outline.toggle(index)
    outline.toggle(index)
    assert state(outline) == before


@settings(max_examples=150)
@given(checkpoints, acts)
def test_rebuilding_changes_nothing_that_no_filter_hides(
    tensors: dict[str, tuple[str, list[int]]], done: list[tuple[str, int]]
) -> None:
    outline = Outline(tree_of(tensors))
    for what, place in done:
        if what != "filter":
            act(outline, what, place)
    before = state(outline)
    outline.rebuild()
    assert state(outline) == before


@settings(max_examples=150)
@given(checkpoints, st.booleans(), st.booleans())
def test_every_row_is_found_by_its_path(tensors: dict[str, tuple[str, list[int]]], fold: bool, by_size: bool) -> None:
    outline = Outline(tree_of(tensors))
    outline.fold, outline.by_size = fold, by_size
    outline.rebuild()
    outline.open_below(0)
    for row in outline.rows:
        found = outline.rows[outline.index_of(row.item.path)]
        assert found.item.path == row.item.path or isinstance(row.item, Run)

"""Other rules than the built-in ones: the study's, and a user's from a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classify.user_rules import RulesError, StudyRules, UserRules, rules_of
from core.count.totals import summed
from core.count.tree import build_tree
from tests.support.checkpoints import Tensors, gpt2, masks, write
from tests.support.command import ROOT, Command
from tests.support.counting import counted


def rules_file(folder: Path, *rules: tuple[str, str]) -> Path:
    path = folder / "rules.toml"
    text = "".join(f'[[rule]]\npattern = "{pattern}"\ncategory = "{category}"\n\n' for pattern, category in rules)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"])
def test_the_study_counts_gpt2_as_it_did(name: str, command: Command) -> None:
    study, built_in = (command(name, "--json", *extra).model for extra in (["--rules", "study"], []))
    for key in ("attention", "mlp", "norm", "embedding"):
        assert study["categories"][key]["parameters"] == built_in["categories"][key]["parameters"]
    assert set(study["categories"]) == {"attention", "mlp", "norm", "embedding"}
    assert any("--rules study" in note for note in study["notes"])


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("encoder.self_attn_layer_norm.weight", "attention"),
        ("h.0.mlp.ln.weight", "mlp"),
        ("x.attention.fc.weight", "attention"),
        ("fc1.weight", "mlp"),
        ("vln.weight", "norm"),
        ("LayerNorm.weight", "embedding"),
        ("Attention.weight", "embedding"),
        ("lm_head.weight", "embedding"),
        ("model.layers.0.feed_forward.w1.weight", "embedding"),
    ],
)
def test_the_study_looks_for_three_pieces_of_a_name(name: str, category: str, tmp_path: Path) -> None:
    assert StudyRules().category_of(name) == category
    count = counted(write(tmp_path / "x.safetensors", {name: ("F32", (3, 3))}), StudyRules())
    assert list(count.totals.categories) == [category]


def test_the_study_counts_no_buffers_and_ties_once(tmp_path: Path) -> None:
    tensors = {**gpt2(), **masks(12, "transformer."), "lm_head.weight": ("F32", (50257, 768))}
    totals = counted(write(tmp_path / "x.safetensors", tensors), StudyRules()).totals
    assert totals.parameters == 124_439_808
    assert set(totals.not_counted) == {"buffer", "tied"}


MODEL: Tensors = {
    f"model.layers.{n}.{part}.weight": ("F32", (n + 1, 7))
    for n in range(12)
    for part in ("self_attn.q_proj", "mlp.my_gate", "mlp.up_proj")
}


def test_a_users_rules_come_first_and_the_built_in_ones_decide_the_rest(tmp_path: Path, command: Command) -> None:
    file = rules_file(tmp_path, ("*.my_gate.*", "router"), ("*.my_gate.*", "mixer"))
    rows = command(write(tmp_path / "x.safetensors", MODEL), "--csv", "--by", "tensor", "--rules", file).rows
    assert {row["category"] for row in rows if "my_gate" in row["name"]} == {"router"}
    assert {row["category"] for row in rows if "q_proj" in row["name"]} == {"attention"}
    assert {row["category"] for row in rows if "up_proj" in row["name"]} == {"mlp"}


def test_a_pattern_with_digits_takes_that_layer_alone(tmp_path: Path, command: Command) -> None:
    same = dict.fromkeys(MODEL, ("F32", (4, 4)))
    file = rules_file(tmp_path, ("model.layers.3.*", "adapter"), ("model.layers.1[01].mlp.*", "mixer"))
    path = write(tmp_path / "x.safetensors", same)
    for row in command(path, "--csv", "--by", "tensor", "--rules", file).rows:
        layer = int(row["name"].split(".")[2])
        if layer == 3:
            assert row["category"] == "adapter"
        elif layer >= 10 and ".mlp." in row["name"]:
            assert row["category"] == "mixer"
        else:
            assert row["category"] not in {"adapter", "mixer"}
    categories = command(path, "--json", "--rules", file).model["categories"]
    assert categories["adapter"]["parameters"] == 3 * 16
    assert categories["mixer"]["parameters"] == 2 * 2 * 16


GOOD = "[[rule]]\npattern = 'x'\ncategory = 'mlp'"
PATTERNS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(["*", "*.0.*", "model.layers.[1-5].*", "*up*", "?odel*", "[", "*[!0-9].q*"]), st.text()
        ),
        st.sampled_from(["router", "mixer", "other", "norm", "head"]),
    ),
    max_size=4,
)


@given(rules=PATTERNS)
def test_sums_conserve_whatever_the_rules(
    rules: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("rules") / "x.safetensors", dict.fromkeys(MODEL, ("F32", (4, 4))))
    plain, ruled = counted(path), counted(path, UserRules("x.toml", rules))
    assert ruled.totals.parameters == plain.totals.parameters == 36 * 16
    assert summed(ruled.totals.categories.values()) == ruled.totals.whole
    assert build_tree(ruled).totals() == ruled.totals
    assert len(list(ruled.tensors())) == len(MODEL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no rule in it"),
        ("rule = []", "there is no rule in it"),
        ("rule = 3", "there is no rule in it"),
        ("rule = [3]", "rule 1 is no table"),
        ("[[rules]]\npattern = 'x'", 'unknown key "rules"'),
        ("title = 'x'", 'unknown key "title"'),
        ("[[rule]]\npattern = 'x'", "rule 1 has no category"),
        ("[[rule]]\ncategory = 'mlp'", "rule 1 has no pattern"),
        ("[[rule]]\npattern = 3\ncategory = 'mlp'", "rule 1: its pattern is not a text"),
        ("[[rule]]\npattern = 'x'\ncategory = ['mlp']", "rule 1: its category is not a text"),
        ("[[rule]]\npattern = ''\ncategory = 'mlp'", "rule 1: its pattern is empty"),
        (f"{GOOD}\n[[rule]]\npattern = 'x'\ncategory = 'MLP'", 'rule 2: unknown category "MLP"'),
        (f"{GOOD}\nwhen = 1", 'rule 1: unknown key "when"'),
        ("[[rule]]\npattern = 'x\n", "it is not TOML"),
        ("[[rule]]\npattern = \n", "line 2"),
        ("x = " + "[" * 100_000, "it is not TOML"),
        ("x = " + "9" * 100_000, "a number or a date in it is none that can be"),
        ("\n" + "a." * 20_000 + "a = 1", "line 2 has more than 64 dots"),
        ("x = {" + "a." * 20_000 + "a = 1}", "line 1 has more than 64 dots"),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_in_one_sentence(text: str, reason: str, tmp_path: Path, command: Command) -> None:
    path = tmp_path / "bad\x1b.toml"
    path.write_text(text, encoding="utf-8")
    result = command("gpt2", "--print", "--rules", path)
    assert (result.status, result.out) == (2, "")
    last = result.err.splitlines()[-1]
    assert last.startswith("gpt2-explore: error: --rules ")
    assert reason in last
    assert "bad\\x1b.toml" in last
    assert last.isprintable()


def test_files_that_are_no_text_at_all(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"#" * 2_000_000)
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (
        ("binary", "it is not UTF-8"),
        ("large", "larger than 1 MB"),
        ("none.toml", "no such file"),
        (".", "a folder, not a file"),
        ("pipe", r"a pipe \(FIFO\), not a file"),
        ("a\0b", "NUL character"),
    ):
        with pytest.raises(RulesError, match=reason):
            rules_of(str(tmp_path / name))


@given(text=st.binary(max_size=60))
def test_any_bytes_are_rules_or_a_rules_error(text: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "x.toml"
    path.write_bytes(text)
    said = ""
    try:
        rules_of(str(path))
    except RulesError as error:
        said = str(error)
    assert said.isprintable()


def test_the_readmes_example_is_one(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "x.toml").write_text(readme.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    rules = rules_of(str(tmp_path / "x.toml"))
    assert rules.category_of("model.layers.7.my_gate.weight") == "router"
    assert rules.category_of("model.layers.2.mlp.up_proj.weight") == "adapter"
    assert rules.category_of("model.layers.3.mlp.up_proj.weight") == ""


def test_text_says_that_they_are_on(tmp_path: Path, command: Command) -> None:
    file = rules_file(tmp_path, ("*", "mlp"))
    for output in ("--print", "--markdown"):
        assert "categories by the rules of" in command("gpt2", output, "--rules", file).out
    assert "study" in command("gpt2", "--print", "--rules", "study").out

"""`--study` in every form, and comparisons of mixed models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint.gpt2 import BUILT_IN, Gpt2Shape
from core.study.groups import FAMILY
from tests.support.checkpoints import gpt2, write
from tests.support.command import Command
from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Llama-shaped, a Mixtral-shaped and a broken one, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "llama", llama(LLAMA), LLAMA)
    write_model(tmp_path / "mixtral", llama(MIXTRAL), MIXTRAL)
    (tmp_path / "cut.safetensors").write_bytes((3000).to_bytes(8, "little") + b"{")
    return ["./llama", "./mixtral", "./cut.safetensors"]


def claims(document: dict[str, Any], key: str = "claims") -> dict[int, dict[str, Any]]:
    return {claim["number"]: claim for claim in document[key]}


def test_json_has_the_models_and_the_claims_by_number(command: Command) -> None:
    result = command("--study", "--json")
    assert (result.status, result.err) == (0, "")
    assert [model["model"] for model in result.json["models"]] == list(FAMILY)
    found = claims(result.json)
    assert list(found) == list(range(1, 10))
    for claim in found.values():
        assert claim["verdict"] in {"holds", "holds in part", "does not hold"}
        assert list(claim["figures"]) == list(FAMILY)
        assert claim["why"]
        assert claim["claim"]
    assert "claims_of_others" not in result.json


def test_json_figures_are_those_of_the_models_beside_them(command: Command) -> None:
    document = command("--study", "--json").json
    found = claims(document)
    for model in document["models"]:
        name, parts = model["model"], model["categories"]
        assert found[1]["figures"][name]["mlp_percent"] == parts["mlp"]["percent"]
        ratio = parts["mlp"]["parameters"] / parts["attention"]["parameters"]
        assert found[2]["figures"][name]["mlp_to_attention"] == ratio
        assert found[7]["figures"][name]["norm"] == parts["norm"]["parameters"]
        assert found[9]["figures"][name]["biases"] == model["biases"]
    for row, model in zip(document["comparison"], document["models"]):
        assert row["mlp"] == model["categories"]["mlp"]["parameters"]
        first = document["models"][0]["categories"]["mlp"]["percent"]
        assert row["mlp_points"] == pytest.approx(model["categories"]["mlp"]["percent"] - first)


def test_a_built_in_shape_changed_changes_the_verdicts(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: claim["verdict"] for number, claim in claims(command("--study", "--json").json).items()}
    monkeypatch.setitem(BUILT_IN, "gpt2-medium", Gpt2Shape(12, 768, 12))
    monkeypatch.setitem(BUILT_IN, "gpt2-xl", Gpt2Shape(2, 8192, 128, vocabulary=1_000_000))
    after = {number: claim["verdict"] for number, claim in claims(command("--study", "--json").json).items()}
    assert (before[1], after[1]) == ("holds", "holds in part")
    assert (before[3], after[3]) == ("holds", "holds in part")
    assert (before[4], after[4]) == ("holds", "holds in part")
    assert (before[6], after[6]) == ("does not hold", "holds in part")
    assert (before[8], after[8]) == ("does not hold", "holds in part")


def test_other_models_stand_beside_the_four_and_are_asked_too(command: Command, mixed: list[str]) -> None:
    result = command("--study", *mixed, "--json")
    assert result.status == 1
    assert result.complaint.startswith("gpt2-explore: ./cut.safetensors: byte 0: ")
    document = result.json
    assert [model["model"] for model in document["models"]] == [*FAMILY, *mixed]
    assert document["models"][-1]["error"].startswith("byte 0: ")
    assert list(claims(document)[2]["figures"]) == list(FAMILY)
    others = claims(document, "claims_of_others")
    assert others[2]["verdict"] == "does not hold"
    assert others[2]["figures"]["./llama"]["mlp_to_attention"] == pytest.approx(4.2)
    assert "grouped queries" in others[2]["reasons"]["./llama"]
    assert others[3]["verdict"] == "holds"


@pytest.mark.parametrize("ascii", [False, True])
def test_text_fits_into_80_columns(command: Command, mixed: list[str], ascii: bool) -> None:
    result = command("--study", *mixed, "--print", *(["--ascii"] if ascii else []))
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert result.out.isascii() == ascii
    assert r"\x" not in result.out
    assert any(line.startswith("not read: ./cut.safetensors: byte 0") for line in lines)
    for title in ("Comparison", "Trend", "Norms apart", "Claims, asked of the study's models"):
        assert any(line.startswith(title) for line in lines)


def test_text_aligns_its_columns(command: Command) -> None:
    lines = command("--study", "--print").out.splitlines()
    head = next(line for line in lines if "gpt2-xl" in line)
    table = lines[lines.index(head) + 1 : lines.index("Shares, in percent") - 1]
    assert {len(line) for line in (head, *table)} == {len(head)}
    (row,) = [line for line in table if "MLP ÷" in line]
    assert row.split()[-4:] == ["1.9990", "1.9993", "1.9994", "1.9995"]


@pytest.mark.parametrize("form", ["--print", "--markdown"])
def test_the_report_tells_how_it_was_counted_and_what_its_symbols_are(command: Command, form: str) -> None:
    flat = " ".join(command("--study", form).out.split())
    assert "Every trained value is counted once" in flat
    assert "In formulas, L: layers; d: hidden size, the width of the model." in flat
    assert flat.index("Shares, in percent") < flat.index("█")


def test_markdown_has_tables_verdicts_and_charts(command: Command) -> None:
    out = command("--study", "--markdown").out
    assert out.startswith("# ")
    assert out.count("```text\n") == 2
    assert "| Attention: share % | 22.78 | 28.40 | 30.50 | 31.58 |" in out
    assert "| 8 | Layer norm is less than 0.01 % of the model. | does not hold |" in out
    for block in out.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") - row.count(r"\|") for row in rows}) <= 1


def test_csv_is_one_table_with_the_verdicts(command: Command) -> None:
    result = command("--study", "--csv")
    found = {(row["model"], row["table"], row["row"]): row["figure"] for row in result.rows}
    assert found["gpt2", "comparison", "attention"] == "28348416"
    assert found["gpt2-xl", "trend", "layers"] == "48"
    assert found[";".join(FAMILY).replace(";", "; "), "claim 9", "verdict"] == "holds"
    assert float(found["gpt2", "claim 8", "norm_percent"]) == pytest.approx(100 * 38_400 / 124_439_808)


def test_a_model_named_twice_stands_there_once(command: Command) -> None:
    assert len(command("--study", "gpt2", "--json").json["models"]) == 4


def test_headless_models_without_study_are_as_before(command: Command) -> None:
    document = command("gpt2", "gpt2-xl", "--json").json
    assert set(document) == {"schema", "models"}


@pytest.mark.parametrize("more", [["--by", "layer"], ["--list"]])
def test_what_does_not_go_with_study(command: Command, more: list[str]) -> None:
    result = command("--study", "--json", *more)
    assert (result.status, result.out) == (2, "")


def test_hostile_names_are_shown_escaped(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "./\x1b[31m|`a\nb.safetensors"
    write(tmp_path / name, gpt2(layers=1))
    for form in ("--print", "--markdown", "--csv"):
        out = command("--study", name, form).out
        assert all(line.isprintable() for line in out.splitlines())
    assert json.loads(command("--study", name, "--json").out)["models"][-1]["model"] == name

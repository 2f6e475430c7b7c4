"""The CSV and Markdown of the command, as INTERFACE promises them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from core.report.results import BY
from tests.support.checkpoints import experts, write
from tests.support.command import Command


@pytest.mark.parametrize("by", BY)
def test_csv_is_rfc_4180_with_one_header_for_all_models(by: str, command: Command) -> None:
    result = command("gpt2", "gpt2-xl", "--csv", "--by", by)
    assert result.out.count("\r\n") == result.out.count("\n")
    assert result.out.endswith("\r\n")
    assert sum(line.startswith("model,") for line in result.out.splitlines()) == 1
    assert {row["model"] for row in result.rows} == {"gpt2", "gpt2-xl"}
    for row in result.rows:
        assert None not in row
        assert row["parameters"].isdigit()
        assert 0 <= float(row["percent"]) <= 100
    if by != "module":
        for model, whole in (("gpt2", 124_439_808), ("gpt2-xl", 1_557_611_200)):
            assert sum(int(row["parameters"]) for row in result.rows if row["model"] == model) == whole


def test_csv_quotes_what_needs_it(tmp_path: Path, command: Command) -> None:
    names = ['a,"b"', '"', ",", " c ", "plain"]
    path = write(tmp_path / 'of, "mine".safetensors', dict.fromkeys(names, ("F32", (2, 3))))
    rows = command(path, "--csv", "--by", "tensor").rows
    assert sorted(row["name"] for row in rows) == sorted(names)
    assert {row["model"] for row in rows} == {str(path)}
    assert {row["shape"] for row in rows} == {"2x3"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_no_name_in_csv_runs_as_a_formula(
    sign: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f'{sign}cmd|" /C calc",A0'
    write(tmp_path / f"{sign}x.safetensors", {name: ("F32", (2, 3)), f"a.{sign}": ("F32", (2,))})
    for by in BY:
        out = command("--csv", "--by", by, "--", f"{sign}x.safetensors").out
        for row in csv.reader(io.StringIO(out, newline=""), strict=True):
            assert not any(cell.startswith(sign) for cell in row)
    rows = command("--csv", "--by", "tensor", "--", f"{sign}x.safetensors").rows
    assert [row["name"] for row in rows] == [f"'{name}", f"a.{sign}"]
    assert {row["model"] for row in rows} == {f"'{sign}x.safetensors"}
    assert [row["parameters"] for row in rows] == ["6", "2"]


@pytest.mark.parametrize("space", ["\t", "\r"])
def test_no_name_in_csv_begins_with_a_space_that_a_spreadsheet_skips(
    space: str, tmp_path: Path, command: Command
) -> None:
    path = write(tmp_path / "x.safetensors", {f"{space}=1+1": ("F32", (2, 3))})
    (row,) = command(path, "--csv", "--by", "tensor").rows
    assert row["name"] == ascii(f"{space}=1+1").strip("'")


def test_numbers_in_csv_are_bare_whatever_their_sign(command: Command) -> None:
    rows = command("--study", "--csv").rows
    points = [row["figure"] for row in rows if row["row"].endswith("_points")]
    assert any(point.startswith("-") for point in points)
    assert all(isinstance(float(point), float) for point in points)


def test_csv_columns_by_layer_are_the_same_for_every_model(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", dict(experts(2, 4)))
    first = command("gpt2", "--csv", "--by", "layer").out.splitlines()[0]
    assert command(path, "--csv", "--by", "layer").out.splitlines()[0] == first
    assert "router" in first


@pytest.mark.parametrize("by", BY)
def test_markdown_is_a_github_table(by: str, command: Command) -> None:
    result = command("gpt2", "--markdown", "--by", by)
    lines = result.out.splitlines()
    assert lines[0] == "## gpt2"
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert set(table[1]) <= set("| -:")
    assert any("28,348,416" in line for line in table) == (by == "category")
    assert lines[-1].startswith("- note: lm\\_head.weight is tied")

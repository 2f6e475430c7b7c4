"""The command without a screen, as INTERFACE promises it to scripts and to people."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from itertools import pairwise
from math import isclose
from pathlib import Path

import pytest

from core.text.width import cells
from tests.support.checkpoints import Tensors, experts, gpt2, masks, write, write_raw, write_shards
from tests.support.command import ROOT, Command, run_process

OUTPUTS = ("--print", "--json", "--csv", "--markdown")
BY = ("category", "layer", "module", "tensor")


# Usage.


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["gpt2", "--by", "nonsense"],
        ["gpt2", "--json", "--csv"],
        ["gpt2", "--print", "--markdown"],
        ["gpt2", "--depth", "2"],
        ["gpt2", "--by", "layer", "--depth", "2"],
        *(["gpt2", "--by", "module", "--depth", depth] for depth in ("0", "-1", "x", "1.5", "1000", "²", "")),
        ["--json"],
        ["--csv"],
        ["--markdown"],
        ["--print"],
        ["--by", "layer"],
        ["--list", "gpt2"],
        ["--list", "--csv"],
        ["--list", "--by", "layer"],
        ["--list", "--rules", "study"],
        ["gpt2", "--rules"],
        ["gpt2", "--rules", "./no-such-file.toml"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], command: Command) -> None:
    result = command(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("usage: gpt2-explore")
    assert result.err.splitlines()[-1].startswith("gpt2-explore: error: ")


def test_help_names_every_option_and_fits_a_terminal(command: Command) -> None:
    result = command("--help")
    assert (result.status, result.err) == (0, "")
    for option in (
        "--print",
        "--json",
        "--csv",
        "--markdown",
        "--by",
        "--depth",
        "--list",
        "--rules",
        "--ascii",
        "--version",
    ):
        assert option in result.out
    assert all(len(line) <= 120 for line in result.out.splitlines())


def test_version_is_one_line(command: Command) -> None:
    result = command("--version")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("gpt2-explore ")
    assert result.out.count("\n") == 1


def test_a_name_with_a_dash_is_read_behind_two_dashes(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "-x.safetensors", {"x": ("F32", (5,))})
    assert command("--json", "--", "-x.safetensors").model["parameters"] == 5


# JSON.


def test_json_has_the_keys_of_the_contract(command: Command) -> None:
    document = command("gpt2", "--json").json
    assert document["schema"] == 1
    (model,) = document["models"]
    assert list(model) == [
        *("model", "source", "format", "architecture", "parameters", "active_parameters", "tensor_count", "bytes"),
        *("weights", "biases", "categories", "parts", "not_counted", "complete", "notes"),
    ]
    assert model["source"] == model["format"] == "built-in"
    assert model["architecture"] == "GPT2LMHeadModel"
    assert model["notes"] == ["lm_head.weight is tied to transformer.wte.weight: counted once"]
    assert set(model["not_counted"]) == {"buffer", "tied", "quantization", "optimizer"}
    for left in model["not_counted"].values():
        assert left == {"elements": 0, "tensor_count": 0, "bytes": 0}
    for category in model["categories"].values():
        assert list(category)[:6] == ["parameters", "percent", "weights", "biases", "tensor_count", "bytes"]
        assert set(category) <= {"parameters", "percent", "weights", "biases", "tensor_count", "bytes", "of_which"}
    assert model["categories"]["attention"]["of_which"] == dict.fromkeys(("query", "key", "value", "output"), 7_087_104)
    assert model["categories"]["norm"]["of_which"] == {"layer norm": 38_400}
    assert model["parts"] == []
    assert isclose(sum(category["percent"] for category in model["categories"].values()), 100)


def test_json_by_tensor_has_the_fields_of_the_contract(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    model = command(path, "--json", "--by", "tensor").model
    assert len(model["tensors"]) == 172
    fields = ["name", "shape", "dtype", "category", "kind", "role", "parameters", "bytes", "percent", "file"]
    for tensor in model["tensors"]:
        assert list(tensor) == fields
        assert tensor["kind"] in ("weight", "bias")
        assert tensor["role"] in ("parameter", "buffer", "tied", "quantization")
    assert sum(tensor["parameters"] for tensor in model["tensors"]) == model["parameters"]
    kinds = {tensor["name"]: tensor["kind"] for tensor in model["tensors"]}
    assert kinds["h.0.attn.c_attn.bias"] == "bias"
    assert kinds["h.0.ln_1.weight"] == "weight"


def test_json_by_layer_has_the_fields_of_the_contract(command: Command) -> None:
    model = command("gpt2", "--json", "--by", "layer").model
    assert [layer["layer"] for layer in model["layers"]] == ["wte", "wpe", *(f"h.{n}" for n in range(12)), "ln_f"]
    for layer in model["layers"]:
        assert list(layer) == ["layer", "parameters", "percent", "categories"]
        assert sum(part["parameters"] for part in layer["categories"].values()) == layer["parameters"]
    assert sum(layer["parameters"] for layer in model["layers"]) == model["parameters"]
    assert isclose(sum(layer["percent"] for layer in model["layers"]), 100)


@pytest.mark.parametrize(
    ("depth", "paths"),
    [
        ("1", ["transformer"]),
        ("2", ["transformer", "transformer.wte", "transformer.wpe", "transformer.h", "transformer.ln_f"]),
    ],
)
def test_json_by_module_goes_as_deep_as_asked(depth: str, paths: list[str], command: Command) -> None:
    modules = command("gpt2", "--json", "--by", "module", "--depth", depth).model["modules"]
    assert [module["module"] for module in modules] == paths
    assert [module["depth"] for module in modules] == [path.count(".") + 1 for path in paths]


def test_json_by_module_is_flat_and_in_tree_order(command: Command) -> None:
    model = command("gpt2", "--json", "--by", "module").model
    modules = model["modules"]
    assert modules[0]["parameters"] == model["parameters"]
    assert len(modules) == 1 + 4 + 12 * (1 + 4 + 4)
    for above, below in pairwise(modules):
        assert below["depth"] <= above["depth"] + 1
    by_path = {module["module"]: module for module in modules}
    assert by_path["transformer.h.7.mlp"]["parameters"] == 4_722_432
    assert by_path["transformer.h.7.mlp"]["depth"] == 4


def test_a_tensor_in_no_module_has_a_row_of_its_own_by_module(tmp_path: Path, command: Command) -> None:
    lone: Tensors = {"cls_token": ("F32", (1, 1, 8)), "blocks.0.mlp.weight": ("F32", (3, 3))}
    modules = command(write(tmp_path / "x.safetensors", lone), "--json", "--by", "module").model["modules"]
    assert [(row["module"], row["depth"], row["parameters"], row["tensor_count"]) for row in modules] == [
        ("cls_token", 1, 8, 1),
        ("blocks", 1, 9, 1),
        ("blocks.0", 2, 9, 1),
        ("blocks.0.mlp", 3, 9, 1),
    ]
    lstm = write(tmp_path / "lstm.safetensors", {"weight_ih_l0": ("F32", (8, 4)), "bias_ih_l0": ("F32", (8,))})
    assert [row["module"] for row in command(lstm, "--csv", "--by", "module").rows] == ["weight_ih_l0", "bias_ih_l0"]
    assert "weight_ih_l0" in command(lstm, "--print", "--by", "module").out


# CSV and Markdown.


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


# People's text.


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    tensors: Tensors = {
        "x" * 10_000: ("F32", (3,)),
        "中文" * 100 + ".weight": ("F32", (4,)),
        "a." * 200 + "weight": ("F64", (5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
        "\x1b[31mred\n\u202e": ("F32", (6,)),
        "": ("F32", ()),
        "..": ("I8", (1 << 40,)),
    }
    return write(tmp_path / ("long" * 40 + "\u202e.safetensors"), tensors)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("flags", [[], ["--ascii"]])
def test_text_fits_80_columns(by: str, flags: list[str], strange: Path, tmp_path: Path, command: Command) -> None:
    deep = write_shards(tmp_path / "deep", [dict(experts(3, 5))])
    result = command("gpt2", "gpt2-xl", deep, strange, "--print", "--by", by, *flags)
    assert (result.status, result.err) == (0, "")
    for line in result.out.splitlines():
        assert cells(line) <= 80
        assert line.isprintable()
        assert line == line.rstrip()
    assert result.out.isascii() or not flags


def test_text_reads_as_people_expect(command: Command) -> None:
    result = command("gpt2")
    assert result.err == ""
    assert result.out.splitlines() == [
        "gpt2: GPT2LMHeadModel · 124,439,808 parameters · 148 tensors · 497.8 MB",
        "",
        "  Category     Parameters  Share %      Weights   Biases  Tensors      Size",
        "● Attention    28,348,416    22.78   28,311,552   36,864       48  113.4 MB",
        "■ MLP          56,669,184    45.54   56,623,104   46,080       48  226.7 MB",
        "▲ Layer norm       38,400     0.03       19,200   19,200       50  153.6 kB",
        "◆ Embedding    39,383,808    31.65   39,383,808        0        2  157.5 MB",
        "  Total       124,439,808   100.00  124,337,664  102,144      148  497.8 MB",
        "",
        "note: lm_head.weight is tied to transformer.wte.weight: counted once",
    ]


def test_a_figure_and_its_unit_stay_in_one_line(tmp_path: Path, command: Command) -> None:
    for length in range(30):
        out = command(write(tmp_path / ("x" * length + ".safetensors"), {**gpt2(), **masks(12)}), "--print").out
        lines = out[: out.index("Category")].splitlines()
        for told in ("124,439,808 parameters", "148 of 172 tensors", "497.8 MB"):
            assert any(told in line for line in lines)


def test_text_says_what_is_not_counted(tmp_path: Path, command: Command) -> None:
    path = write(tmp_path / "x.safetensors", {**gpt2(prefix=""), **masks(12)})
    assert "not counted, buffers (not trained): 12,582,924 elements in 24 tensors, 50.3 MB" in command(path).out


@pytest.mark.parametrize("arguments", [["gpt2"], ["gpt2", "--markdown"], ["gpt2", "--by", "layer"], ["--list"]])
def test_an_output_that_is_not_utf8_gets_what_it_can_show(arguments: list[str]) -> None:
    result = run_process(*arguments, environment={"PYTHONIOENCODING": "ascii"})
    assert (result.status, result.err) == (0, "")
    assert result.out.isascii()
    assert "gpt2" in result.out


def test_piped_text_has_no_colours_whatever_the_terminal() -> None:
    result = run_process("gpt2", environment={"TERM": "xterm-256color", "FORCE_COLOR": "1", "COLORTERM": "truecolor"})
    assert "\x1b" not in result.out


def on_a_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """What the command writes where its standard output is a terminal and its input is none."""
    reading, writing = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
    ) as process:
        os.close(writing)
        written = b""
        try:
            while piece := os.read(reading, 65536):
                written += piece
        except OSError:  # a terminal ends so when its last writer is gone
            pass
        assert process.wait(60) == 0
    os.close(reading)
    return written.decode()


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "linux", "NO_COLOR": ""}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ],
)
def test_colours_are_for_terminals_that_show_them_and_people_who_want_them(
    environment: dict[str, str], coloured: bool
) -> None:
    written = on_a_terminal("gpt2", "--print", environment=environment)
    assert "22.78" in written
    assert ("\x1b[" in written) == coloured


# Several models, and failures.


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "broken.safetensors", b"{}", 3)


@pytest.mark.parametrize("output", OUTPUTS)
def test_one_failure_leaves_the_other_models(output: str, broken: Path, command: Command) -> None:
    result = command("gpt2", broken, "nonsense", "gpt2-xl", output)
    assert result.status == 1
    lines = result.err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [["gpt2-explore", str(broken)], ["gpt2-explore", "nonsense"]]
    good = command("gpt2", "gpt2-xl", output)
    assert (good.status, good.err) == (0, "")
    if output == "--json":
        models = result.json["models"]
        assert [list(model) for model in models[1:3]] == [["model", "error"]] * 2
        assert [models[0], models[3]] == good.json["models"]
        assert [f"gpt2-explore: {model['model']}: {model['error']}" for model in models[1:3]] == lines
    elif output == "--markdown":
        assert "Not read: " in result.out
        assert result.out.count("## ") == 4
    else:
        assert result.out == good.out


@pytest.mark.parametrize("output", OUTPUTS)
def test_where_every_model_fails_standard_output_holds_no_figures(output: str, broken: Path, command: Command) -> None:
    result = command(broken, output)
    assert result.status == 1
    assert "gpt2-explore: " in result.complaint
    assert "parameters" not in result.out


def test_the_same_model_twice_is_shown_twice(command: Command) -> None:
    first, second = command("gpt2", "gpt2", "--json").json["models"]
    assert first == second


def test_ctrl_c_ends_with_130_and_no_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.commands.results.open_reader", interrupted)
    result = command("gpt2", "--csv")
    assert (result.status, result.out, result.err) == (130, "", "")


def test_an_interrupt_while_modules_are_imported_ends_with_130_and_no_traceback() -> None:
    code = (
        "import runpy, sys\n"
        "class Interrupted:\n"
        "    def find_spec(name, path, target=None):\n"
        "        if name == 'core.count.counter':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "runpy.run_module('tui', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_an_interrupt_while_reading_ends_with_130() -> None:
    before = (
        "import os, signal, core.readers.builtin as b\n"
        "def batches(self):\n    os.kill(os.getpid(), signal.SIGINT)\n    yield [], None\n"
        "b.BuiltInReader.batches = batches"
    )
    result = run_process("gpt2", "--csv", before=before)
    assert (result.status, result.out, result.err) == (130, "", "")


@pytest.mark.parametrize("arguments", [["gpt2", "--json", "--by", "tensor"], ["gpt2", "--by", "layer"], ["--list"]])
def test_a_full_disk_gives_one_sentence_and_1(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"gpt2-explore: the output could not be written (No space left on device)\n"


@pytest.mark.parametrize("arguments", [["gpt2-xl", "--json", "--by", "tensor"], ["gpt2", "--csv"], ["--list"]])
def test_a_reader_that_has_seen_enough_is_no_error(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=closed,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_head_takes_the_first_line_and_no_more() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m tui gpt2 gpt2-xl gpt2 gpt2-xl --csv --by tensor | head -n 1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith(b"model,name,shape,")
    assert (done.stdout.count(b"\n"), done.stderr, done.returncode) == (1, b"", 0)


# What a start costs.

SLOW = ("torch", "transformers", "textual", "rich", "plotext", "textual_plotext", "numpy", "safetensors")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--list"],
        ["--list", "--json"],
        *(["gpt2", output, "--by", by] for output in OUTPUTS for by in BY),
        ["sharded", "--json"],
        ["sharded", "--print", "--by", "module"],
        ["nonsense"],
        ["--nonsense"],
    ],
)
def test_no_headless_run_imports_what_starts_slowly(arguments: list[str], tmp_path: Path) -> None:
    write_shards(tmp_path / "sharded", [gpt2(prefix=""), masks(12)])
    watch = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('IMPORTED', [name for name in {SLOW} if name in sys.modules], file=sys.stderr))"
    )
    result = run_process(*arguments, cwd=tmp_path, before=watch)
    assert result.err.splitlines()[-1] == "IMPORTED []"

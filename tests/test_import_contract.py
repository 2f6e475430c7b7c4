"""Which part may import what: the core knows no terminal, and what starts slowly is imported where it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.distributed.checkpoint.state_dict_saver import save

from bench.checkpoints import write_sharded
from core.report.results import BY
from tests.support.checkpoints import experts, gpt2, masks, write, write_shards
from tests.support.gguf_files import mixtral
from tests.support.gguf_files import write as write_gguf

ROOT = Path(__file__).parent.parent
# What takes seconds or tenths of one to import; a headless count of a header format needs none of them.
SLOW = {
    *("torch", "transformers", "textual", "textual_plotext", "plotext", "rich", "numpy", "numba", "huggingface_hub"),
    *("httpx2", "dataclasses", "inspect"),
}
SCREEN = {"textual", "textual_plotext", "plotext", "rich", "tui"}

CORE = sorted((ROOT / "core").rglob("*.py"))
ALL = CORE + sorted((ROOT / "tui").rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The top-level packages that a piece of code imports, and the lines where it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def imports_when_loaded(module: ast.Module) -> Iterator[tuple[str, int]]:
    """The same without what stands in functions or below `if TYPE_CHECKING`."""
    todo: list[ast.AST] = [module]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(node)
        todo += ast.iter_child_nodes(node)


def breaches(files: list[Path], forbidden: set[str], when_loaded: bool = False) -> list[str]:
    found = []
    for file in files:
        module = ast.parse(file.read_text())
        imported = imports_when_loaded(module) if when_loaded else imports(module)
        found += [f"{file.relative_to(ROOT)}:{line} imports {name}" for name, line in imported if name in forbidden]
    return found


def test_the_core_imports_nothing_of_the_screen() -> None:
    assert breaches(CORE, SCREEN) == []


def test_torch_and_transformers_are_imported_only_inside_functions() -> None:
    assert breaches(ALL, {"torch", "transformers", "numpy"}, when_loaded=True) == []


def modules_after(code: str, *arguments: str) -> set[str]:
    """The top-level modules that are loaded when this code has run in an interpreter of its own."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_whole_core_can_be_imported_without_the_screen_and_without_torch() -> None:
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in CORE]
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    assert "core" in loaded
    assert loaded & (SLOW | {"tui"}) == set()


RUN = """
import sys
from tui.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit:
    status = 0
assert status == int("./no-such-file.safetensors" in sys.argv)
"""


OUTPUTS = ["--print", "--json", "--csv", "--markdown"]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A checkpoint of each format whose headers tell all, by what stands for it in the tests' arguments."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tensors = gpt2(layers=2)
    weights = {"h.0.mlp.weight": torch.zeros(3, 4), "h.0.mlp.bias": torch.zeros(4), "unheard.of": torch.zeros(2)}
    torch.save(weights, folder / "zip.pt")
    torch.save(weights, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    save(weights, checkpoint_id=folder / "distributed", no_dist=True)
    mixture, metadata = mixtral()
    return {
        "SAFETENSORS": str(write(folder / "model.safetensors", {**tensors, **masks(2), "unheard.of": ("F32", (2,))})),
        "SHARDED": str(write_shards(folder / "sharded", [tensors, dict(experts(2, 4))])),
        "ZIP": str(folder / "zip.pt"),
        "LEGACY": str(folder / "legacy.pt"),
        "DISTRIBUTED": str(folder / "distributed"),
        "GGUF": str(write_gguf(folder / "model.gguf", mixture, metadata)),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--list"],
        ["--list", "--json"],
        ["gpt2", "--print", "--rules", "study"],
        ["gpt2", "--print", "--ascii"],
        ["./no-such-file.safetensors", "--json"],
        ["gpt2", "--no-such-option"],
        *(["gpt2", output, "--by", by] for output in OUTPUTS for by in BY),
        *(["--study", output] for output in OUTPUTS),
        ["--study", "--print", "SAFETENSORS", "GGUF", "ZIP"],
        *(
            ["SAFETENSORS", "SHARDED", "ZIP", "LEGACY", "DISTRIBUTED", "GGUF", output, "--by", by]
            for output, by in zip(OUTPUTS, BY)
        ),
        *([name, "--print"] for name in ("SAFETENSORS", "SHARDED", "ZIP", "LEGACY", "DISTRIBUTED", "GGUF")),
    ],
    ids=" ".join,
)
def test_the_pipe_imports_nothing_that_starts_slowly(arguments: list[str], checkpoints: dict[str, str]) -> None:
    loaded = modules_after(RUN, *(checkpoints.get(argument, argument) for argument in arguments))
    assert "tui" in loaded
    assert loaded & SLOW == set()


@pytest.mark.parametrize("name", ["gpt2", "SAFETENSORS", "SHARDED", "ZIP", "GGUF"])
def test_the_totals_of_a_checkpoint_need_no_typing_which_takes_a_tenth_of_them(
    name: str, checkpoints: dict[str, str]
) -> None:
    loaded = modules_after(RUN, checkpoints.get(name, name), "--json")
    assert "tui" in loaded
    assert "typing" not in loaded


def test_a_large_checkpoint_is_decoded_by_msgspec_without_what_that_imports_slowly(tmp_path: Path) -> None:
    write_sharded(tmp_path)
    loaded = modules_after(RUN, str(tmp_path), "--json")
    assert "msgspec" in loaded
    assert loaded & SLOW == set()


def test_msgspec_leaves_no_trace_of_how_it_was_imported() -> None:
    code = "import core.readers.fast_json, typing_extensions, msgspec; assert typing_extensions.get_type_hints"
    assert "inspect" in modules_after(code)

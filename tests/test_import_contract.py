"""Which part may import what: the core knows no terminal, and what starts slowly is imported where it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What takes seconds or tenths of one to import; a headless count of a header format needs none of them.
SLOW = {"torch", "transformers", "textual", "textual_plotext", "plotext", "rich", "numpy", "huggingface_hub", "httpx2"}
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
import contextlib, sys
from tui.cli import main
with contextlib.suppress(SystemExit):
    main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--list"],
        ["--list", "--json"],
        ["gpt2", "--print"],
        ["gpt2", "--print", "--rules", "study"],
        ["gpt2", "--json", "--by", "tensor"],
        ["gpt2", "--csv", "--by", "layer"],
        ["gpt2", "--markdown", "--by", "module"],
        ["--study", "--print"],
        ["--study", "--json"],
        ["--study", "--markdown"],
        ["FILE", "--json"],
        ["./no-such-file.safetensors", "--json"],
        ["gpt2", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_the_pipe_imports_nothing_that_starts_slowly(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    header = json.dumps({"wte.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    loaded = modules_after(RUN, *(str(file) if argument == "FILE" else argument for argument in arguments))
    assert "tui" in loaded
    assert loaded & SLOW == set()

from __future__ import annotations

from pathlib import Path

import pytest

from core.locate.completion import completed, is_typed_path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("run/checkpoint-500", "run/checkpoint-1000", "other", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "run" / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "path", "choices"),
    [
        ("./r", "./run/", ["run/"]),
        ("./run/c", "./run/checkpoint-", ["checkpoint-1000/", "checkpoint-500/"]),
        ("./run/checkpoint-5", "./run/checkpoint-500/", ["checkpoint-500/"]),
        ("./run/n", "./run/notes.txt", ["notes.txt"]),
        ("./", "./", ["other/", "run/"]),
        ("./.h", "./.hidden/", [".hidden/"]),
        (".", "./", ["./"]),
        ("./gone/x", "./gone/x", []),
        ("./x\0y/", "./x\0y/", []),
    ],
)
def test_a_path_goes_on_as_far_as_there_is_no_choice(typed: str, path: str, choices: list[str]) -> None:
    assert completed(typed) == (path, choices)


def test_absolute_paths_and_the_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert completed(f"{folder}/ot").path == f"{folder}/other/"
    assert completed("~/ot").path == "~/other/"


def test_what_is_a_path_by_its_beginning() -> None:
    assert all(map(is_typed_path, ("/", "./x", "../x", "~/x", ".", "..", "~")))
    assert not any(map(is_typed_path, ("", "gpt2", "org/name", "ollama:x", ".x")))

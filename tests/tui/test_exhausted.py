"""What the machine, or a limit that was set, does not give: one sentence, and no bug."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, split, write, write_shards
from tests.support.command import run_process
from tui.crash import crash_report
from tui.exhausted import exhausted

NO_MORE = "there is no more of the {} that it needs; allow more: ulimit -{}"
FILES, MEMORY, THREADS = (
    NO_MORE.format(*each)
    for each in (("files that may be open", "n 1024"), ("memory", "v unlimited"), ("threads", "u unlimited"))
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EMFILE, "Too many open files"), FILES),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), MEMORY),
        (MemoryError(), MEMORY),
        (ImportError("x.so: failed to map segment from shared object"), MEMORY),
        (ImportError("[Errno 24] Too many open files: 'x.so'"), FILES),
        (RuntimeError("can't start new thread"), THREADS),
    ],
)
def test_what_has_run_out_is_named(error: Exception, sentence: str) -> None:
    assert exhausted(error) == sentence
    assert crash_report(error) == sentence


@pytest.mark.parametrize("error", [RuntimeError("else"), OSError(errno.ENOENT, "x"), ValueError("thread")])
def test_other_errors_are_none_of_it(error: Exception) -> None:
    assert exhausted(error) == ""


@pytest.mark.parametrize("opened_before", range(0, 12, 2))
def test_no_more_files_while_shards_are_opened(tmp_path: Path, opened_before: int) -> None:
    write_shards(tmp_path, split(gpt2().items(), 40))
    # All files that remain are taken away but so many, and then the shards are opened.
    before = (
        "import os, resource; from core.readers import safetensors; import core.readers.safetensors.reader, tui.cli\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "try:\n    while True: last = os.dup(0)\n"
        "except OSError:\n"
        f"    for number in range(last, last - {opened_before}, -1): os.close(number)"
    )
    result = run_process(tmp_path, "--print", before=before)
    assert result.status in {0, 1}
    assert result.status == 0 or opened_before < 10
    if result.status:
        assert "Traceback" not in result.err
        assert "bug of" not in result.err
        assert "files" in result.complaint


def test_no_more_memory_is_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.safetensors", gpt2())
    before = (
        "import core.readers.open_checkpoint as opening\n"
        "def open_reader(*_, **__): bytearray(1 << 60)\n"
        "opening.open_reader = open_reader"
    )
    result = run_process(path, "--print", before=before)
    assert result.status == 1
    assert result.complaint == f"gpt2-explore: {MEMORY}"

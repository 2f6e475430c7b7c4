"""The screen while a file or a hub means harm: keys and signals are answered, and the terminal is restored."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, split, write_raw, write_shards
from tests.support.hub import Handler, Hub, Request
from tests.support.pickles import archive, text
from tests.support.recorder import Recorder

ESC = b"\x1b"
COPIED_DICTS = (
    b"}(" + b"".join(text(b"%d.w" % n) + b"N" for n in range(1000)) + b"u\x85q\0ccollections\nOrderedDict\nq\1"
    b"](" + b"h\1h\0R" * 3_000 + b"e" + b"N0" * 2_000_000 + b"."
)


def malformed(path: Path) -> Path:
    return write_raw(path.with_suffix(".safetensors"), b"{" + b'"":{"dtype":"' * 80_000)


def long_run(path: Path) -> Path:
    inner = b'"":{"dtype":""},' * 16_000
    header = b'{"a":{"x":{' + inner[:-1] + b'},"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return write_raw(path.with_suffix(".safetensors"), header, bytes(4))


def bomb(path: Path) -> Path:
    made = path.with_suffix(".pt")
    made.write_bytes(archive(b"\x80\2" + COPIED_DICTS))
    return made


FILES: list[Callable[[Path], Path]] = [malformed, long_run, bomb]


@pytest.mark.parametrize("make", FILES)
@pytest.mark.parametrize(("number", "status"), [(0, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_hostile_file_can_be_left_while_it_is_read(
    make: Callable[[Path], Path], number: int, status: int, tmp_path: Path
) -> None:
    # By its name alone, since a long path is cut where the screen has no room for it.
    with Recorder(f"./{make(tmp_path / 'x').name}", folder=tmp_path) as terminal:
        terminal.wait_for(r"x\.(safetensors|pt)")
        if number:
            terminal.send_signal(number)
        else:
            terminal.send(b"q")
        assert terminal.wait_for_exit() == status
        terminal.check_restored()
        assert terminal.after_screen == ""


def drip(handler: Handler) -> None:
    """A response whose head never ends; much longer than what is waited for below."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    with suppress(OSError):
        for _ in range(1200):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.1)


@pytest.fixture
def dripping(hub: Hub) -> dict[str, str]:
    """The environment in which such a hub is asked."""

    def answer(handler: Handler, request: Request) -> bool:
        drip(handler)
        return True

    hub.answer = answer
    return {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0"}


def wait_for_request(hub: Hub) -> None:
    end = time.monotonic() + 60
    while not hub.requests:
        assert time.monotonic() < end, "nothing was asked"
        time.sleep(0.02)


def test_escape_cancels_the_wait_for_a_hub_that_drips(tmp_path: Path, hub: Hub, dripping: dict[str, str]) -> None:
    with Recorder("org/name", folder=tmp_path, environment=dripping) as terminal:
        terminal.wait_for("Esc cancels")
        wait_for_request(hub)
        terminal.send(ESC)
        terminal.wait_for("cancelled; r reads the model again", timeout=20)
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


@pytest.mark.parametrize(("number", "status"), [(0, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_hub_that_drips_can_be_left(
    number: int, status: int, tmp_path: Path, hub: Hub, dripping: dict[str, str]
) -> None:
    with Recorder("org/name", folder=tmp_path, environment=dripping) as terminal:
        terminal.wait_for("Esc cancels")
        wait_for_request(hub)
        if number:
            terminal.send_signal(number)
        else:
            terminal.send(b"q")
        assert terminal.wait_for_exit() == status
        terminal.check_restored()


NO_SCREEN = "gpt2-explore: the system gives this program {} for its screen (ulimit -a tells the limits); try --print"


@pytest.mark.parametrize(
    ("limit", "scarce"), [("AS, (60 << 20,) * 2", "too little memory"), ("NOFILE, (16, 16)", "too few files")]
)
@pytest.mark.parametrize("models", [[], ["gpt2"], ["gpt2", "gpt2-medium"]], ids=len)
def test_a_limit_too_low_for_a_screen_is_told_before_there_is_one(
    limit: str, scarce: str, models: list[str], tmp_path: Path
) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_{limit})"
    with Recorder(*models, folder=tmp_path, code=code) as terminal:
        assert terminal.wait_for_exit() == 1
        assert b"\x1b" not in terminal.written
        assert terminal.after_screen == NO_SCREEN.format(scarce)


@pytest.mark.parametrize("limit", ["AS, (160 << 20,) * 2", "NOFILE, (40, 40)"])
def test_a_limit_that_is_low_and_not_too_low_lets_the_screen_be(limit: str, tmp_path: Path) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_{limit})"
    with Recorder("gpt2", folder=tmp_path, code=code) as terminal:
        terminal.wait_for(r"22\.78")
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()


def test_no_more_files_when_a_model_is_opened_is_told_and_it_can_be_read_again(tmp_path: Path) -> None:
    write_shards(tmp_path / "model", split(gpt2().items(), 10))
    # All that are left are taken when the load begins, and given back when it is over.
    code = """
import os, resource, tui.load
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
run = tui.load.Load._run
def without_files(self):
    taken = []
    if self.load_id == 0:
        try:
            while True: taken.append(os.dup(0))
        except OSError: pass
    run(self)
    for each in taken: os.close(each)
tui.load.Load._run = without_files
"""
    with Recorder(tmp_path / "model", folder=tmp_path, code=code, size=(120, 36)) as terminal:
        terminal.wait_for("(?i)files", "r reads it again")
        terminal.send(b"r")
        terminal.wait_for("124,439,808")
        terminal.send(b"q")
        assert terminal.wait_for_exit() == 0
        terminal.check_restored()

"""A hub whose response has a head that never ends: it is left after a bound, with a sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.checkpoints import gpt2, write
from tests.support.command import Command
from tests.support.hub import Handler, Hub, Request

BOUND = 1.5
"""Seconds."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write(tmp_path / "gpt2" / "model.safetensors", gpt2())
    hub.add("org/name", tmp_path / "gpt2")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has heads that never end left soon; those that do are waited for longer than a busy machine takes for them."""

    def become() -> None:
        monkeypatch.setattr("core.hub.client._MAX_HEAD_SECONDS", BOUND)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.7)

    return become


def send_on(handler: Handler, piece: bytes, pause: float) -> None:
    """Sends one piece again and again, until who listens hangs up."""
    handler.close_connection = True
    with suppress(OSError):
        while True:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)


def drip(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    send_on(handler, b"a", 0.1)


def drip_lines(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    send_on(handler, b"X-A: b\r\n", 0.1)


def interim(handler: Handler) -> None:
    send_on(handler, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 50, 0)


def interim_slowly(handler: Handler) -> None:
    send_on(handler, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 0.1)


def redirects_slowly(handler: Handler) -> None:
    time.sleep(0.3)
    handler.send(302, b"", {"Location": f"{handler.path}&again"})


ENDLESS: dict[str, Callable[[Handler], None]] = {
    "a line": drip,
    "lines": drip_lines,
    "interim responses": interim,
    "interim responses, slowly": interim_slowly,
    "redirects, slowly": redirects_slowly,
}


@pytest.mark.parametrize("case", list(ENDLESS))
def test_a_head_that_never_ends_is_left(case: str, hub: Hub, command: Command, impatient: Callable[[], None]) -> None:
    impatient()

    def answer(handler: Handler, request: Request) -> bool:
        ENDLESS[case](handler)
        return True

    hub.answer = answer
    result = command("org/name", "--print")
    assert result.status == 1
    assert re.search(r": the hub http://[\d.:]+ is too slow: it took more than \d seconds; ", result.complaint)


@pytest.mark.parametrize("case", ["a line", "interim responses, slowly"])
def test_so_is_one_on_a_connection_that_was_fine_before(
    case: str, hub: Hub, command: Command, impatient: Callable[[], None]
) -> None:
    assert command("org/name", "--json").model["parameters"] == 124_439_808
    impatient()

    def answer(handler: Handler, request: Request) -> bool:
        if "api" in request.path:
            return False
        ENDLESS[case](handler)
        return True

    hub.answer = answer
    write(hub.models["org/name"].folder / "model.safetensors", {"x": ("F32", (5,))})
    hub.models["org/name"].revisions["main"] = "d" * 40
    result = command("org/name@" + "d" * 40, "--print")
    assert result.status == 1
    assert "is too slow: it took more than" in result.complaint


def test_a_head_that_takes_its_time_within_the_bound_is_waited_for(hub: Hub, command: Command) -> None:
    def answer(handler: Handler, request: Request) -> bool:
        for _ in range(3):
            handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            handler.wfile.flush()
            time.sleep(0.1)
        return False

    hub.answer = answer
    assert command("org/name", "--json").model["parameters"] == 124_439_808

"""A child process: what it tells is told in order, and it ends whatever happens."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from core.child.process import ChildProcess, code_of


def echo(*lines: str, after: str = "") -> str:
    """Code that prints lines, then does something more."""
    return "".join(f"print({line!r}, flush=True)\n" for line in lines) + after


def test_records_come_in_order_and_the_request_arrives() -> None:
    code = (
        "import sys, json\nasked = json.loads(sys.stdin.readline())\nprint(json.dumps({'asked': asked}), flush=True)\n"
    )
    with ChildProcess(code + echo('{"n": 1}', '{"n": 2}'), {"a": [1]}, {}) as child:
        told = [record for record in child.records() if record]
        assert told == [{"asked": {"a": [1]}}, {"n": 1}, {"n": 2}]
        assert child.ending() == "with status 0"


def test_its_environment_comes_to_ours() -> None:
    code = (
        "import os, json\nprint(json.dumps({'said': os.environ['SAID'], 'path': 'PATH' in os.environ}), flush=True)\n"
    )
    with ChildProcess(code, {}, {"SAID": "yes"}) as child:
        assert [record for record in child.records() if record] == [{"said": "yes", "path": True}]


def test_who_leaves_ends_it() -> None:
    code = "import os, time\nprint('{\"pid\": %d}' % os.getpid(), flush=True)\ntime.sleep(600)\n"
    with ChildProcess(code, {}, {}) as child:
        record = next(record for record in child.records() if record)
        assert os.path.exists(f"/proc/{record['pid']}")
    assert not os.path.exists(f"/proc/{record['pid']}")


def test_silence_is_told_and_ends_at_its_limit() -> None:
    with ChildProcess("import time; time.sleep(600)", {}, {}) as child:
        child.limit(0.3)
        began = time.monotonic()
        heard: list[dict[str, Any] | None] = []
        with pytest.raises(TimeoutError):
            heard.extend(child.records())
        assert time.monotonic() - began < 30
    assert set(heard) == {None}


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("import os; os.kill(os.getpid(), 9)", f"by signal {signal.SIGKILL.value}"),
        ("raise SystemExit(3)", "with status 3"),
    ],
)
def test_how_it_ended_is_told(code: str, ending: str) -> None:
    with ChildProcess(code, {}, {}) as child:
        assert [record for record in child.records() if record] == []
        assert child.ending() == ending


def test_our_own_modules_are_found() -> None:
    named = code_of("core.text.numbers")
    code = named.replace("import main; main()", "import plural; print('{\"ok\": 1}', flush=True)")
    with ChildProcess(code, {}, {}) as child:
        assert [record for record in child.records() if record] == [{"ok": 1}]

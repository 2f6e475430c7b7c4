"""The parent's side of a child process: begun, listened to, and ended whatever happens."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

SILENCE_SECONDS = 0.1
"""After so long without a record, who listens gets a None, so that it can look whether it was told to stop."""
_PIECE_BYTES = 1 << 16


def code_of(module: str) -> str:
    """What Python runs in the child: the function `main` of a module of ours, found where the parent finds it."""
    return f"import sys; sys.path[:] = sys.argv[1:]; from {module} import main; main()"


class ChildProcess:
    """Runs code with one request; a context manager, so that its end ends the process."""

    def __init__(self, code: str, request: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """
        Args:
            code: what Python runs, as `code_of` gives it.
            request: what the child reads from its standard input, as one line of JSON.
            environment: variables that come to those of this process.

        Raises:
            OSError: where no process can be begun.
            ValueError: likewise, where an argument cannot be one.
        """
        # Isolated (-I), so that no module is imported from the current folder: it may be the checkpoint's. What the
        # parent imports from, the child does too.
        paths = [os.path.abspath(path) for path in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-W", "ignore", "-c", code, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self._request = json.dumps(request).encode() + b"\n"
        self._deadline = float("inf")

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # what it was still to be told
                    pipe.close()
        self._process.wait()

    def limit(self, seconds: float) -> None:
        """Gives it so many seconds from now on; a new limit takes the place of the one before."""
        self._deadline = monotonic() + seconds

    def records(self) -> Iterator[dict[str, Any] | None]:
        """What the child tells until its output ends, a line of JSON each; None while it says nothing.

        Raises:
            TimeoutError: where it says nothing and its time is up.
        """
        self._ask()
        for line in self._lines():
            if line is None:
                if monotonic() > self._deadline:
                    raise TimeoutError
                yield None
                continue
            record: dict[str, Any] = json.loads(line)
            yield record

    def ending(self) -> str:
        """How it ended, once its output has: `by signal 9`, `with status 3`."""
        status = self._process.wait()
        return f"by signal {-status}" if status < 0 else f"with status {status}"

    def _ask(self) -> None:
        assert self._process.stdin
        with suppress(OSError):  # it has ended already, and why is told by its status
            self._process.stdin.write(self._request)
            self._process.stdin.flush()

    def _lines(self) -> Iterator[bytes | None]:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if not selector.select(SILENCE_SECONDS):
                    yield None
                    continue
                piece = os.read(descriptor, _PIECE_BYTES)
                if not piece:
                    return
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines

"""The process in which transformers builds a model: begun, listened to, and ended whatever happens."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from core.checkpoint.errors import CheckpointError

SECONDS_TO_START = 120.0
"""To import torch and transformers: 4 s from a warm disk, a minute from a cold network one."""
SECONDS_TO_BUILD = 30.0
"""Of the 800 kinds of models that transformers 5.23 knows, each is built in less than 3 s."""
_LOOK = 0.1
_PIECE = 1 << 16

_CODE = "import sys; sys.path[:] = sys.argv[1:]; from core.readers.config_only.child import main; main()"
# Nothing of the network, of a GPU, or of kernels that the hub would give; one thread.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "USE_HUB_KERNELS": "NO",
    "USE_TF": "0",
    "USE_FLAX": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "critical",
}


class BuildingProcess:
    """Builds one model; a context manager, so that its end ends the process."""

    def __init__(self, request: dict[str, Any], file: str) -> None:
        """
        Args:
            request: what is to be built, as `core.readers.config_only.child` wants it.
            file: what an error calls it.
        """
        self._file = file
        # Isolated (-I), so that no module is imported from the current folder: it may be the checkpoint's. What the
        # parent imports from, the child does too.
        paths = [os.path.abspath(path) for path in sys.path]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-W", "ignore", "-c", _CODE, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=os.path.abspath(os.sep),
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CheckpointError(file, f"no process to build it could be begun ({error})") from error
        self._request = json.dumps(request).encode() + b"\n"

    def __enter__(self) -> BuildingProcess:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # what it was still to be told
                    pipe.close()
        self._process.wait()

    def records(self) -> Iterator[dict[str, Any] | None]:
        """What the process tells (`core.readers.config_only.child`); None each tenth of a second while it says nothing.

        Raises:
            CheckpointError: where it failed, broke down, or takes too long.
        """
        self._ask()
        start, building = monotonic(), False
        for line in self._lines():
            if line is None:
                most = SECONDS_TO_BUILD if building else SECONDS_TO_START
                if monotonic() - start > most:
                    raise self._late(building, most)
                yield None
                continue
            record: dict[str, Any] = json.loads(line)
            if "error" in record:
                raise CheckpointError(self._file, record["error"], advice=record["advice"])
            if "building" in record:
                start, building = monotonic(), True
            yield record
            if "done" in record:
                return
        raise self._broken()

    def _ask(self) -> None:
        assert self._process.stdin
        with suppress(OSError):  # it has ended already, and why is told below
            self._process.stdin.write(self._request)
            self._process.stdin.flush()

    def _lines(self) -> Iterator[bytes | None]:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if not selector.select(_LOOK):
                    yield None
                    continue
                piece = os.read(descriptor, _PIECE)
                if not piece:
                    return
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines

    def _late(self, building: bool, most: float) -> CheckpointError:
        if building:
            return CheckpointError(self._file, f"transformers did not build it in {most:.0f} s", advice="see its sizes")
        return CheckpointError(self._file, f"transformers could not be imported in {most:.0f} s", advice="try it again")

    def _broken(self) -> CheckpointError:
        status = self._process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return CheckpointError(
            self._file, f"transformers broke down while it built it (its process ended {how})", advice="see its sizes"
        )

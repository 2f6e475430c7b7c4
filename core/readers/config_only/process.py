"""The process in which transformers builds a model: begun, listened to, and ended whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.checkpoint.errors import CheckpointError
from core.child.process import ChildProcess, code_of

SECONDS_TO_START = 120.0
"""To import torch and transformers: 4 s from a warm disk, a minute from a cold network one."""
SECONDS_TO_BUILD = 30.0
"""Of the 800 kinds of models that transformers 5.23 knows, each is built in less than 3 s."""

_CODE = code_of("core.readers.config_only.child")
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

        Raises:
            CheckpointError: where no process can be begun.
        """
        self._file = file
        try:
            self._child = ChildProcess(_CODE, request, _ENVIRONMENT)
        except (OSError, ValueError) as error:
            raise CheckpointError(file, f"no process to build it could be begun ({error})") from error

    def __enter__(self) -> BuildingProcess:
        return self

    def __exit__(self, *raised: object) -> None:
        self._child.__exit__(*raised)

    def records(self) -> Iterator[dict[str, Any] | None]:
        """What the process tells (`core.readers.config_only.child`); None each tenth of a second while it says nothing.

        Raises:
            CheckpointError: where it failed, broke down, or takes too long.
        """
        building = False
        self._child.limit(SECONDS_TO_START)
        try:
            for record in self._child.records():
                if record and "error" in record:
                    raise CheckpointError(self._file, record["error"], advice=record["advice"])
                if record and "building" in record:
                    building = True
                    self._child.limit(SECONDS_TO_BUILD)
                yield record
                if record and "done" in record:
                    return
        except TimeoutError as error:
            raise self._late(building) from error
        raise self._broken()

    def _late(self, building: bool) -> CheckpointError:
        if building:
            reason = f"transformers did not build it in {SECONDS_TO_BUILD:.0f} s"
            return CheckpointError(self._file, reason, advice="see its sizes")
        reason = f"transformers could not be imported in {SECONDS_TO_START:.0f} s"
        return CheckpointError(self._file, reason, advice="try it again")

    def _broken(self) -> CheckpointError:
        reason = f"transformers broke down while it built it (its process ended {self._child.ending()})"
        return CheckpointError(self._file, reason, advice="see its sizes")

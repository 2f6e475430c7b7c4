"""The child's side: one request in, records out, and an end with its parent.

From its standard input it reads one line of JSON, the request; to its standard output it writes a line of JSON for each
record. It ends with its parent, which it knows by its standard input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any


def serve(records: Callable[[bytes], Iterator[dict[str, Any]]]) -> None:
    """The child's whole life.

    Args:
        records: what it tells of a request, which it gets as the line that was read.
    """
    # Whatever else writes to standard output writes to nowhere instead.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        request = sys.stdin.buffer.readline()
        Thread(target=_end_with_parent, daemon=True).start()
        for record in records(request):
            out.write(json.dumps(record, default=str) + "\n")
            out.flush()
        os._exit(0)


def limit(max_bytes: int, max_seconds: int) -> None:
    """Bounds what the process may take, where the system can do that.

    Args:
        max_bytes: of memory, from here on.
        max_seconds: of a processor's time, from its start on.
    """
    try:
        import resource

        for what, most in (
            (resource.RLIMIT_DATA, _allocated_bytes() + max_bytes),
            (resource.RLIMIT_CPU, max_seconds),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.getrlimit(what)
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ImportError, ValueError, OSError):
        pass


def _allocated_bytes() -> int:
    """Bytes of memory of its own that the process has (proc(5), statm: data, in pages); what CUDA takes may be much."""
    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")


def _end_with_parent() -> None:
    sys.stdin.buffer.read(1)
    os._exit(1)

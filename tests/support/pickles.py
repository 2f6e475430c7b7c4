"""Pickles made by hand, in the forms of torch.save, and how to look at what becomes of them."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

from tests.support.command import run_process


def text(value: bytes) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value


def archive(pickled: bytes, members: dict[str, bytes] | None = None) -> bytes:
    """A zip archive as torch.save writes it, with any pickle."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("archive/data.pkl", pickled)
        for name, content in (members or {}).items():
            target.writestr(name, content)
    return made.getvalue()


def legacy(pickled: bytes) -> bytes:
    parts = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join(parts) + pickled + pickle.dumps([], 2)


def expect_bounded(path: Path) -> str:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({300 << 20},) * 2)"
    seconds = "; resource.setrlimit(resource.RLIMIT_CPU, (10, 10))"
    result = run_process(path, "--print", before=limit + seconds, timeout=120)
    assert result.status == 1, result.err
    assert "Traceback" not in result.err
    return result.complaint

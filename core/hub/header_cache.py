"""What was read of the hub's models, kept for the next time: lists of files and headers, never weights.

`gpt2-explore/hub/MODEL-HASH/` in the user's cache folder holds `model.json`, which says to which commit each revision
led and when that was asked; `COMMIT.json`, the files of a commit and how many parameters the hub says that they have;
and `COMMIT/HASH`, what was read of one of them.
A file appears whole or not at all, and one that is damaged counts as one that is not there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

MAX_KEPT_BYTES = 500_000_000
"""In all; the models not looked at for the longest time go first."""
_FORMAT = 1
_MODEL = "model.json"
_MAX_LINE_BYTES = 1 << 16
_MAX_TIME_SECONDS = 250_000_000_000
"""Since 1970, a time that cannot have been; those of a year of five digits are no dates everywhere."""


class Known(NamedTuple):
    """Where a revision led to.

    Attributes:
        commit: in full.
        asked: when the hub said so, in seconds since 1970.
    """

    commit: str
    asked: float


class Seen(NamedTuple):
    """A model of which something is kept.

    Attributes:
        name: its id, with the revision where that was not the main branch.
        endpoint: the hub that has it.
    """

    name: str
    endpoint: str


def cache_folder() -> str:
    """Where all is kept: below `XDG_CACHE_HOME`, or `~/.cache` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "gpt2-explore", "hub")


class HeaderCache:
    """What is kept of one model of one hub.

    Attributes:
        failure: why something could not be kept, or "".
    """

    def __init__(self, endpoint: str, repo: str) -> None:
        """
        Args:
            endpoint: the hub's address.
            repo: the model's id.
        """
        self.failure = ""
        self._endpoint = endpoint
        self._repo = repo
        slug = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in repo.replace("/", "--"))
        self._folder = os.path.join(cache_folder(), f"{slug[:80]}-{_hash(f'{endpoint} {repo}')}")

    def known(self, revision: str) -> Known | None:
        """The commit that a revision led to the last time; a commit leads to itself. None where that is not kept."""
        kept = self._model().get(revision or "main")
        commit, asked = (kept.get("commit"), kept.get("asked")) if isinstance(kept, dict) else (None, None)
        if (
            isinstance(commit, str)
            and commit.isalnum()
            and isinstance(asked, (int, float))
            and 0 <= asked < _MAX_TIME_SECONDS
        ):
            return Known(commit, asked)
        if len(revision) >= 40 and revision.isalnum() and os.path.exists(self._path(f"{revision}.json")):
            return Known(revision, time.time())
        return None

    def files(self, commit: str) -> dict[str, int | None] | None:
        """The files of a commit with their lengths; None where they are not kept."""
        kept = _read_json(self._path(f"{commit}.json"))
        files = kept.get("files")
        if not isinstance(files, dict) or not files or kept.get("crc32") != _sum_of(files):
            return None
        return {str(name): length if isinstance(length, int) else None for name, length in files.items()}

    def parameters(self, commit: str) -> int:
        """How many parameters the hub says that there are at a commit; 0 where that is not kept."""
        said = _read_json(self._path(f"{commit}.json")).get("parameters")
        return said if type(said) is int and said > 0 else 0

    def remember(self, revision: str, commit: str, files: dict[str, int | None], parameters: int = 0) -> None:
        """Keeps where a revision led to just now, what is there, and how many parameters the hub says that it has."""
        if (self.files(commit), self.parameters(commit)) != (files, parameters):
            kept = {"format": _FORMAT, "crc32": _sum_of(files), "files": files, "parameters": parameters}
            self._write(f"{commit}.json", json.dumps(kept).encode())
        revisions = self._model()
        revisions[revision or "main"] = {"commit": commit, "asked": time.time()}
        model = {"format": _FORMAT, "endpoint": self._endpoint, "repo": self._repo, "revisions": revisions}
        self._write(_MODEL, json.dumps(model).encode())

    def pieces(self, commit: str, name: str, size: int) -> list[tuple[int, bytes]]:
        """What is kept of a file: places and the bytes there, in order and without overlap.

        Args:
            commit: of its repository.
            name: its name there.
            size: its length.
        """
        from zlib import crc32

        try:
            with _opened(self._path(os.path.join(commit, _hash(name)))) as kept:
                first = json.loads(kept.readline(_MAX_LINE_BYTES))
                if (first["format"], first["name"], first["size"]) != (_FORMAT, name, size):
                    return []
                content = kept.read(MAX_KEPT_BYTES)
            if crc32(content) != first["crc32"]:
                return []
            pieces, begin, last = [], 0, 0
            for start, length in first["ranges"]:
                if not (last <= start and length > 0 and start + length <= size):
                    return []
                pieces.append((start, content[begin : begin + length]))
                begin, last = begin + length, start + length
            return pieces if begin == len(content) else []
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return []

    def keep(self, commit: str, name: str, size: int, pieces: list[tuple[int, bytes]]) -> None:
        """Keeps what was read of a file; see `pieces`."""
        from zlib import crc32

        content = b"".join(piece for _, piece in pieces)
        ranges = [(start, len(piece)) for start, piece in pieces]
        first = {"format": _FORMAT, "name": name, "size": size, "ranges": ranges, "crc32": crc32(content)}
        line = json.dumps(first).encode() + b"\n"
        if len(line) < _MAX_LINE_BYTES:
            self._write(os.path.join(commit, _hash(name)), line + content)

    def touch(self) -> None:
        """Marks the model as looked at just now."""
        with suppress(OSError):
            os.utime(self._path(_MODEL))

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _model(self) -> dict[str, Any]:
        model = _read_json(self._path(_MODEL))
        revisions = model.get("revisions")
        ours = (model.get("endpoint"), model.get("repo")) == (self._endpoint, self._repo)
        return revisions if ours and isinstance(revisions, dict) else {}

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        # Threads and processes that keep the same write the same: the last one wins.
        draft = f"{path}.{os.getpid()}-{time.monotonic_ns()}"
        try:
            # Headers of private models are nobody else's business; makedirs gives its mode to the last folder alone.
            os.makedirs(cache_folder(), mode=0o700, exist_ok=True)
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(draft, "xb") as file:
                file.write(content)
            os.replace(draft, path)
        except OSError as error:
            self.failure = error.strerror or type(error).__name__
            with suppress(OSError):
                os.unlink(draft)


def seen() -> Iterator[Seen]:
    """The models of which something is kept, in the order of their names."""
    found = []
    for folder, _ in _models():
        model = _read_json(os.path.join(folder, _MODEL))
        repo, endpoint, revisions = model.get("repo"), model.get("endpoint"), model.get("revisions")
        if isinstance(repo, str) and isinstance(endpoint, str) and isinstance(revisions, dict):
            found += [Seen(repo if name == "main" else f"{repo}@{name}", endpoint) for name in map(str, revisions)]
    yield from sorted(found)


def prune(most: int = MAX_KEPT_BYTES) -> None:
    """Removes the models that were not looked at for the longest time, until what is left is not too much.

    Args:
        most: bytes that may be left.
    """
    models = sorted(_models(), key=lambda model: model[1])
    sizes = {folder: _size(folder) for folder, _ in models}
    total = sum(sizes.values())
    for folder, _ in models:
        if total <= most:
            return
        _remove(folder)
        total -= sizes[folder]


def _models() -> list[tuple[str, float]]:
    """The folders of all models and when each was looked at last."""
    found = []
    try:
        for entry in os.scandir(cache_folder()):
            if entry.is_dir(follow_symlinks=False):
                try:
                    used = os.stat(os.path.join(entry.path, _MODEL)).st_mtime
                except OSError:
                    used = 0.0
                found.append((entry.path, used))
    except OSError:
        pass
    return found


def _size(folder: str) -> int:
    total = 0
    for path in _kept_in(folder):
        with suppress(OSError):
            total += os.lstat(path).st_size
    return total


def _remove(folder: str) -> None:
    """Removes what is kept of a model; what others have put there, and deeper than anything is kept, stays."""
    paths = _kept_in(folder)
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
    for below in {os.path.dirname(path) for path in paths} - {folder}:
        with suppress(OSError):
            os.rmdir(below)
    with suppress(OSError):
        os.rmdir(folder)


def _kept_in(folder: str, depth: int = 1) -> list[str]:
    """The files of a model: those in its folder, and in the folders of its commits."""
    found = []
    try:
        for entry in os.scandir(folder):
            if not entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            elif depth:
                found += _kept_in(entry.path, depth - 1)
    except OSError:
        pass
    return found


def _opened(path: str) -> BinaryIO:
    # A pipe that nobody writes to would be waited for; one opened so is at its end, or has nothing yet (None).
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))


def _read_json(path: str) -> dict[str, Any]:
    try:
        with _opened(path) as file:
            value = json.loads(file.read(1 << 26))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) and value.get("format") == _FORMAT else {}


def _sum_of(files: dict[str, Any]) -> int:
    from zlib import crc32

    return crc32(json.dumps(files).encode())


def _hash(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""The files of a repository on the hub, as readers open those of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event, Lock
from typing import Any, BinaryIO, TypeVar, cast

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Stopped
from core.files.torch_names import is_torch_name
from core.hub.client import HubClient, Piece
from core.hub.errors import HubError
from core.hub.header_cache import HeaderCache
from core.hub.listing import Listing
from core.hub.remote_file import FIRST_BYTES, RemoteFile

T = TypeVar("T")

WORKERS = 24
"""Requests at a time: with 50 ms each way, 163 headers then take a second."""
_MAX_FILES_AHEAD = 2 * WORKERS
_MAX_FILES_HELD = 4
"""Files closed last whose content is held, since a reader may look at a file's first bytes before it opens it."""
_END_BYTES = 1 << 16
"""At a zip archive's end, where its directory is."""
_MAX_HEADER_AHEAD_BYTES = 1 << 22
_MAX_JSON_AHEAD_BYTES = 1 << 24


class Workers:
    """Threads that ask the hub, so that who waits for them can be told to stop at once.

    Attributes:
        stopped: set once nobody wants the answers any more.
    """

    def __init__(self) -> None:
        self.stopped = Event()
        self._executor = ThreadPoolExecutor(WORKERS, "hub")
        self._stop: Future[None] = Future()
        self._lock = Lock()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Begins some work.

        Raises:
            Stopped: where nobody wants it any more.
        """
        try:
            return self._executor.submit(work)
        except RuntimeError as error:
            if not self.stopped.is_set():  # there is no thread to be had
                raise
            raise Stopped from error

    def result(self, future: Future[T]) -> T:
        """What a piece of work gave or raised.

        Raises:
            Stopped: where nobody wants it any more.
        """
        if not future.done():
            either: list[Future[Any]] = [future, self._stop]
            wait(either, return_when=FIRST_COMPLETED)
        if self.stopped.is_set():
            raise Stopped
        return future.result()

    def stop(self) -> None:
        """Ends all waiting at once, and all work at its next step."""
        with self._lock:
            if self.stopped.is_set():
                return
            self.stopped.set()
        self._stop.set_result(None)
        self._executor.shutdown(wait=False, cancel_futures=True)


class HubFolder:
    """A repository on the hub at one commit, or a folder in it. What was read of it before is not fetched again."""

    def __init__(
        self,
        listing: Listing,
        below: str,
        cache: HeaderCache,
        workers: Workers,
        client: Callable[[str], HubClient],
    ) -> None:
        """
        Args:
            listing: what is in the repository.
            below: the folder meant, "" for the whole.
            cache: what was kept of it.
            workers: who asks the hub.
            client: gives the client, or raises a `HubError` that names a file where the hub is not to be asked.
        """
        self._listing = listing
        self._below = f"{below}/" if below else ""
        self._cache = cache
        self._workers = workers
        self._client = client
        self._waiting: list[str] = []
        self._coming: dict[str, Future[RemoteFile]] = {}
        self._closed: dict[str, RemoteFile] = {}

    def names(self) -> list[str]:
        """See `Folder`."""
        start = len(self._below)
        inside = [name[start:] for name in self._listing.files if name.startswith(self._below)]
        return sorted(name for name in inside if "/" not in name)

    def folders(self) -> list[str]:
        """See `Folder`."""
        start = len(self._below)
        inside = [name[start:] for name in self._listing.files if name.startswith(self._below)]
        return sorted({name.partition("/")[0] for name in inside if "/" in name})

    def below(self, name: str) -> HubFolder:
        """See `Folder`."""
        return HubFolder(self._listing, f"{self._below}{name}", self._cache, self._workers, self._client)

    def has(self, name: str) -> bool:
        """See `Folder`."""
        return self._below + name in self._listing.files

    def shown(self, name: str) -> str:
        """See `Folder`."""
        return f"{self._listing.repo}/{self._below}{name}"

    def open(self, name: str) -> tuple[BinaryIO, int]:
        """See `Folder`."""
        coming = self._coming.pop(name, None) or self._workers.submit(lambda: self._begin(name))
        self._fetch_ahead()
        file = self._workers.result(coming)
        return cast(BinaryIO, file), file.size

    def expect(self, names: Sequence[str]) -> None:
        """See `Folder`."""
        self._waiting = [name for name in reversed(names) if self.has(name) and name not in self._coming]
        self._fetch_ahead()

    def _fetch_ahead(self) -> None:
        # Not all at once, so that a thousand headers do not pile up while one is read.
        while self._waiting and len(self._coming) < _MAX_FILES_AHEAD:
            name = self._waiting.pop()
            self._coming[name] = self._workers.submit(partial(self._begin, name))

    def _begin(self, name: str) -> RemoteFile:
        """In a worker: a file with its beginning, or where else its format has its header."""
        if not self.has(name):
            raise CheckpointError(self.shown(name), "there is no such file in the repository")
        path = self._below + name
        size = self._listing.files[path]
        source = _Source(self._listing, path, self.shown(name), self._client)
        if size is None:
            size = source.length()
        file = RemoteFile(self.shown(name), size, self._through_workers(source), self._kept(path))
        if before := self._closed.pop(path, None):
            file.ranges, file.whole, file.grown = before.ranges, before.whole, before.grown
            return file
        for start, piece in self._cache.pieces(self._listing.commit, path, size):
            file.ranges.add(start, piece, used=True)
        if not file.ranges.held and size:
            for start, end in _likely(name, size):
                file.load(start, end, source.fetch)
            if name.endswith(".safetensors"):
                length = 8 + int.from_bytes(file.ranges.peek(0, 8), "little")
                if FIRST_BYTES < length < _MAX_HEADER_AHEAD_BYTES:
                    file.load(FIRST_BYTES, length, source.fetch)
        return file

    def _through_workers(self, source: _Source) -> Callable[[int, int], bytes]:
        return lambda start, end: self._workers.result(self._workers.submit(lambda: source.fetch(start, end)))

    def _kept(self, path: str) -> Callable[[RemoteFile], None]:
        def keep(file: RemoteFile) -> None:
            if file.grown and file.whole and (used := file.ranges.used()):
                self._cache.keep(self._listing.commit, path, file.size, used)
            self._closed[path] = file
            while len(self._closed) > _MAX_FILES_HELD:
                self._closed.pop(next(iter(self._closed)))

        return keep


def _likely(name: str, size: int) -> list[tuple[int, int]]:
    """Where a file's header is, by its name: what to fetch before anybody asks."""
    if name.endswith(".json"):
        return [(0, min(size, _MAX_JSON_AHEAD_BYTES))]
    start = (0, min(size, FIRST_BYTES))
    if is_torch_name(name) and size > FIRST_BYTES + _END_BYTES:
        return [start, (size - _END_BYTES, size)]
    return [start]


class _Source:
    """Ranges of one file. Where the hub sends us on to another server, that one is asked the next time."""

    def __init__(self, listing: Listing, path: str, file: str, client: Callable[[str], HubClient]) -> None:
        self._listing = listing
        self._path = path
        self._file = file
        self._client = client
        self._elsewhere = ""

    def length(self) -> int:
        """The file's length, where the list does not tell it."""
        return self._piece(0, 1).total

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes from one place to another, all of them.

        Raises:
            HubError: where they do not come.
        """
        piece = self._piece(start, end)
        if len(piece.content) != end - start:
            reason = f"the file ends at byte {piece.total:,}, and by the hub's list it is longer"
            raise HubError(self._file, reason, advice="try again")
        return piece.content

    def _piece(self, start: int, end: int) -> Piece:
        client = self._client(self._file)
        asked = client.asked(self._file, self._listing.repo, self._listing.commit)
        address = client.address(self._listing.repo, self._listing.commit, self._path)
        if self._elsewhere:
            try:
                return client.fetch(self._elsewhere, start, end, asked)
            except HubError:
                # The address was good for a while only.
                self._elsewhere = ""
        piece = client.fetch(address, start, end, asked)
        self._elsewhere = piece.url if piece.url != address else ""
        return piece

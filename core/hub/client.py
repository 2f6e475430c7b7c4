"""Asking the hub: a model's list of files, and ranges of them, through huggingface_hub's own client.

The client brings proxies, certificates and tokens as people have set them up. It takes 0.2 s to import, so that is done
where a `HubClient` is made, once something must really be asked, and never on a screen's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import quote

from core.checkpoint.source import Stopped
from core.hub.errors import Asked, HubError, broken, cut_off, no_hub, no_ranges, refusal, too_slow, wait_seconds
from core.hub.head_watch import HeadWatch
from core.hub.listing import Listing, listing_of
from core.text.width import shortened

if TYPE_CHECKING:
    from httpx2 import Client, Response

T = TypeVar("T")

_TRIES = 3
_PAUSES_SECONDS = (0.5, 1.5)
"""Before the second and the third try."""
_MAX_PAUSE_SECONDS = 10
"""Who is told to wait longer is told so."""
_MAX_HEAD_SECONDS = 30.0
"""That the head of an answer may take, with all redirects before it; twice the wait for a piece where that is more."""
_MAX_BODY_SECONDS = 60.0
"""That the body of an answer may take, however steadily it trickles."""
_RETRIED = {408, 429, 500, 502, 503, 504}
_MAX_LIST_BYTES = 1 << 24
"""A file takes some 200 of them. What is made of them takes ten times as much memory."""


class Piece(NamedTuple):
    """A range of a file.

    Attributes:
        content: its bytes.
        total: the length of the whole file.
        url: where it came from in the end, which may be asked directly for a while.
    """

    content: bytes
    total: int
    url: str


class HubClient:
    """Asks one hub. Its methods may be called from several threads at once.

    Attributes:
        downloaded: bytes of all answers so far, as they came over the wire.
    """

    def __init__(self, address: str, stopped: Event) -> None:
        """
        Args:
            address: the hub's.
            stopped: set once nobody wants the answers any more.

        Raises:
            HubError: where the environment's settings, proxy or token cannot be used.
        """
        self.downloaded = 0
        self._endpoint = address
        self._stopped = stopped
        self._lock = Lock()
        self._worked = False
        try:
            from huggingface_hub import __version__, constants
        except ValueError as error:
            # It reads its variables when it is imported, numbers too.
            reason = f"a setting of the environment cannot be used ({error})"
            raise HubError("", reason, advice="check the variables that begin with HF_") from error
        self._patience = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
        self._session = _session()
        self._watch = HeadWatch()
        # Not huggingface_hub's build_hf_headers: its user agent asks the hub for a list of coding agents first.
        self._headers = {"user-agent": f"gpt2-explore; hf_hub/{__version__}"}
        token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else _token()
        self._token = {"authorization": f"Bearer {token}"} if token else {}

    def listing(self, model: str, repo: str, revision: str) -> Listing:
        """What is in a model's repository.

        Args:
            model: what an error calls it.
            repo: its id.
            revision: a branch, a tag or a commit; "" for the main branch.

        Raises:
            HubError: where the hub does not tell.
            Stopped: where nobody wants to know any more.
        """
        asked = Asked(model, repo, revision or "main", self._endpoint, bool(self._token), listing=True)
        below = f"/revision/{quote(revision, safe='')}" if revision else ""
        url = f"{self._endpoint}/api/models/{repo}{below}?blobs=true"

        def take(response: Response) -> Listing:
            return listing_of(self._body(response, asked, _MAX_LIST_BYTES, raw=False), asked, response.headers)

        return self._ask(url, {}, asked, take)

    def fetch(self, url: str, start: int, end: int, asked: Asked) -> Piece:
        """A range of a file.

        Args:
            url: its address.
            start: its first byte.
            end: behind its last byte; the file may end sooner.
            asked: what it is, for an error.

        Raises:
            HubError: where it does not come.
            Stopped: where nobody wants it any more.
        """
        # A range of what is compressed on the way would be a range of something else.
        headers = {"range": f"bytes={start}-{end - 1}", "accept-encoding": "identity"}
        return self._ask(url, headers, asked, lambda response: self._piece(response, start, end, asked))

    def asked(self, file: str, repo: str, revision: str) -> Asked:
        """What an error says of a file."""
        return Asked(file, repo, revision, self._endpoint, bool(self._token))

    def address(self, repo: str, commit: str, name: str) -> str:
        """Where a file of a repository is to be asked for."""
        return f"{self._endpoint}/{repo}/resolve/{commit}/{quote(name)}"

    def _ask(self, url: str, headers: Mapping[str, str], asked: Asked, take: Callable[[Response], T]) -> T:
        """What `take` makes of the answer, asked for again where that may help."""
        import httpx2

        # The token goes to the hub alone; where the hub sends us elsewhere, the client leaves it out.
        signed = self._token if url.startswith(f"{self._endpoint}/") else {}
        sent = {**self._headers, **signed, **headers}
        began = monotonic()
        for number in range(_TRIES):
            last = number == _TRIES - 1 or monotonic() - began > self._patience
            pause = _PAUSES_SECONDS[min(number, len(_PAUSES_SECONDS) - 1)]
            try:
                with self._answer(url, sent, asked) as response:
                    asked_to_wait = wait_seconds(response.headers)
                    if response.status_code not in _RETRIED or last or asked_to_wait > _MAX_PAUSE_SECONDS:
                        self._check(response, asked)
                        self._worked = True
                        return take(response)
                    pause = max(pause, asked_to_wait)
            except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
                # Where nothing has worked so far, there is no network, it may be: that is told at once.
                if last or not (self._worked and isinstance(error, httpx2.TransportError)):
                    raise broken(asked, error, self._patience) from error
            self._stopped.wait(pause)
            if self._stopped.is_set():
                raise Stopped
        raise AssertionError("the last try answers or raises")

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str], asked: Asked) -> Iterator[Response]:
        """An answer, its head read and its body not yet.

        Raises:
            HubError: where its head does not come in time.
        """
        import httpx2

        timeout = httpx2.Timeout(self._patience, pool=None)
        seconds = max(_MAX_HEAD_SECONDS, 2 * self._patience)
        with self._watch.within(seconds) as head:
            try:
                extensions = {"trace": head.trace}
                with self._session.stream(
                    "GET", url, headers=headers, timeout=timeout, extensions=extensions
                ) as response:
                    head.came()
                    self._watch.reused(response.extensions.get("network_stream"))
                    try:
                        yield response
                    finally:
                        with self._lock:
                            self.downloaded += response.num_bytes_downloaded
            except httpx2.TransportError as error:
                if head.expired:
                    raise too_slow(asked, seconds) from error
                raise

    def _check(self, response: Response, asked: Asked) -> None:
        if response.status_code >= 400 and response.status_code != 416:
            text = self._body(response, asked, 1 << 16, raw=False, cut=True).decode(errors="replace")
            raise refusal(asked, response.status_code, response.headers, text)

    def _piece(self, response: Response, start: int, end: int, asked: Asked) -> Piece:
        url = str(response.url)
        length = _number(response.headers.get("content-length", ""))
        if response.status_code == 416:
            total = _number(response.headers.get("content-range", "").rpartition("/")[2])
            return Piece(b"", total or 0, url)
        if "text/html" in response.headers.get("content-type", ""):
            raise no_hub(asked, response.headers, "")
        if response.status_code != 206:
            # A small file may as well come whole.
            if start or length is None or length > end - start:
                raise no_ranges(asked, length)
            return Piece(self._body(response, asked, length), length, url)
        unit, _, rest = response.headers.get("content-range", "").partition(" ")
        span, _, whole = rest.partition("/")
        total = _number(whole)
        if unit != "bytes" or total is None or _number(span.partition("-")[0]) != start:
            raise no_ranges(asked, None)
        wanted = min(end, total) - start
        content = self._body(response, asked, wanted)
        if len(content) < wanted:
            raise cut_off(asked, len(content), wanted)
        return Piece(content, total, url)

    def _body(self, response: Response, asked: Asked, most: int, *, raw: bool = True, cut: bool = False) -> bytes:
        """An answer's body.

        Args:
            response: the answer.
            asked: what it is, for an error.
            most: how many bytes it may have.
            raw: whether it is taken as it comes, or unpacked where it was compressed on the way.
            cut: whether what is beyond `most` is left out, where it would be an error.
        """
        content = bytearray()
        end = monotonic() + _MAX_BODY_SECONDS
        for chunk in response.iter_raw() if raw else response.iter_bytes():
            content += chunk
            if self._stopped.is_set():
                raise Stopped
            if monotonic() > end:
                raise too_slow(asked, _MAX_BODY_SECONDS)
            if len(content) > most:
                if cut or raw:
                    break
                raise HubError(asked.file, f"its list of files is longer than {most // 2**20} MiB")
        return bytes(content[:most])


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _token() -> str | None:
    from huggingface_hub import get_token

    try:
        return get_token()
    except Exception as error:  # it may ask other servers for one, or read a file, each with errors of their own
        reason = f"the token could not be had ({type(error).__name__}: {shortened(str(error), 120)})"
        raise HubError("", reason, advice="sign in again: hf auth login, or set HF_TOKEN") from error


def _session() -> Client:
    from huggingface_hub import get_session

    try:
        return get_session()
    except (ImportError, ValueError) as error:
        # What httpx2 says of a proxy that it does not know, and of one that wants a package more.
        raise HubError(
            "", f"the proxy of the environment cannot be used ({error})", advice="check HTTPS_PROXY and ALL_PROXY"
        ) from error

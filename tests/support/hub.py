"""A hub on 127.0.0.1 that answers as the real one does, or as badly as a test wants.

`python -m tests.support.hub FOLDER --latency 50` serves the folders ORG/NAME below FOLDER and prints its address: then
`HF_ENDPOINT=http://127.0.0.1:PORT gpt2-explore ORG/NAME` opens one of them.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

LARGE = 10_000
"""Bytes; longer files lie on the CDN, as those that Git LFS or Xet hold."""
PAGE = b"<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body>Sign in</body></html>"


class Model:
    """A repository.

    Attributes:
        folder: its files.
        commit: what `main` leads to.
        revisions: further names and commits, all with the same files.
        gated: whether files are given only to those whose token is in the hub's `admitted`.
        private: whether it is there only for those with a token that is known.
        claimed: what its page says of its safetensors files.
    """

    def __init__(self, folder: Path, commit: str = "c" * 40) -> None:
        self.folder = folder
        self.commit = commit
        self.revisions = {"main": commit}
        self.gated = False
        self.private = False
        self.disabled = False
        self.claimed: object = None

    def file(self, name: str) -> Path | None:
        path = (self.folder / name).resolve()
        return path if path.is_file() and path.is_relative_to(self.folder.resolve()) else None


class Request:
    """What was asked of the hub or its CDN."""

    def __init__(self, path: str, headers: Mapping[str, str], cdn: bool) -> None:
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.cdn = cdn

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


Answer = Callable[["Handler", Request], bool]
"""Answers a request in place of the hub; whether it did."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: Server
    connection: socket.socket
    # Headers and body leave together, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.append(self.connection)

    def do_GET(self) -> None:
        hub = self.server.hub
        request = Request(self.path, dict(self.headers.items()), self.server.cdn)
        with hub.lock:
            hub.requests.append(request)
        time.sleep(hub.latency)
        try:
            if not (hub.answer and hub.answer(self, request)):
                hub.serve(self, request)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET

    def send(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with self.server.hub.lock:
            self.server.hub.answered += len(body)
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, message: str) -> None:
        """An error as the hub words it."""
        headers = {"X-Error-Code": code} if code else {}
        headers |= {"X-Error-Message": message, "Content-Type": "application/json"}
        self.send(status, json.dumps({"error": message}).encode(), headers)

    def send_file(self, path: Path, ranges: bool = True) -> None:
        """A file, or the range of it that was asked for; a sparse file takes no time."""
        size = path.stat().st_size
        asked = self.headers.get("Range", "")
        first, last = 0, size - 1
        if asked and ranges:
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = (
                (int(begin), min(int(end or size - 1), size - 1)) if begin else (max(0, size - int(end)), last)
            )
            if first >= size:
                return self.send(416, b"", {"Content-Range": f"bytes */{size}"})
        self.send_response(206 if asked and ranges else 200)
        if asked and ranges:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Content-Type", "binary/octet-stream")
        self.send_header("ETag", f'"{sha1(str(path).encode()).hexdigest()}"')
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left > 0 and (piece := file.read(min(left, 1 << 20))):
                with self.server.hub.lock:
                    self.server.hub.sent += len(piece)
                    self.server.hub.answered += len(piece)
                self.wfile.write(piece)
                left -= len(piece)
        return None

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """The hub's port, or that of its CDN."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, hub: Hub, cdn: bool) -> None:
        self.hub = hub
        self.cdn = cdn
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up in the middle is no matter."""


class Hub:
    """The hub and its CDN.

    Attributes:
        models: what it has, by id.
        renamed: old ids and new ones.
        tokens: those that it knows.
        admitted: those of them that may see gated models.
        latency: seconds before each answer.
        answer: if set, is asked first, and may answer in its own way.
        requests: all that was asked so far.
        sent: bytes of files that were sent.
        answered: bytes of all answers.
    """

    def __init__(self) -> None:
        self.models: dict[str, Model] = {}
        self.renamed: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.admitted: set[str] = set()
        self.latency = 0.0
        self.answer: Answer | None = None
        self.requests: list[Request] = []
        self.sent = 0
        self.answered = 0
        self.lock = threading.Lock()
        self._servers = [Server(self, cdn=False), Server(self, cdn=True)]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def cdn(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
            for connection in server.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def add(self, repo: str, folder: Path) -> Model:
        """Gives it a model."""
        self.models[repo] = Model(folder)
        return self.models[repo]

    def serve(self, handler: Handler, request: Request) -> None:
        """Answers as the real hub does (https://huggingface.co/docs/hub/api)."""
        parts = [unquote(part) for part in urlsplit(request.path).path.strip("/").split("/")]
        if request.cdn:
            return self._serve_cdn(handler, parts)
        if parts[:2] == ["api", "models"]:
            repo, rest = "/".join(parts[2:4]), parts[4:]
            if repo in self.renamed:
                path = request.path.replace(repo, self.renamed[repo], 1)
                return handler.send(307, b"", {"Location": path})
            model = self._allowed(handler, request, repo)
            return self._serve_list(handler, request, repo, model, rest) if model else None
        if len(parts) > 4 and parts[2] == "resolve":
            repo = "/".join(parts[:2])
            model = self._allowed(handler, request, repo)
            return self._serve_file(handler, request, model, parts) if model else None
        return handler.send(404, b"<!doctype html><html>404</html>", {"Content-Type": "text/html"})

    def _allowed(self, handler: Handler, request: Request, repo: str) -> Model | None:
        if request.token and request.token not in self.tokens:
            handler.refuse(401, "", "Invalid credentials in Authorization header")
            return None
        model = self.models.get(repo)
        if model and not (model.private and not request.token):
            return model
        # To strangers the hub does not tell what is missing from what is private.
        if request.token:
            handler.refuse(404, "RepoNotFound", "Repository not found")
        else:
            handler.refuse(401, "RepoNotFound", "Invalid username or password.")
        return None

    def _commit(self, handler: Handler, model: Model, revision: str) -> str:
        commit = model.revisions.get(revision) or (revision if revision in model.revisions.values() else "")
        if not commit:
            handler.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def _serve_list(self, handler: Handler, request: Request, repo: str, model: Model, rest: list[str]) -> None:
        commit = self._commit(handler, model, rest[1] if rest[:1] == ["revision"] else "main")
        if not commit:
            return
        if model.disabled:
            return handler.refuse(403, "", "Access to this resource is disabled.")
        blobs = "blobs" in parse_qs(urlsplit(request.path).query)
        siblings: list[dict[str, object]] = []
        for path in sorted(path for path in model.folder.rglob("*") if path.is_file()):
            sibling: dict[str, object] = {"rfilename": path.relative_to(model.folder).as_posix()}
            if blobs:
                size = path.stat().st_size
                sibling |= {"size": size, "blobId": sha1(path.name.encode()).hexdigest()}
                if size > LARGE:
                    sibling["lfs"] = {
                        "size": size,
                        "sha256": sha256(path.name.encode()).hexdigest(),
                        "pointerSize": 135,
                    }
            siblings.append(sibling)
        content = {"_id": "6" * 24, "id": repo, "modelId": repo, "sha": commit, "private": model.private}
        content |= {"gated": "manual" if model.gated else False, "tags": [], "siblings": siblings}
        if model.claimed is not None:
            content["safetensors"] = model.claimed
        handler.send(200, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"})
        return None

    def _serve_file(self, handler: Handler, request: Request, model: Model, parts: list[str]) -> None:
        repo, revision, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
        commit = self._commit(handler, model, revision)
        if not commit:
            return
        if model.gated and request.token not in self.admitted:
            status = 403 if request.token else 401
            message = f"Access to model {repo} is restricted. You must have access to it and be authenticated."
            return handler.refuse(status, "GatedRepo", message)
        path = model.file(name)
        if path is None:
            return handler.refuse(404, "EntryNotFound", "Entry not found")
        if path.stat().st_size <= LARGE:
            return handler.send_file(path)
        digest = sha256(name.encode()).hexdigest()
        where = f"{self.cdn}/{quote(repo)}/{quote(name)}?X-Amz-Signature=signed&X-Amz-Expires=3600"
        headers = {
            "Location": where,
            "X-Repo-Commit": commit,
            "X-Linked-Size": str(path.stat().st_size),
            "X-Linked-Etag": f'"{digest}"',
            "X-Xet-Hash": digest,
            "Content-Type": "text/plain; charset=utf-8",
        }
        return handler.send(302, f"Found. Redirecting to {where}".encode(), headers)

    def _serve_cdn(self, handler: Handler, parts: list[str]) -> None:
        model = self.models.get("/".join(parts[:2]))
        path = model.file("/".join(parts[2:])) if model else None
        return handler.send_file(path) if path else handler.send(403, b"<Error><Code>AccessDenied</Code></Error>")


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub for as long as it is wanted."""
    hub = Hub()
    try:
        yield hub
    finally:
        hub.close()


def unused_port() -> int:
    """A port of 127.0.0.1 where nobody answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Serves the folders ORG/NAME below a folder until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.hub", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="milliseconds before each answer")
    options = parser.parse_args()
    hub = Hub()
    hub.latency = options.latency / 1000
    for folder in sorted(options.folder.glob("*/*")):
        if folder.is_dir():
            hub.add(folder.relative_to(options.folder).as_posix(), folder)
    print(hub.url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

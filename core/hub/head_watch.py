"""A bound on the time until a response's head is there: httpx2 bounds the wait for each piece of it alone.

A server may send its head byte by byte, or interim responses (1xx) without end, and never be late with the next piece.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any
from weakref import WeakSet

_CONNECTED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")
"""How the events of httpcore2 end that bring a connection (https://www.encode.io/httpcore/extensions/#trace)."""

Trace = Callable[[str, Mapping[str, Any]], None]


class HeadWatch:
    """Hangs up where a response's head does not come in time. Several threads may use it at once."""

    def __init__(self) -> None:
        self._streams: WeakSet[Any] = WeakSet()

    @contextmanager
    def within(self, seconds: float) -> Iterator[Head]:
        """One request, from its start to its response's head, with all redirects on its way.

        Args:
            seconds: after which its connection is closed, so that the client raises an error of transport.
        """
        head = Head(self._streams)
        timer = Timer(seconds, head.hang_up)
        timer.daemon = True
        timer.start()
        head.came = timer.cancel
        try:
            yield head
        finally:
            timer.cancel()

    def reused(self, stream: object) -> None:
        """Remembers the connection of a response, which another program part may have made."""
        if stream is not None:
            self._streams.add(stream)


class Head:
    """The wait for one response's head.

    Attributes:
        expired: whether it took too long.
        came: to be called once it is there.
    """

    def __init__(self, streams: WeakSet[Any]) -> None:
        """
        Args:
            streams: connections that are known, to be added to.
        """
        self.expired = False
        self.came: Callable[[], None] = lambda: None
        self._known = streams
        self._own: list[Any] = []

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore2 tells on the way (its extension `trace`)."""
        if event.endswith(_CONNECTED) and (stream := info.get("return_value")) is not None:
            self._own.append(stream)
            self._known.add(stream)

    def hang_up(self) -> None:
        """Ends the wait, from another thread."""
        self.expired = True
        # On which of the connections made before it waits, the client does not tell: requests on the others are
        # begun again.
        for stream in self._own or list(self._known):
            with suppress(OSError, AttributeError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

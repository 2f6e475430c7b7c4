"""Runs the screen, and leaves the terminal as it was whatever ends it."""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

from rich.console import Console

from core.classify.user_rules import Rules
from tui.app import ExploreApp
from tui.crash import crash_report
from tui.palette import Palette
from tui.terminal import ascii_only

_GRACE_SECONDS = 2.0


def run_screen(models: list[str], ascii_asked: bool, rules: Rules | None, study: bool) -> int:
    """Opens the screen.

    Args:
        models: those of the command line.
        ascii_asked: whether `--ascii` was given.
        rules: what is asked before the built-in rules.
        study: whether `--study` was.

    Returns:
        The exit status.
    """
    sixteen = Console().color_system == "standard"
    palette = Palette(ascii_only(ascii_asked), sixteen, bool(os.environ.get("NO_COLOR")))
    app = ExploreApp(models, palette, rules, study)

    _take_any_bytes()

    async def run() -> int | None:
        loop = asyncio.get_running_loop()
        # Ctrl+C is a character here, so SIGINT is sent by another process. asyncio would answer it by cancelling a task
        # that textual does without: the screen would stay, and could not be ended by closing its window.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, _end, app, 128 + number)
        return await app.run_async()

    status = asyncio.run(run())
    if isinstance(app.failure, ImportError):
        raise app.failure
    if app.failure:
        print(f"gpt2-explore: {crash_report(app.failure)}", file=sys.stderr)
        return 1
    return app.return_code or status or 0


def _take_any_bytes() -> None:
    """Has bytes from the terminal that are no UTF-8 (of another encoding, or a file pasted) come as a character U+FFFD.

    Textual 8.2 decodes them strictly, in a thread whose end takes the screen down and leaves the terminal as it is.
    """
    if sys.platform == "win32":
        return
    from textual.drivers import linux_driver

    vars(linux_driver)["getincrementaldecoder"] = _forgiving_decoder


def _forgiving_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), "replace")


def _end(app: ExploreApp, status: int) -> None:
    """Ends the app in order; where that hangs (its terminal may be gone), without."""
    timer = threading.Timer(_GRACE_SECONDS, os._exit, (status,))
    timer.daemon = True
    timer.start()
    app.exit(status, return_code=status)

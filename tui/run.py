"""Runs the screen, and leaves the terminal as it was whatever ends it."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from core.classify.user_rules import Rules
from tui.damaged import is_import_failure
from tui.environment import drop_odd_variables
from tui.terminal import ascii_only

if TYPE_CHECKING:
    from tui.app import ExploreApp

_GRACE_SECONDS = 2.0
_SIGNALS = (
    *("SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM", "SIGSTKFLT"),
    *("SIGXCPU", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGSYS", "SIGEMT", "SIGINFO"),
)
"""The signals that end a process which does not handle them, by name, since no system has all of them.

SIGPIPE and SIGXFSZ are not among them, since Python ignores them; SIGSEGV and its like tell of a fault in the process.
"""
_MIN_SCREEN_BYTES = 100 << 20
"""Of addresses; with less, Python itself falls over while the screen is up. A screen takes some 70 MB of them."""
_MIN_SCREEN_FILES = 32
"""That may be open; with less, no event loop can be made."""
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}


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
    if scarce := _limited():
        print(f"gpt2-explore: {_too_little(scarce)}", file=sys.stderr)
        return 1
    drop_odd_variables(os.environ)
    # Textual reads the environment as it is imported.
    from rich.console import Console

    from tui.app import ExploreApp
    from tui.palette import Palette
    from tui.textual_fixes.driver import take_any_bytes

    sixteen = Console().color_system == "standard"
    palette = Palette(ascii_only(ascii_asked), sixteen, bool(os.environ.get("NO_COLOR")))
    app = ExploreApp(models, palette, rules, study)

    take_any_bytes()

    async def run() -> int | None:
        loop = asyncio.get_running_loop()
        # Ctrl+C is a character here, so SIGINT is sent by another process. asyncio would answer it by cancelling a task
        # that textual does without: the screen would stay, and could not be ended by closing its window.
        for number in _ending_signals():
            loop.add_signal_handler(number, _end, app, 128 + number)
        return await app.run_async()

    try:
        status = asyncio.run(run())
    except (RuntimeError, MemoryError) as error:
        # Once the app has ended, what asyncio lacks to wait for its threads is of no interest.
        status = app.return_value
        if app.return_code is None:
            app.failure = app.failure or error
    if app.failure:
        if is_import_failure(app.failure):
            raise app.failure
        print(f"gpt2-explore: {_reason(app.failure)}", file=sys.stderr)
        return 1
    return app.return_code or status or 0


def _ending_signals() -> list[int]:
    named = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    if hasattr(signal, "SIGRTMIN"):
        return [*named, *range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]
    return named


def _reason(error: Exception) -> str:
    """Why the screen ended, as a sentence."""
    from tui.crash import crash_report

    scarce = _scarce(error)
    return _too_little(scarce) if scarce else crash_report(error)


def _too_little(scarce: str) -> str:
    return f"the system gives this program {scarce} for its screen (ulimit -a tells the limits); try --print"


def _limited() -> str:
    """What is limited to less than a screen takes; otherwise ""."""
    for limit, least, scarce in (
        (resource.RLIMIT_AS, _MIN_SCREEN_BYTES, "too little memory"),
        (resource.RLIMIT_NOFILE, _MIN_SCREEN_FILES, "too few files"),
    ):
        allowed, _ = resource.getrlimit(limit)
        if allowed != resource.RLIM_INFINITY and allowed < least:
            return scarce
    return ""


def _scarce(error: Exception) -> str:
    """What the system has refused, where that is what ended the screen; otherwise ""."""
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "no thread"
    if isinstance(error, MemoryError):
        return "too little memory"
    if isinstance(error, OSError) and error.errno in _SCARCE:
        return f"too little ({error.strerror})"
    return ""


def _end(app: ExploreApp, status: int) -> None:
    """Ends the app in order; where that hangs (its terminal may be gone), without."""
    timer = threading.Timer(_GRACE_SECONDS, _end_at_once, (app, status))
    timer.daemon = True
    # Without a thread for it there is no such end, but an orderly one all the same.
    with suppress(RuntimeError):
        timer.start()
    app.exit(status, return_code=status)


def _end_at_once(app: ExploreApp, status: int) -> None:
    from tui.textual_fixes.driver import restore_at_once

    restore_at_once(app._driver)
    os._exit(status)

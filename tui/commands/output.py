"""How a command writes: whether the screen opens, what goes to standard output, and what to standard error."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterable

from tui.commands.options import Options
from tui.terminal import usable_screen

NAME = "gpt2-explore"


def shows_screen(options: Options) -> bool:
    """Whether the answer is a screen: no output was asked for, and there is a terminal that can show one."""
    if options.output or options.by or not sys.stdin.isatty() or not sys.stdout.isatty():
        return False
    if usable_screen():
        return True
    complain("this terminal (TERM=dumb) can show no screen; here is the text")
    return False


def prepare_output() -> None:
    """Makes the process ready to write one answer and to end."""
    # What is made here is held to the end anyway, and collecting it costs a third of the time.
    gc.disable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write(pieces: Iterable[str]) -> None:
    """Writes an answer to standard output as it comes.

    Raises:
        OSError: it cannot be written; `BrokenPipeError` where nobody reads it any more.
    """
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def complain(sentence: str) -> None:
    """Says something on standard error, in a line."""
    print(f"{NAME}: {sentence}", file=sys.stderr, flush=True)

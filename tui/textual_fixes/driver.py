"""What the terminal's driver needs of Textual otherwise than it is."""

from __future__ import annotations

import codecs
import os
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui.environment import MAX_COLUMNS, MAX_LINES
from tui.textual_fixes.colour_codes import with_fewer_codes

# Bracketed paste, mouse, focus and the keyboard's protocol off, line wrap and cursor on, the alternate screen left.
_RESET = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


def take_any_bytes() -> None:
    """Has bytes from the terminal that are no UTF-8 (of another encoding, or a file pasted) come as a character U+FFFD.

    For Textual 8.2, which decodes them strictly, in a thread whose end takes the screen down and leaves the terminal as
    it is.
    Needed while `test_textual_decodes_keys_strictly` passes.
    """
    vars(linux_driver)["getincrementaldecoder"] = _forgiving_decoder


def _forgiving_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), "replace")


class _StartedOrRestored(LinuxDriver):
    """A driver that restores the terminal where it cannot be started.

    For Textual 8.2, which leaves the alternate screen and the mouse on where no thread is to be had for reading keys.
    Needed while `test_no_thread_to_be_had_is_told_after_the_terminal_is_restored` fails without it.
    """

    def start_application_mode(self) -> None:
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
        except RuntimeError:
            if self._writer_thread and self._writer_thread.is_alive():
                self.stop_application_mode()
            else:
                # What was never started cannot be waited for.
                self._writer_thread = None
            raise


class _BoundedSize(LinuxDriver):
    """A driver that believes no size that no terminal has.

    For Textual 8.2, which would draw the 4,000,000,000 cells of a terminal that says it has 65,535 columns and lines.
    Needed while `test_a_terminal_that_claims_a_huge_size_is_drawn_in_a_bounded_one` fails without it.
    """

    def _get_terminal_size(self) -> tuple[int, int]:
        width, height = super()._get_terminal_size()
        return min(width, MAX_COLUMNS), min(height, MAX_LINES)


class _FewerCodes(LinuxDriver):
    """A driver that sends a picture in half the bytes; see `with_fewer_codes`."""

    def write(self, data: str) -> None:
        super().write(with_fewer_codes(data))


class SafeDriver(_StartedOrRestored, _BoundedSize, _FewerCodes):
    """The terminal's driver with all the work-arounds above."""


def restore_at_once(driver: Driver | None) -> None:
    """Restores the terminal without waiting for any thread, for a process that is about to end.

    Args:
        driver: the app's, which knows how the terminal was; None before there is any.
    """
    if not isinstance(driver, LinuxDriver):
        return
    # The terminal may be gone.
    with suppress(OSError, termios.error):
        if driver.attrs_before is not None:
            termios.tcsetattr(driver.fileno, termios.TCSANOW, driver.attrs_before)
    with suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _RESET)

"""Variables of the environment that would end the screen or make it something else."""

from __future__ import annotations

from collections.abc import MutableMapping

MAX_COLUMNS, MAX_LINES = 1000, 300
"""The largest screen that is drawn; no terminal is larger, but a variable or a size set by hand may say so."""
_MAX_FRAMES_PER_SECOND = 1000
_MAX_ESCAPE_MILLISECONDS = 10_000

_COLOR_SYSTEMS = {"auto", "standard", "256", "truecolor", "windows"}
_ALLOWED = {"TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "TEXTUAL_DISABLE_KITTY_KEY", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS"}
_BOUNDS = {
    "COLUMNS": MAX_COLUMNS,
    "LINES": MAX_LINES,
    "TEXTUAL_FPS": _MAX_FRAMES_PER_SECOND,
    "ESCDELAY": _MAX_ESCAPE_MILLISECONDS,
}


def drop_odd_variables(environment: MutableMapping[str, str]) -> None:
    """Leaves out of an environment what Textual cannot bear or what is for its own makers.

    To be called before Textual is imported, which reads most of these variables then. For Textual 8.2: a driver that is
    none (`TEXTUAL_DRIVER`), an unknown colour system and numbers beyond a float end it with a traceback; others press
    keys, take screenshots and connect to a developer's console. A number that is none, or beyond its bound, is left out
    too, so that the terminal's own size is taken.

    Args:
        environment: that of the process.
    """
    for name in list(environment):
        if name.startswith("TEXTUAL") and name not in _ALLOWED:
            del environment[name]
    if environment.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _COLOR_SYSTEMS:
        del environment["TEXTUAL_COLOR_SYSTEM"]
    for name, most in _BOUNDS.items():
        if name in environment and not _is_number(environment[name], most):
            del environment[name]


def _is_number(text: str, most: int) -> bool:
    """Whether a text is a whole number from 1 to `most`; longer ones than that are not read at all."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most

"""One entry of a safetensors header in whatever way JSON allows, by the standard library's scanner.

It tells the place of a fault, and sees what decoders of whole objects pass over: names and keys given twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from json import decoder
from math import isinf

from core.readers.safetensors.numbers import no_constant, whole

KEYS = ("dtype", "shape", "data_offsets")
_MAX_DEPTH = 125
"""Of values in an entry; serde_json, which the crate reads headers with, takes 127 levels, of which two lie around."""
_SPACE = re.compile(r"[ \t\n\r]*")

# Objects as tuples of pairs, so that a key given twice is seen.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=whole, parse_constant=no_constant)

# The scanner of a string's end, which the type stubs leave out.
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(decoder)["scanstring"]


OneEntry = tuple[str | None, object, int, bool]
"""The name of a tensor or `__metadata__`, None where the object ends instead; the value as JSON was decoded, objects as
tuples of pairs; the place behind it and the comma or brace that follows; whether the object ends there."""


def scan(buffer: bytes, text: str, start: int, may_close: bool) -> OneEntry:
    """Reads an entry.

    Args:
        buffer: the header.
        text: the same as Latin-1, in which a character's place is its byte's.
        start: where the entry begins, or space before it.
        may_close: whether the object may end in place of it.

    Raises:
        IndexError: where the text ends too soon.
        json.JSONDecodeError: where it is no JSON, with the place.
        RecursionError: where it is nested too deeply.
        UnicodeError: where it is not UTF-8.
        ValueError: for other things that JSON has not.
    """
    position = _skip_space(text, start)
    if may_close and text[position] == "}":
        return None, None, position + 1, True
    if text[position] != '"':
        raise json.JSONDecodeError("Expecting a name in double quotes", text, position)
    _, end = _scan_string(text, position + 1, True)
    name = json.loads(buffer[position:end].decode())
    position = _skip_space(text, end)
    if text[position] != ":":
        raise json.JSONDecodeError("Expecting ':'", text, position)
    value_start = _skip_space(text, position + 1)
    value, end = _DECODER.raw_decode(text, value_start)
    position = _skip_space(text, end)
    if text[position] not in ",}":
        raise json.JSONDecodeError("Expecting ',' or '}'", text, position)
    name.encode()
    buffer[start:position].decode()
    if name == "__metadata__" and not text[value_start:end].isascii():
        # Nothing but names and metadata is shown, and as Latin-1 they are not what was written.
        value = _DECODER.decode(buffer[value_start:end].decode())
    for passed_over in _passed_over(name, value):
        _check(passed_over)
    return name, value, position + 1, text[position] == "}"


def _passed_over(name: str, value: object) -> Iterator[object]:
    """What lies in an entry and says nothing of a tensor."""
    if isinstance(value, tuple):
        for key, part in value:
            if name == "__metadata__" or key not in KEYS:
                yield key
                yield part


def _check(value: object) -> None:
    """Refuses what serde_json does: half surrogates, numbers beyond a float's, many levels."""
    levels: list[Iterator[object]] = [iter((value,))]
    while levels:
        for part in levels[-1]:
            if isinstance(part, str):
                part.encode()
            elif isinstance(part, float) and isinf(part):
                raise ValueError("a number is out of range")
            elif isinstance(part, (list, tuple)):
                if len(levels) > _MAX_DEPTH:
                    raise RecursionError
                levels.append(iter(part) if isinstance(part, list) else chain.from_iterable(part))
                break
        else:
            levels.pop()


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position

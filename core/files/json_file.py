"""Small JSON files beside the tensors, read with bounds."""

from __future__ import annotations

import json

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import AGAIN, CheckpointError, from_os_error
from core.files.folder import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_CONFIG_BYTES = 1 << 22
"""Large configs have some hundred kB."""
MAX_INDEX_BYTES = 1 << 27
"""The index of a million tensors has about 100 MB."""
MAX_WIDE_BYTES = 1 << 25
"""Where there is other than ASCII: one such character makes every one of a text take four bytes."""
MAX_VALUES = 1_500_000
"""Each may take 200 bytes of memory, and two bytes in the file."""

MAX_SHARDS = 1 << 15
"""That an index may name: each is looked for on disk. The largest models have some hundred."""


def read_json_object(folder: Folder, name: str, file: str = "", max_bytes: int = MAX_CONFIG_BYTES) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        folder: where it lies.
        name: its file name.
        file: what an error calls it, if not by its path.
        max_bytes: how many bytes it may have.

    Raises:
        CheckpointError: where it cannot be read, is too large, or holds anything else.
    """
    file = file or folder.shown(name)
    return json_object(read_text(folder, name, file, max_bytes), file)


def read_text(folder: Folder, name: str, file: str, max_bytes: int) -> bytes:
    """The bytes of a JSON file, which may be held as a text.

    Args:
        folder: where it lies.
        name: its file name.
        file: what an error calls it.
        max_bytes: how many bytes it may have.

    Raises:
        CheckpointError: where it cannot be read or is too large.
    """
    opened, size = folder.open(name)
    with opened:
        try:
            _check_size(size, max_bytes, file)
            content = opened.read(size)
        except OSError as error:
            raise from_os_error(error, file) from error
    # The one byte is looked for a hundred times faster than the two.
    if (b"\\" in content and b"\\u" in content) or not content.isascii():
        _check_size(size, min(max_bytes, MAX_WIDE_BYTES), file)
    return content


def json_object(content: bytes, file: str) -> dict[str, Any]:
    """The object that a JSON text is.

    Args:
        content: the text.
        file: what an error calls it.

    Raises:
        CheckpointError: where it is anything else.
    """
    # Each value comes with one of these signs; so the memory that decoding takes is bounded.
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise CheckpointError(file, f"it has more than {MAX_VALUES:,} values, which are not read of such a file")
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise CheckpointError(file, "its JSON is nested too deeply") from error
    except ValueError as error:
        if not content.lstrip().startswith(b"{"):
            from core.files.foreign import foreign

            if problem := foreign(content[:512], file, "JSON"):
                raise problem from error
        if isinstance(error, json.JSONDecodeError):
            reason = error.msg
        else:
            reason = "not UTF-8 text" if isinstance(error, UnicodeError) else "a number has too many digits"
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        advice = AGAIN
        raise CheckpointError(file, f"it is not JSON ({reason})", place=place, advice=advice) from error
    if not isinstance(value, dict):
        raise CheckpointError(file, "it holds no JSON object", advice=AGAIN)
    return value


def _check_size(size: int, max_bytes: int, file: str) -> None:
    if size > max_bytes:
        raise CheckpointError(file, f"{size:,} bytes are more than the {max_bytes:,} read of such a file")


def read_config(folder: Folder, notes: list[str]) -> ModelConfig:
    """The `config.json` of a folder; it says nothing where there is none or, with a note, where it cannot be read.

    Args:
        folder: where it lies.
        notes: to be added to.
    """
    if not folder.has("config.json"):
        return ModelConfig.of({})
    try:
        return ModelConfig.of(read_json_object(folder, "config.json", "config.json"))
    except CheckpointError as error:
        notes.append(f"not used: {error.sentence()}")
        return ModelConfig.of({})

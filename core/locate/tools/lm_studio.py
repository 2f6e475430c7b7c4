"""What LM Studio keeps: `PUBLISHER/REPOSITORY/FILE` below its folder of models.

Its home is `~/.lmstudio`, or what `~/.lmstudio-home-pointer` names; `downloadsFolder` of its `settings.json` may name
another folder of models; older versions had `~/.cache/lm-studio` (lmstudio.ai/docs/app/basics/import-model).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from core.checkpoint.errors import CheckpointError
from core.files.folder import LocalFolder
from core.files.json_file import read_json_object
from core.files.local import open_regular
from core.locate.below import Kept, checkpoints_in
from core.locate.tools.places import distinct, home_folder
from core.locate.tools.tool import MAX_MODELS, Tool

_MAX_POINTER_BYTES = 4096
_LEVELS = 3


def _models(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    home = _pointed(home_folder(environment, ".lmstudio-home-pointer")) or home_folder(environment, ".lmstudio")
    usual = [os.path.join(home, "models"), home_folder(environment, ".cache", "lm-studio", "models")]
    for folder in distinct([_downloads(home), *usual]):
        found = checkpoints_in(folder, cancelled, _LEVELS)
        yield from islice((kept for kept in found if kept.name), MAX_MODELS)


def _pointed(pointer: str) -> str:
    """The folder that a file names in its first line; "" where it names none."""
    try:
        with open_regular(pointer, pointer) as opened:
            lines = opened.read(_MAX_POINTER_BYTES).decode(errors="replace").splitlines()
    except (CheckpointError, OSError):
        return ""
    named = lines[0].strip() if lines else ""
    return named if "\0" not in named and os.path.isdir(named) else ""


def _downloads(home: str) -> str:
    try:
        folder = read_json_object(LocalFolder(home), "settings.json").get("downloadsFolder")
    except CheckpointError:
        return ""
    return folder if isinstance(folder, str) and os.path.isabs(folder) else ""


LM_STUDIO = Tool("lmstudio", "LM Studio", _models)

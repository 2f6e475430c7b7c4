"""What ModelScope fetched: `ORGANISATION/MODEL` below `MODELSCOPE_CACHE` or `~/.cache/modelscope`.

Versions differ in whether `hub` and `models` stand above; a dot in a name is written `___` (github.com/modelscope/
modelscope, hub/snapshot_download.py and utils/file_utils.py). What is unfinished lies in hidden folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from core.locate.below import Kept, checkpoints_in
from core.locate.tools.places import home_folder, named_folder
from core.locate.tools.tool import MAX_MODELS, Tool

_ABOVE = ("hub/", "models/")
_OTHERS = ("datasets/", "hub/datasets/")


def _models(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    folder = named_folder(environment, "MODELSCOPE_CACHE") or home_folder(environment, ".cache", "modelscope")
    found = checkpoints_in(folder, cancelled)
    named = (kept._replace(name=_model_name(kept.name)) for kept in found if not kept.name.startswith(_OTHERS))
    return islice((kept for kept in named if kept.name), MAX_MODELS)


def _model_name(path: str) -> str:
    for above in _ABOVE:
        path = path.removeprefix(above)
    return path.replace("___", ".")


MODELSCOPE = Tool("modelscope", "ModelScope", _models)

"""Models in folders laid out as the hub's cache is, wherever such a folder lies.

Layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from core.files.gguf_names import is_gguf, models_among
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.hub.local_cache import snapshot
from core.locate.below import Kept, WeightFiles, folders_in, weight_files
from core.text.order import natural_key

_PREFIX = "models--"


def models_in_cache(cache: str, cancelled: Callable[[], bool]) -> Iterator[tuple[str, Kept]]:
    """The models in a cache with weights in them: the id of each, and what opens it.

    What is kept has the name of its GGUF file where a model has several, each a model of its own; otherwise "".

    Args:
        cache: the folder that has the `models--org--name` in it.
        cancelled: asked before each model.
    """
    for folder in sorted(folders_in(cache), key=natural_key):
        if cancelled():
            return
        if not folder.startswith(_PREFIX):
            continue
        commit = snapshot(os.path.join(cache, folder))
        if commit and (files := _model_files(commit)).sizes:
            model = folder.removeprefix(_PREFIX).replace("--", "/")
            yield from ((model, kept) for kept in _kept(os.path.join(cache, folder), commit, files))


def _kept(folder: str, commit: str, files: WeightFiles) -> Iterator[Kept]:
    """The checkpoints of one model."""
    changed = max(files.changed.values(), default=None)
    ggufs = {first: sum(files.sizes[part] for part in parts) for first, parts in models_among(files.sizes).items()}
    if others := [size for name, size in files.sizes.items() if not is_gguf(name)]:
        yield Kept("", folder, sum(others), changed)
    elif len(ggufs) == 1:
        yield Kept("", folder, sum(ggufs.values()), changed)
    else:
        for file, size in ggufs.items():
            yield Kept(file, os.path.join(commit, file), size, files.changed.get(file))


def _model_files(commit: str) -> WeightFiles:
    """The weight files of a model; where there are safetensors files, PyTorch's are not read."""
    found = weight_files(commit)
    names = [name for name in found.sizes if not name.startswith("optim")]
    if any(name.endswith((SUFFIX, INDEX_SUFFIX)) for name in names):
        names = [name for name in names if name.endswith((SUFFIX, INDEX_SUFFIX)) or is_gguf(name)]
    return WeightFiles({name: found.sizes[name] for name in names}, {name: found.changed[name] for name in names})

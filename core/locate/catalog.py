"""The models that there are to pick: built in, in the hub cache, where other tools keep theirs, below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN, parameter_shapes
from core.hub import header_cache
from core.hub.environment import endpoint
from core.hub.local_cache import hub_cache
from core.locate.below import checkpoints_in
from core.locate.hub_layout import models_in_cache
from core.locate.location import Location, locate
from core.locate.tools.table import TOOLS


class Entry(NamedTuple):
    """One model of the catalogue.

    Attributes:
        model: what `gpt2-explore` takes for it.
        source: `built-in`, `hub cache`, `hub (seen)` for what was read from the hub before, the tool that keeps it
            (`Ollama`, …), or `here`.
        parameters: where they are known without opening a file, else None.
        bytes: on disk, None where nothing of it lies there.
        changed: when its newest file was written, in seconds since the epoch; None where that is not known.
    """

    model: str
    source: str
    parameters: int | None
    bytes: int | None
    changed: float | None = None


def entries(folder: str = ".", cancelled: Callable[[], bool] = lambda: False) -> Iterator[Entry]:
    """All models, the nearest to hand first; folders that cannot be read are passed over.

    Args:
        folder: where to look for checkpoints.
        cancelled: asked before each folder.
    """
    for name, shape in BUILT_IN.items():
        yield Entry(name, "built-in", sum(prod(dimensions) for _, dimensions in parameter_shapes(shape)), None)
    for name, kept in models_in_cache(hub_cache(), cancelled):
        # The name of a built-in model means that one.
        shown = kept.path if kept.name or name in BUILT_IN else name
        yield Entry(shown, "hub cache", None, kept.bytes, kept.changed)
    if not cancelled():
        yield from _seen()
    for tool in TOOLS:
        if not cancelled():
            for kept in tool.models(os.environ, cancelled):
                yield Entry(f"{tool.scheme}:{kept.name}", tool.source, None, kept.bytes, kept.changed)
    yield from _below(folder, cancelled)


def _seen() -> Iterator[Entry]:
    """Models whose headers were read from the hub before, where the hub cache has them not."""
    for seen in header_cache.seen():
        # A name that means something else here would not open the model seen.
        if seen.endpoint == endpoint() and (location := _located(seen.name)) and location.hub:
            yield Entry(seen.name, "hub (seen)", None, None)


def _located(model: str) -> Location | None:
    try:
        return locate(model)
    except CheckpointError:
        return None


def _below(folder: str, cancelled: Callable[[], bool]) -> Iterator[Entry]:
    for kept in checkpoints_in(folder, cancelled):
        explicit = kept.path.startswith(("/", "./", "../")) or kept.path in {".", ".."}
        yield Entry(kept.path if explicit else f"./{kept.path}", "here", None, kept.bytes, kept.changed)

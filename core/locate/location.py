"""What the user typed, and which checkpoint is meant by it."""

from __future__ import annotations

import os

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN
from core.checkpoint.record import Record
from core.files.gguf_names import SUFFIX as GGUF_SUFFIX
from core.files.safetensors_names import INDEX_SUFFIX, SUFFIX
from core.files.torch_names import TORCH_INDEX_SUFFIX, TORCH_SUFFIXES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.hub.local_cache import Cached
    from core.hub.model_id import HubName


_ENDINGS = (SUFFIX, INDEX_SUFFIX, GGUF_SUFFIX, TORCH_INDEX_SUFFIX, *TORCH_SUFFIXES)
TOOL_SCHEMES = ("ollama", "llama.cpp", "lmstudio", "vllm", "hf-cache", "torch.hub", "modelscope")
"""What stands before the colon where a model is named as the tool that keeps it here calls it."""


class Location(Record):
    """Which checkpoint is meant.

    Attributes:
        model: as the user typed it.
        path: the file or folder; "" for a built-in model and for one on the hub.
        choice: where something else could have been meant, a line that says what was taken.
        hub: what is meant on the hub, where no file here is it.
        local: why what the hub cache has of it does not do, as a clause.
        note: what is to be said beside the figures.
        ask: whether the hub is asked: `due`, where what is kept of it is missing or old; `always`; `never`.
    """

    __slots__ = ("ask", "choice", "hub", "local", "model", "note", "path")

    def __init__(  # noqa: PLR0917  # as many as it has values
        self,
        model: str,
        path: str,
        choice: str = "",
        hub: HubName | None = None,
        local: str = "",
        note: str = "",
        ask: str = "due",
    ) -> None:
        self.model = model
        self.path = path
        self.choice = choice
        self.hub = hub
        self.local = local
        self.note = note
        self.ask = ask


def locate(model: str) -> Location:
    """Finds what a name, a path or a hub id means, without reading it and without asking the hub.

    In this order: an address with the scheme of a tool, a path by its looks, a built-in name, any other existing path,
    a hub id in the local cache, then on the hub.

    Raises:
        CheckpointError: where it can mean nothing.
    """
    if not model:
        raise CheckpointError("", "no model is named", advice="see gpt2-explore --list")
    expanded = os.path.expanduser(model)
    exists = "\0" not in model and os.path.lexists(expanded)
    if plain := _by_looks(model, expanded, exists):
        return plain
    # Not imported for what is a path by its looks.
    from core.hub.local_cache import Cached, cached
    from core.hub.model_id import hub_name

    name = hub_name(model)
    found = cached(name) if name else Cached()
    if exists and ("/" in model or model.endswith(_ENDINGS)):
        return Location(model, expanded, _path_before_hub(model, found))
    if model in BUILT_IN:
        other = f"for the path write ./{model}" if exists else f"the hub's lies in {found.path}" if found.path else ""
        return Location(model, "", f"the built-in model is shown; {other}" if other else "")
    if exists:
        return Location(model, expanded, _path_before_hub(f"./{model}", found))
    if found.path and not found.problem and (not found.bare or _hub_is_off()):
        return Location(model, found.path, note=found.note)
    if name and (found.path or found.problem or _may_be_on_hub(name)):
        return Location(model, "", hub=name, local=found.problem)
    if above := _folder_above(expanded):
        reason = f"there is no such file or folder ({above} is one)"
        raise CheckpointError(model, reason, advice="see gpt2-explore --list for what there is")
    advice = "see gpt2-explore --list for what there is; a model of the hub is named org/name"
    raise CheckpointError(model, "neither a built-in model nor a path here", advice=advice)


def _by_looks(model: str, expanded: str, exists: bool) -> Location | None:
    """What an address of a tool's model, or what can be nothing but a path, means; None for anything else."""
    if ":" in model and model.partition(":")[0] in TOOL_SCHEMES:
        from core.locate.tools.table import path_of

        return Location(model, path_of(model))
    if model in (".", "..", "~") or model.startswith(("./", "../", "/", "~")):
        if not exists:
            raise CheckpointError(model, "there is no such file or folder")
        return Location(model, expanded)
    return None


def _folder_above(path: str) -> str:
    """The longest beginning of a path that is a folder here; "" where none is."""
    above = os.path.dirname(path.rstrip("/"))
    while above and ("\0" in above or not os.path.isdir(above)):
        above = os.path.dirname(above)
    return above


def _path_before_hub(path: str, found: Cached) -> str:
    return f"the path {path} is read; the hub's model of that name lies in {found.path}" if found.path else ""


def _may_be_on_hub(name: HubName) -> bool:
    """Whether the hub is asked for what is nowhere here: not for a path that is only mistyped."""
    if "/" not in name.repo or (not name.path and name.repo.endswith(_ENDINGS)):
        return False
    return not (name.path and os.path.isdir(name.repo.partition("/")[0]))


def _hub_is_off() -> bool:
    from core.hub.environment import hub_is_off

    return hub_is_off()

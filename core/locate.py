"""From what the user typed to the checkpoint that is meant."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from core.errors import CheckpointError
from core.readers.builtin import BUILT_IN
from core.readers.files import is_folder, open_regular
from core.readers.torch_names import TORCH_SUFFIXES

_HUB_ID = r"([\w.-]+/)?([\w.-]+)(?:@([\w./-]+))?"
_ENDINGS = (".safetensors", ".safetensors.index.json", ".bin.index.json", *TORCH_SUFFIXES)


class Location(NamedTuple):
    """Which checkpoint is meant.

    Attributes:
        model: as the user typed it.
        path: the file or folder; "" for a built-in model.
        choice: where something else could have been meant, a line that says what was taken.
    """

    model: str
    path: str
    choice: str = ""


def locate(model: str) -> Location:
    """Finds what a name, a path or a hub id means, without reading it.

    In this order: a path by its looks, a built-in name, any other existing path, a hub id in the local cache.

    Raises:
        CheckpointError: where it means nothing here.
    """
    if not model:
        raise CheckpointError("", "no model is named", advice="see gpt2-explore --list")
    expanded = os.path.expanduser(model)
    exists = "\0" not in model and os.path.lexists(expanded)
    explicit = model in (".", "..", "~") or model.startswith(("./", "../", "/", "~"))
    if explicit or (exists and ("/" in model or model.endswith(_ENDINGS))):
        if not exists:
            raise CheckpointError(model, "there is no such file or folder")
        other = "" if explicit else _cached(model)
        choice = f"the path {model} is read; the hub's model of that name lies in {other}" if other else ""
        return Location(model, expanded, choice)
    cached = _cached(model)
    if model in BUILT_IN:
        other = f"for the path write ./{model}" if exists else f"the hub's lies in {cached}" if cached else ""
        return Location(model, "", f"the built-in model is shown; {other}" if other else "")
    if exists:
        choice = f"the path ./{model} is read; the hub's model of that name lies in {cached}" if cached else ""
        return Location(model, expanded, choice)
    if cached:
        return Location(model, cached)
    raise _unknown(model)


def hub_cache() -> str:
    """The folder of the local hub cache, by the environment as huggingface_hub reads it (its constants.py)."""
    environment = os.environ
    home = environment.get("HF_HOME") or os.path.join(
        environment.get("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface"
    )
    cache = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return os.path.expandvars(os.path.expanduser(cache))


def snapshot(folder: str, revision: str = "main") -> str:
    """The snapshot of a hub cache folder (`models--org--name`) that a revision names; "" where there is none.

    Layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. Without a `refs/main`, a single
    snapshot is the one.
    """
    snapshots = os.path.join(folder, "snapshots")
    commit = revision
    try:
        with open_regular(os.path.join(folder, "refs", revision), revision) as ref:
            commit = ref.read(256).decode().strip()
    except (CheckpointError, OSError, ValueError):
        pass
    try:
        known = sorted(entry.name for entry in os.scandir(snapshots) if is_folder(entry))
    except OSError:
        return ""
    if commit in known:
        return os.path.join(snapshots, commit)
    starting = [name for name in known if len(commit) >= 7 and name.startswith(commit)]
    chosen = starting if starting else known if revision == "main" else []
    return os.path.join(snapshots, chosen[0]) if len(chosen) == 1 else ""


def _cached(model: str) -> str:
    match = re.fullmatch(_HUB_ID, model)
    if not match or ".." in model:
        return ""
    organisation, name, revision = match.groups()
    if revision and revision.startswith("/"):
        return ""
    folder = "models--" + (organisation or "").replace("/", "--") + name
    return snapshot(os.path.join(hub_cache(), folder), revision or "main")


def _unknown(model: str) -> CheckpointError:
    if "/" in model and re.fullmatch(_HUB_ID, model):
        return CheckpointError(
            model,
            f"no such path, and no such model in the hub cache {hub_cache()}",
            advice=f"download it first: hf download {model.partition('@')[0]}",
        )
    return CheckpointError(
        model, "neither a built-in model nor a path here", advice="see gpt2-explore --list for what there is"
    )

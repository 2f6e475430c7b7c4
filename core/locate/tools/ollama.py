"""What Ollama keeps: a manifest a model, which names the blob that is its GGUF file.

Layout: `manifests/HOST/NAMESPACE/MODEL/TAG` and `blobs/sha256-…` (github.com/ollama/ollama, manifest/paths.go and
types/model/name.go). The folder is `OLLAMA_MODELS`, or that of the user or of the system's service.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.checkpoint.errors import CheckpointError
from core.files.folder import LocalFolder
from core.files.json_file import read_json_object
from core.locate.below import Kept
from core.locate.tools.places import distinct, home_folder, named_folder
from core.locate.tools.tool import MAX_MODELS, Tool

MAX_MANIFEST_BYTES = 1 << 20
"""One of a layer a tensor has some 100 kB, others 1 kB."""
_MAX_FOLDERS = 20_000
_LEVELS = 3
"""Of folders above a manifest: host, namespace, model."""
_WEIGHTS = "application/vnd.ollama.image.model"
_HOST, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"
_SERVICE_FOLDER = "/usr/share/ollama/.ollama/models"
_HEX = frozenset("0123456789abcdef")


def full_name(name: str) -> str:
    """A name as `ollama list` shows it: without the usual host and namespace, with its tag."""
    parts = name.split("/")
    if len(parts) == 3 and parts[0].lower() == _HOST:
        parts = parts[1:]
    if len(parts) == 2 and parts[0].lower() == _NAMESPACE:
        parts = parts[1:]
    model = "/".join(parts)
    return model if ":" in parts[-1] else f"{model}:{_TAG}"


def _models(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    named = named_folder(environment, "OLLAMA_MODELS")
    folders = [named] if named else [home_folder(environment, ".ollama", "models"), _SERVICE_FOLDER]
    for folder in distinct(folders):
        for number, path in enumerate(_manifests(os.path.join(folder, "manifests"), cancelled)):
            if number >= MAX_MODELS:
                return
            if kept := _kept(folder, path):
                yield kept


def _manifests(folder: str, cancelled: Callable[[], bool]) -> Iterator[list[str]]:
    """The manifests' paths, each in its parts."""
    stack: list[list[str]] = [[]]
    seen = 0
    while stack and seen < _MAX_FOLDERS and not cancelled():
        parts = stack.pop()
        seen += 1
        try:
            found = sorted(os.scandir(os.path.join(folder, *parts)), key=lambda entry: entry.name, reverse=True)
        except OSError:
            continue
        if len(parts) < _LEVELS:
            stack += [[*parts, entry.name] for entry in found if entry.is_dir(follow_symlinks=False)]
        else:
            yield from ([*parts, entry.name] for entry in reversed(found) if entry.is_file(follow_symlinks=False))


def _kept(folder: str, parts: list[str]) -> Kept | None:
    """The model of a manifest; None where that is none, or names weights of another form than GGUF, or none here."""
    path = os.path.join(folder, "manifests", *parts)
    try:
        manifest = read_json_object(LocalFolder(os.path.dirname(path)), parts[-1], max_bytes=MAX_MANIFEST_BYTES)
        changed = os.stat(path).st_mtime
    except (CheckpointError, OSError):
        return None
    layers = manifest.get("layers")
    blobs = _blobs(folder, layers) if isinstance(layers, list) else []
    if not blobs:
        return None
    *above, model, tag = parts
    return Kept(full_name("/".join([*above, f"{model}:{tag}"])), *blobs[0], changed)


def _blobs(folder: str, layers: list[Any]) -> list[tuple[str, int]]:
    """The blobs of weights that lie here."""
    found = (_blob(folder, layer) for layer in layers)
    return [blob for blob in found if blob]


def _blob(folder: str, layer: Any) -> tuple[str, int] | None:
    """The blob of a layer of weights that lies here, and its bytes; a digest is no path, and nothing else is taken."""
    if not isinstance(layer, dict) or layer.get("mediaType") != _WEIGHTS:
        return None
    digest = layer.get("digest")
    kind, _, hexadecimal = digest.partition(":") if isinstance(digest, str) else ("", "", "")
    if kind != "sha256" or len(hexadecimal) != 64 or not _HEX.issuperset(hexadecimal):
        return None
    path = os.path.join(folder, "blobs", f"sha256-{hexadecimal}")
    try:
        return path, os.stat(path).st_size
    except OSError:
        return None


OLLAMA = Tool("ollama", "Ollama", _models, full_name)

"""The local hub cache: where it is, and in what state a model lies in it.

Layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from core.checkpoint.errors import CheckpointError
from core.checkpoint.record import Record
from core.files.gguf_names import SUFFIX as GGUF_SUFFIX
from core.files.local import is_folder, open_regular
from core.files.safetensors_names import SUFFIX
from core.files.torch_names import DISTRIBUTED_SUFFIX, is_model_name
from core.hub.model_id import HubName, with_tag
from core.text.numbers import plural

_WEIGHTS = (SUFFIX, GGUF_SUFFIX, DISTRIBUTED_SUFFIX, ".onnx", ".h5", ".keras", ".msgpack", ".npz")
_INDEX = ".index.json"


class Cached(Record):
    """How a model lies in the cache.

    Attributes:
        path: its snapshot, or the file or folder meant in it; "" where it is not there.
        problem: why it is not all there, as a clause; "" where it is.
        revision: the revision taken, with its commit.
        others: the revisions that are there too.
        bare: whether there are files but no weights, as transformers leaves them after a look at a config.
    """

    __slots__ = ("bare", "others", "path", "problem", "revision")

    def __init__(
        self, path: str = "", problem: str = "", revision: str = "", others: tuple[str, ...] = (), bare: bool = False
    ) -> None:
        self.path = path
        self.problem = problem
        self.revision = revision
        self.others = others
        self.bare = bare

    @property
    def note(self) -> str:
        """What is to be said of the other revisions."""
        if not self.others:
            return ""
        more = f" and {len(self.others) - 4} more" if len(self.others) > 4 else ""
        return f"revision {self.revision} was read; in the hub cache are also: {', '.join(self.others[:4])}{more}"


def hub_cache(environment: Mapping[str, str] = os.environ) -> str:
    """The folder of the local hub cache, by the environment as huggingface_hub reads it (its constants.py)."""
    home = environment.get("HF_HOME") or os.path.join(
        environment.get("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface"
    )
    cache = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return os.path.expandvars(os.path.expanduser(cache))


def snapshot(folder: str, revision: str = "main") -> str:
    """The snapshot of a hub cache folder (`models--org--name`) that a revision names; "" where there is none.

    Without a `refs/main`, a single snapshot is the one.
    """
    snapshots = os.path.join(folder, "snapshots")
    known = _folders(snapshots)
    commit = _ref(folder, revision) or revision
    if commit in known:
        return os.path.join(snapshots, commit)
    starting = [name for name in known if len(commit) >= 7 and name.startswith(commit)]
    chosen = starting if starting else known if revision == "main" else []
    return os.path.join(snapshots, chosen[0]) if len(chosen) == 1 else ""


def cached(name: HubName) -> Cached:
    """How a model lies in the cache; nothing but the names of its files is looked at."""
    folder = os.path.join(hub_cache(), name.folder)
    known = _folders(os.path.join(folder, "snapshots"))
    if not known:
        unfinished = _unfinished(folder)
        return Cached(problem=f"its download into the hub cache was not finished ({unfinished})" if unfinished else "")
    revision = name.revision or "main"
    path = snapshot(folder, revision)
    names = {commit: f"{ref} ({commit[:8]})" for ref, commit in sorted(_refs(folder).items(), reverse=True)}
    shown = {commit: names.get(commit, commit[:8]) for commit in known}
    if not path:
        return Cached(problem=_absent(folder, revision, sorted(shown.values())))
    commit = os.path.basename(path)
    others = tuple(sorted(text for other, text in shown.items() if other != commit))
    files = {file: there for file, there in _files(path).items() if _is_meant(file, name.path)}
    problem = _missing(files)
    if problem and (unfinished := _unfinished(folder)):
        problem += f", its download was not finished ({unfinished})"
    bare = not any(map(is_weights, files))
    if name.path and not files:
        return Cached(problem=f"{name.path} is not in the hub cache")
    path = os.path.join(path, *name.path.split("/")) if name.path else path
    if name.tag:
        chosen = with_tag(sorted(files), name.tag)
        if not chosen:
            return Cached(problem=f"no GGUF file with {name.tag} in its name is in the hub cache")
        path = os.path.join(path, chosen[0])
    return Cached(path, problem, shown[commit], others, bare)


def _is_meant(file: str, path: str) -> bool:
    return not path or file == path or file.startswith(f"{path}/")


def is_weights(name: str) -> bool:
    """Whether a file holds weights or is an index of such files, by its name."""
    base = name.rpartition("/")[2].lower()
    return is_model_name(base) or (base.endswith((*_WEIGHTS, _INDEX)) and not base.startswith("."))


def _absent(folder: str, revision: str, shown: list[str]) -> str:
    if commit := _ref(folder, revision):
        return f"the hub cache knows {revision} as {commit[:8]}, whose snapshot is not there"
    if revision == "main":
        return f"several revisions and no main are in the hub cache: {', '.join(shown[:6])}"
    return f"revision {revision} is not in the hub cache, which has {', '.join(shown[:6])}"


def _missing(files: Mapping[str, bool]) -> str:
    """What is missing among the files of a snapshot, each with whether it is there or a link that leads nowhere."""
    gone = sorted(name for name, there in files.items() if not there and is_weights(name))
    if gone:
        others = f" and of {len(gone) - 1} more" if len(gone) > 1 else ""
        return f"the blob of {gone[0]}{others} is missing from the hub cache, the link to it leads nowhere"
    totals: dict[tuple[str, str], int] = {}
    parts: dict[tuple[str, str], int] = {}
    for name in files:
        stem, _, ending = name.rpartition(".")
        before, of, total = stem.rpartition("-of-")
        if of and total.isdigit() and before[-1:].isdigit() and is_weights(name):
            key = (before.rstrip("0123456789"), f"{total}.{ending}")
            totals[key] = int(total)
            parts[key] = parts.get(key, 0) + 1
    for key, total_count in totals.items():
        if (there_count := parts[key]) < total_count:
            return f"{there_count} of {plural(total_count, 'shard')} are in the hub cache"
    indexes = [name for name in files if name.endswith(_INDEX)]
    if indexes and not any(is_weights(name) and not name.endswith(_INDEX) for name in files):
        return f"of the files that {indexes[0]} names none is in the hub cache"
    return ""


def _unfinished(folder: str) -> str:
    try:
        count = sum(name.endswith(".incomplete") for name in os.listdir(os.path.join(folder, "blobs")))
    except OSError:
        return ""
    return f"{plural(count, 'file')} cut short" if count else ""


def _files(folder: str, below: str = "", depth: int = 3) -> dict[str, bool]:
    """The files in a snapshot and whether each is there, or is a link that leads nowhere."""
    found: dict[str, bool] = {}
    try:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                if depth:
                    found |= _files(entry.path, f"{below}{entry.name}/", depth - 1)
            else:
                found[below + entry.name] = os.path.exists(entry.path)
    except OSError:
        pass
    return found


def _folders(folder: str) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if is_folder(entry))
    except OSError:
        return []


def _refs(folder: str) -> dict[str, str]:
    """The revisions that have a name, with their commits."""
    refs = os.path.join(folder, "refs")
    names = [name for name in _files(refs) if not name.endswith(".lock")]
    commits = {name: _ref(folder, name) for name in names}
    return {name: commit for name, commit in commits.items() if commit}


def _ref(folder: str, revision: str) -> str:
    try:
        with open_regular(os.path.join(folder, "refs", revision), revision) as ref:
            return ref.read(256).decode().strip()
    except (CheckpointError, OSError, ValueError):
        return ""

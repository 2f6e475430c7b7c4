"""A model on the hub, read by the headers of its files, and what was read of it before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Lock

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import CheckpointError
from core.checkpoint.learned import Claims, Learned
from core.checkpoint.source import Progress, Reader, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.files.folder import Folder
from core.files.gguf_names import is_companion, models_among
from core.hub.client import HubClient
from core.hub.environment import endpoint, hub_is_off
from core.hub.errors import HubError, not_kept, off
from core.hub.header_cache import HeaderCache, Known, prune
from core.hub.listing import Listing
from core.hub.local_cache import hub_cache, is_weights
from core.hub.model_id import HubName, tags_of, with_tag
from core.hub.remote_folder import HubFolder, Workers
from core.locate.location import Location
from core.text.numbers import size
from core.text.width import shortened

_INDEX = "model.safetensors.index.json"
FRESH_SECONDS = 600
"""For so long the hub is not asked again where a branch or a tag leads to."""

FileOpener = Callable[[str, str, Folder, str], Reader]
FolderOpener = Callable[[str, str, Folder, list[str]], "Reader | None"]


class HubReader:
    """Reads a model of the hub. It asks nobody anything before its tensors are wanted.

    Attributes:
        source: what is known before the hub has answered.
        folder: its files, once the hub has answered.
    """

    def __init__(self, location: Location, open_file: FileOpener, open_folder: FolderOpener) -> None:
        """
        Args:
            location: what is meant, with its `hub`.
            open_file: gives the reader of one file, by model, source, folder and name.
            open_folder: gives the reader of a folder, by model, source, folder and names; None where it has none.
        """
        if location.hub is None:
            raise ValueError("a location without a hub name")
        self._name: HubName = location.hub
        self._location = location
        self._open_file, self._open_folder = open_file, open_folder
        self._endpoint = endpoint()
        self._cache = HeaderCache(self._endpoint, self._name.repo)
        self._workers = Workers()
        self._client: HubClient | None = None
        self._lock = Lock()
        self._reader: Reader | None = None
        self._said = ""
        self._asked = False
        self.folder: HubFolder | None = None
        self.source = Source(location.model, f"{self._endpoint}/{self._name.repo}", "hub", ModelConfig.of({}), [])

    def stop(self) -> None:
        """Ends the reading at once, from any thread; whoever waits for tensors gets a `Stopped`."""
        self._workers.stop()
        if stop := getattr(self._reader, "stop", None):
            stop()

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The stored tensors, shard by shard.

        Raises:
            CheckpointError: where the hub does not give them, or the files are not what they should be.
            Stopped: after `stop`.
        """
        try:
            yield from self._batches()
        except HubError as error:
            raise self._after_path(error) from error
        except CheckpointError as error:
            raise self._told(error) from error
        finally:
            self.stop()

    def _batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        if self._location.ask != "never" and not hub_is_off():
            yield nothing(), Progress(0, 1, "asking the hub")
        listing = self._workers.result(self._workers.submit(lambda: self._find(self._location.ask)))
        try:
            reader = self._open(listing)
        except HubError:
            if self._asked or self._location.ask == "never" or hub_is_off():
                raise
            # What is not in the list kept may have come to the model since.
            listing = self._workers.result(self._workers.submit(lambda: self._find("always")))
            reader = self._open(listing)
        self._reader = reader
        found = reader.source
        learned = Learned(
            source=f"{self._endpoint}/{listing.repo}/tree/{listing.commit}",
            format=found.format,
            config=found.config,
            notes=found.notes,
            beside=found.beside,
            claims=found.claims,
            piece=found.piece,
            submodels=found.submodels,
        )
        progress = Progress(0, 1)
        yield nothing(learned=learned), progress
        for batch, progress in reader.batches():
            found = found.with_learned(batch.learned)
            yield batch, progress
        yield nothing(learned=Learned(claims=self._claims(listing, found), notes=self._notes(listing))), progress

    def _claims(self, listing: Listing, source: Source) -> list[Claims]:
        """What the model's page says; it is of the main branch and of the safetensors files at its top.

        Args:
            listing: what the hub says.
            source: what its files say.
        """
        name = self._name
        of_this = not name.path and not name.tag and name.revision in {"", "main"} and source.format == "safetensors"
        of_this = of_this and not source.submodels
        # Where an index says the same, one of the two is enough.
        fresh = all(said.parameters != listing.parameters for said in source.claims)
        if listing.parameters and of_this and fresh and not source.config.is_adapter:
            return [Claims("the hub's page", listing.parameters)]
        return []

    def _notes(self, listing: Listing) -> list[str]:
        """Where the figures come from, and what that took; what was found is kept for the next time."""
        notes: list[str] = []
        which = f"{self._name.revision or 'main'} at {listing.commit[:8]}"
        if self._client and self._client.downloaded:
            notes.append(f"headers read from the hub ({which}): {size(self._client.downloaded)} downloaded")
        elif self._said:
            notes.append(self._said)
        if listing.repo != self._name.repo:
            notes.append(f"on the hub {self._name.repo} is called {listing.repo} now")
        if self._location.local and not self._location.local.startswith("revision "):
            notes.append(f"the hub was asked, since {self._location.local}; to complete it: {self._name.download}")
        if self._asked:
            # Only now, so that a model in which nothing was found is asked for anew the next time.
            self._cache.remember(self._name.revision, listing.commit, listing.files, listing.parameters)
            prune()
        self._cache.touch()
        if self._cache.failure:
            notes.append(f"the headers could not be kept for the next time ({self._cache.failure})")
        return notes

    def _client_for(self, file: str) -> HubClient:
        if self._location.ask == "never" or hub_is_off():
            raise not_kept(file)
        with self._lock:
            if self._client is None:
                self._client = HubClient(self._endpoint, self._workers.stopped)
            return self._client

    def _find(self, ask: str) -> Listing:
        """In a worker: what is in the repository, by what is kept or by the hub."""
        name, model = self._name, self.source.model
        known = self._cache.known(name.revision)
        files = self._cache.files(known.commit) if known else None
        forbidden = ask == "never" or hub_is_off()
        if known and files:
            kept = Listing(name.repo, known.commit, files, self._cache.parameters(known.commit))
            pinned = known.commit == name.revision
            young = 0 <= time.time() - known.asked < FRESH_SECONDS
            if forbidden or (ask == "due" and (pinned or young)):
                self._said = self._kept_note(known, "HF_HUB_OFFLINE is set" if hub_is_off() else "")
                return kept
        elif forbidden:
            raise off(model, self._location.local, name.download, hub_cache())
        try:
            listing = self._client_for(model).listing(model, name.repo, name.revision)
        except HubError as error:
            if not (error.unreachable and known and files):
                raise
            self._said = self._kept_note(known, error.reason)
            return kept
        self._asked = True
        return listing

    def _kept_note(self, known: Known, why: str) -> str:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(known.asked))
        because = f"{why}: " if why else ""
        return f"{because}the headers kept here were read ({self._name.revision or 'main'} as it was on {when})"

    def _open(self, listing: Listing) -> Reader:
        name, model = self._name, self.source.model
        path, below = name.path, name.path
        if path in listing.files:
            below, _, _ = path.rpartition("/")
        elif path and not any(file.startswith(f"{path}/") for file in listing.files):
            raise HubError(
                f"{listing.repo}/{path}",
                "there is no such path here, and no such file or folder in the model on the hub",
                advice=_choice(sorted(filter(is_weights, listing.files)), "it has"),
            )
        if name.tag:
            path = self._tagged(listing)
            below, _, _ = path.rpartition("/")
        folder = self.folder = HubFolder(listing, below, self._cache, self._workers, self._client_for)
        if path in listing.files:
            return self._open_file(model, f"{listing.repo}/{path}", folder, path.rpartition("/")[2])
        names = folder.names()
        folder.expect(_wanted_first(names))
        ggufs = _models(names)
        if len(ggufs) > 1 and not any(file.endswith(".safetensors") for file in names):
            raise self._several(listing, ggufs)
        reader = self._open_folder(model, f"{listing.repo}/{below}".rstrip("/"), folder, names)
        if reader is None:
            raise self._nothing(listing, below, names)
        return reader

    def _tagged(self, listing: Listing) -> str:
        chosen = with_tag(sorted(listing.files), self._name.tag)
        first = _models(chosen)
        if not first:
            tags = tags_of(_models(listing.files))
            reason = f"no GGUF file of it has {self._name.tag} in its name"
            raise HubError(self.source.model, reason, advice=_choice(tags, "there are") if tags else "")
        if len(first) > 1:
            raise HubError(
                self.source.model,
                f"several GGUF files of it have {self._name.tag} in their names",
                advice=_choice([f"{listing.repo}/{file}" for file in first], "name one"),
            )
        return first[0]

    def _several(self, listing: Listing, ggufs: list[str]) -> HubError:
        tags = tags_of(ggufs)
        if not tags:
            named = [f"{listing.repo}/{file}" for file in ggufs]
            return HubError(self.source.model, f"it has {len(ggufs)} GGUF files", advice=_choice(named, "name one"))
        example = next((tag for tag in tags if tag.upper() == "Q4_K_M"), tags[0])
        return HubError(
            self.source.model,
            f"it has {len(ggufs)} GGUF files: {', '.join(tags[:30])}" + (", …" if len(tags) > 30 else ""),
            advice=f"name one, such as {listing.repo}:{example}",
        )

    def _nothing(self, listing: Listing, below: str, names: list[str]) -> HubError:
        where = f"{listing.repo}/{below}".rstrip("/")
        if others := [name for name in names if is_weights(name)]:
            advice = "see its page for one in safetensors, PyTorch or GGUF"
            return HubError(where, f"no file in it is of a format that is read ({_list(others)})", advice=advice)
        start = f"{below}/" if below else ""
        inside = {file.rpartition("/")[0] for file in listing.files if file.startswith(start) and is_weights(file)}
        folders = sorted(f"{listing.repo}/{folder}" for folder in inside if folder)
        if folders:
            return HubError(where, "no weights in it itself", advice=_choice(folders, "name one of its folders"))
        return HubError(where, "no weights in it", advice=f"see {self._endpoint}/{listing.repo}/tree/{listing.commit}")

    def _after_path(self, error: HubError) -> HubError:
        """The fault of a hub, behind what was looked for here, where the name may have been meant as a path."""
        name = self._name
        is_path = name.path or os.path.isdir(name.repo.partition("/")[0])
        if not is_path or error.reason.startswith(("no such path", "there is no such path")):
            return error
        reason = f"there is no such path here, and {error.reason}"
        return HubError(error.file, reason, advice=error.advice, unreachable=error.unreachable)

    def _told(self, error: CheckpointError) -> CheckpointError:
        """A fault of a file, with advice for one that lies on the hub."""
        advice = error.advice
        if "again" in advice or "download" in advice:
            advice = f"the file is so on the hub: tell its makers at {self._endpoint}/{self._name.repo}/discussions"
        return CheckpointError(error.file, error.reason, place=error.place, advice=advice)


def _wanted_first(names: list[str]) -> list[str]:
    """What a reader will want of these files, most likely, before it has read any: so nothing waits for another."""
    first = [name for name in ("config.json", _INDEX) if name in names]
    if _INDEX in names and "model.safetensors" not in names:
        first += [name for name in names if name.startswith("model-") and name.endswith(".safetensors")]
    return first


def _models(files: Iterable[str]) -> list[str]:
    """The GGUF files that are models of their own, of a split one its first part, without projectors for images."""
    return [name for name in models_among(files) if not is_companion(name)]


def _choice(names: list[str], verb: str) -> str:
    return f"{verb}: {_list(names)}" if names else ""


def _list(names: list[str]) -> str:
    return ", ".join(shortened(name, 80) for name in names[:6]) + (", …" if len(names) > 6 else "")

"""PyTorch checkpoints: a file of torch.save, or the shards of one, read without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.checkpoint.errors import CheckpointError
from core.checkpoint.learned import Learned
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.checkpoint.uncounted import Uncounted, total_of
from core.files.folder import Folder, take_names
from core.files.json_file import read_config
from core.readers.torch.arguments import slice_of
from core.readers.torch.saved_file import Pickled, read_torch, whole_model
from core.readers.torch.state_dict import Found, ObjectPickledError, find_state
from core.readers.torch.tensor_places import place_tensors
from core.readers.unpickle.values import PickledDict
from core.text.escape import escaped
from core.text.numbers import amount
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.readers.shard_index import ShardIndex

_ONE_OF_THEM = "if each file is a model of its own, or a slice of one, name one of them"
# Classes that many checkpoints hold beside their tensors.
_FAMILIAR = ("torch.", "numpy.", "collections.", "argparse.", "pathlib.", "datetime.", "builtins.", "copyreg.")


class TorchReader:
    """Reads what was pickled into some files of one folder.

    Attributes:
        source: what is known before they are read.
        folder: where the shards lie.
    """

    def __init__(self, model: str, path: str, folder: Folder, shards: list[str], index: str = "") -> None:
        """
        Args:
            model: as the user typed it.
            path: the file or folder meant.
            folder: where the shards lie.
            shards: their names; with an index, it names them.
            index: the index's name, or "".
        """
        notes: list[str] = []
        self.source = Source(model, path, "pytorch", read_config(folder, notes), notes)
        self.folder = folder
        self._shards = shards
        self._index = index

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The tensors, shard by shard.

        Raises:
            CheckpointError: where a shard or the index is faulty, or the two do not agree.
        """
        index = self._read_index()
        shards = index.shards if index else self._shards
        if index:
            yield nothing(learned=Learned(claims=[index.claims])), Progress(0, len(shards))
        self.folder.expect(shards)
        seen: set[str] = set()
        for number, shard in enumerate(shards):
            batch = self._shard(shard, number, index)
            if not index and len(shards) > 1:
                take_names(self.folder.shown(shard), batch.names, seen, "file of the checkpoint", _ONE_OF_THEM)
            yield batch, Progress(number + 1, len(shards))

    def _read_index(self) -> ShardIndex | None:
        if not self._index:
            return None
        from core.readers.shard_index import ShardIndex

        return ShardIndex(self.folder, self._index, ".bin")

    def _shard(self, shard: str, number: int, index: ShardIndex | None) -> TensorBatch:
        file = self.folder.shown(shard)
        pickled, found = load(self.folder, shard)
        alone = not index and len(self._shards) == 1 and isinstance(pickled.value, PickledDict)
        tensors = found.tensors.values()
        names = list(found.tensors)
        notes = [*_notes(found, pickled), *(index.compare(shard, names) if index else [])]
        starts, placement = place_tensors(tensors, pickled)
        return TensorBatch.of(
            names,
            tensors,
            file,
            storages=[None if tensor.storage is None else (number, tensor.storage) for tensor in tensors],
            shard=shard,
            starts=starts,
            placement=placement,
            learned=Learned(
                notes=notes,
                beside=total_of(found.beside.values()),
                piece=slice_of(pickled.value, file) if alone else "",
                submodels=found.parts,
            ),
        )


def _notes(found: Found, pickled: Pickled) -> Iterator[str]:
    """What lies in the file beside the tensors that are counted."""
    where = f"the state dict under {_key(found.path)} is counted" if found.path else ""
    if found.parts:
        under = f"{_key(found.path)}: " if found.path else ""
        where = f"the state dicts under {under}{_list(found.parts)} are counted as parts of one model"
    if found.beside:
        yield (f"{where}, not " if where else "not counted: ") + beside_text(found.beside)
    elif where:
        yield where
    if foreign := [name for name in pickled.unbuilt if not name.startswith(_FAMILIAR)]:
        shown = ", ".join(foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        yield f"objects of the file that are no tensors were not built: {shown}{more}"


def beside_text(beside: Mapping[str, Uncounted]) -> str:
    """What lies beside a model, the largest first: `optimizer (176 elements in 12 tensors, 704 B)`."""
    parts = sorted(beside.items(), key=lambda part: -part[1].bytes)
    told = ", ".join(f"{_key(path)} ({_amount(left)})" for path, left in parts[:4])
    return told + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")


def load(folder: Folder, shard: str, may_be_empty: bool = False) -> tuple[Pickled, Found]:
    """What was saved in a file, and the model in it.

    Args:
        folder: where it lies.
        shard: its name.
        may_be_empty: whether it may have no tensor of a model.

    Raises:
        CheckpointError: where it cannot be read, or has no tensor and must have some.
    """
    file = folder.shown(shard)
    opened, length = folder.open(shard)
    with opened:
        pickled = read_torch(opened, length, file)
    try:
        found = find_state(pickled.value, pickled.budget)
    except ObjectPickledError as error:
        raise whole_model(file, error.value, error.path) from error
    except ValueError as error:
        raise CheckpointError(file, str(error), advice="save its state dict alone, as safetensors") from error
    if not found.tensors and not may_be_empty:
        raise _no_tensors(file, found)
    return pickled, found


def _no_tensors(file: str, found: Found) -> CheckpointError:
    if found.beside:
        path, left = max(found.beside.items(), key=lambda part: part[1].bytes)
        reason = f"no model in it, only what lies beside one: {_key(path)} ({_amount(left)})"
        return CheckpointError(file, reason, advice="name the file of the model itself")
    return CheckpointError(file, "there is not one tensor in it", advice="name the file of the model's state dict")


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(_key, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _key(path: str) -> str:
    return shortened(escaped(path), 60) or "(no name)"


def _amount(left: Uncounted) -> str:
    return amount(left.elements, left.tensor_count, left.bytes)

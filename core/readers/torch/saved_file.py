"""One file of torch.save: its two forms, what was pickled in it, and whether it is as long as its tensors need.

Forms: torch/serialization.py, `_save` (since 1.6, a zip archive) and `_legacy_save` (before, pickles in a row and the
storages behind them).
"""

from __future__ import annotations

from collections.abc import Mapping

from core.checkpoint.errors import DAMAGED, CheckpointError, from_os_error
from core.checkpoint.placement import ByteOrder
from core.checkpoint.record import Record
from core.files.foreign import foreign
from core.readers.torch.storages import Storages
from core.readers.torch.tensor_records import TENSORS
from core.readers.torch.zip_directory import Member, ZipDirectory
from core.readers.unpickle.budget import TEXT_BYTES, Budget, OverBudgetError
from core.readers.unpickle.byte_source import PickleBytes, Pieces
from core.readers.unpickle.machine import PickleMachine
from core.readers.unpickle.values import Inert, PickledDict
from core.text.escape import escaped
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_SMALL_MEMBER_BYTES = 256
"""What the member `byteorder` takes at most, with its header."""
_COUNT_BYTES = 8
"""Of the number of elements before each storage of the legacy form, an int64."""
_SAVE_AGAIN = "load it with the code that made it, and save model.state_dict()"
_SCRIPTED = 'load it with torch.jit.load(…, map_location="cpu"), and save its state_dict() with torch.save'

# What a zip archive is by a member of it, if it is none of torch.save; the longest known first.
_ARCHIVES = (
    ("[Content_Types].xml", "an Office document", "name a checkpoint"),
    ("META-INF/MANIFEST.MF", "a Java archive", "name a checkpoint"),
    ("model.weights.h5", "a Keras file", "load it with Keras and save its weights as safetensors"),
    ("serialized_exported_program.json", "a program of torch.export", "load it with torch.export.load, and save {}"),
    ("archive_format", "a program of torch.export", "load it with torch.export.load, and save {}"),
    (".data/extern_modules", "a torch.package", "load it with torch.package, and save {}"),
    ("policy.pth", "a Stable-Baselines3 archive", "unpack it with unzip and name its policy.pth"),
)


class Pickled(Record):
    """What a file holds.

    Attributes:
        value: what was saved.
        unbuilt: classes of objects in it that were not built.
        budget: what may still be made of it.
        storages: by their keys, the first bytes of the storages in the file.
        members: instead, the zip members that the storages are; None where the file is no archive.
        byte_order: of the numbers in them.
    """

    __slots__ = ("budget", "byte_order", "members", "storages", "unbuilt", "value")

    def __init__(  # noqa: PLR0917  # as many as it has values
        self,
        value: Any,
        unbuilt: list[str],
        budget: Budget,
        storages: Mapping[str, int],
        members: Mapping[str, Member] | None,
        byte_order: ByteOrder,
    ) -> None:
        self.value = value
        self.unbuilt = unbuilt
        self.budget = budget
        self.storages = storages
        self.members = members
        self.byte_order = byte_order


def read_torch(opened: BinaryIO, size: int, file: str) -> Pickled:
    """What was saved in a file, its tensors as records.

    Args:
        opened: the file, at its start.
        size: its length in bytes.
        file: what an error calls it.

    Raises:
        CheckpointError: where it is no file of torch.save, is damaged or cut off, or names what no checkpoint needs.
    """
    try:
        start = opened.read(512)
    except OSError as error:
        raise from_os_error(error, file) from error
    if not start:
        raise CheckpointError(file, "the file is empty", advice=DAMAGED)
    if start.startswith(b"PK\3\4"):
        return _read_zip(opened, size, file)
    if start[257:262] == b"ustar":
        reason = "a tar archive: the form of torch.save before version 0.1.10, or a packed folder"
        raise CheckpointError(file, reason, advice="unpack it, or load it with torch.load and save it again")
    if not start.startswith(b"\x80") and (problem := foreign(start, file, "PyTorch")):
        raise problem
    if start[:1] not in b"\x80(]}cLIlNV" or not start.strip(start[:1]):
        raise CheckpointError(
            file,
            "it is no PyTorch file: it begins neither as a zip archive nor as a pickle",
            advice="see what it is with the command file, or download it again",
        )
    return _read_legacy(opened, size, file)


def _read_zip(opened: BinaryIO, size: int, file: str) -> Pickled:
    budget = Budget()
    archive = ZipDirectory(opened, size, file, budget)
    folder = _top_folder(archive, file)
    storages = Storages(budget)
    machine = PickleMachine(archive.open(f"{folder}data.pkl"), file, TENSORS, storages.persistent)
    value = machine.load()
    members: dict[str, Member] = {}
    for key, wanted in storages.sizes.items():
        member = archive.members.get(f"{folder}data/{key}")
        place = f"storage {shortened(key, 60)}"
        if member is None:
            raise CheckpointError(file, "this storage is not in the file: it is cut off", place=place, advice=DAMAGED)
        if member.size < wanted:
            reason = f"this storage has {member.size:,} bytes where its tensors need {wanted:,}: it is cut off"
            raise CheckpointError(file, reason, place=place, advice=DAMAGED)
        members[key] = member
    return Pickled(value, machine.unbuilt, budget, {}, members, _byte_order(archive, f"{folder}byteorder"))


def _byte_order(archive: ZipDirectory, name: str) -> ByteOrder:
    """What the archive says of it; before torch 2.1 it says nothing, and torch takes it for little then."""
    member = archive.members.get(name)
    said = archive.open(name, _SMALL_MEMBER_BYTES).take(member.size) if member and member.size <= len("little") else b""
    return "big" if said == b"big" else "little"


def _top_folder(archive: ZipDirectory, file: str) -> str:
    """The folder in the archive that holds `data.pkl`, with its separator."""
    found = [name.removesuffix("data.pkl") for name in archive.members if name.endswith("/data.pkl")]
    if "data.pkl" in archive.members:
        found.append("")
    tops = [folder for folder in found if folder.count("/") <= 1]
    for folder in tops:
        if f"{folder}constants.pkl" in archive.members:
            raise CheckpointError(file, "a TorchScript archive: a program with its weights", advice=_SCRIPTED)
    if len(tops) == 1:
        return tops[0]
    names = [name.rpartition("/")[2] for name in archive.members]
    for member, what, advice in _ARCHIVES:
        if member in names or any(name.endswith(member) for name in archive.members):
            raise CheckpointError(file, f"this is {what}", advice=advice.format("its state_dict as safetensors"))
    if names and all(name.endswith(".npy") for name in names):
        raise CheckpointError(
            file, "this is a NumPy archive (.npz)", advice="load it with numpy.load and save it as safetensors"
        )
    inside = [name for name in archive.members if name.lower().endswith((".pt", ".pth", ".bin", ".safetensors"))]
    if inside:
        held = shortened(escaped(inside[0]), 80)
        raise CheckpointError(file, f"this is a zip archive that holds {held}", advice="unpack it with unzip")
    several = "several" if tops else "no"
    reason = f"a zip archive with {several} data.pkl, which torch.save does not write"
    raise CheckpointError(file, reason, advice="see what it holds with unzip -l")


def _read_legacy(opened: BinaryIO, size: int, file: str) -> Pickled:
    budget = Budget()
    storages = Storages(budget)
    source = PickleBytes(Pieces(opened, 0, size), file, budget)
    machine = PickleMachine(source, file, TENSORS, storages.persistent)
    _check_magic(machine, file)
    if machine.load() != _PROTOCOL:
        raise source.fault(f"a torch file of a protocol other than {_PROTOCOL}", "load it with torch and save it again")
    system = machine.load()  # byte order and sizes of C's types where it was written
    value = machine.load()
    if storages.modules:
        raise _whole_model(file, storages.modules[0])
    # Each storage is its count of elements, an int64, and its values.
    keys = _listed_storages(machine.load(), storages, source, budget)
    needed = source.taken
    starts: dict[str, int] = {}
    for key in keys:
        starts[key] = needed + _COUNT_BYTES
        needed += _COUNT_BYTES + storages.sizes.get(key, 0)
    if size < needed:
        reason = f"its storages should end at byte {needed:,} and the file has {size:,}: it is cut off"
        raise CheckpointError(file, reason, advice=DAMAGED)
    big = isinstance(system, PickledDict) and system.get("little_endian") is False
    return Pickled(value, machine.unbuilt, budget, starts, None, "big" if big else "little")


def _check_magic(machine: PickleMachine, file: str) -> None:
    """Reads the number that a file of torch begins with; a plain pickle has something else there."""
    try:
        first = machine.load()
    except CheckpointError as error:
        if held := _held_values(machine):
            raise _plain_pickle(file, held) from error
        raise
    if type(first) is not int or first != _MAGIC:
        raise _plain_pickle(file, _held_values(machine) or _held(first))


def _listed_storages(keys: object, storages: Storages, source: PickleBytes, budget: Budget) -> list[str]:
    """The keys of all storages in the order in which their values follow."""
    if not isinstance(keys, list) or not all(isinstance(key, (str, int)) for key in keys):
        raise source.fault("the list of its storages is none")
    try:
        budget.spend(2 * TEXT_BYTES * len(keys))
    except OverBudgetError as error:
        raise source.fault("the list of its storages is longer than a checkpoint's") from error
    listed = [str(key) for key in keys]
    if lacking := set(storages.sizes).difference(listed):
        raise source.fault(f"storage {shortened(min(lacking), 60)} is not in the list of its storages")
    return listed


# What other programs than torch.save put values into a pickle with, between its opcodes or as bytes.
_HOLDERS = {
    "joblib.numpy_pickle.NumpyArrayWrapper": "NumPy arrays, as joblib writes them",
    "numpy.core.multiarray._reconstruct": "NumPy arrays",
    "numpy._core.multiarray._reconstruct": "NumPy arrays",
    "numpy._core.numeric._frombuffer": "NumPy arrays",
    "numpy.core.numeric._frombuffer": "NumPy arrays",
    "jax._src.array._reconstruct_array": "arrays of JAX",
    "torch.storage._load_from_bytes": "tensors, as pickle.dump writes them",
}


def _held_values(machine: PickleMachine) -> str:
    """What holds a model's values in a pickle that has been read, or has been in part; "" where nothing does."""
    return next((what for name, what in _HOLDERS.items() if name in machine.unbuilt), "")


def _held(value: object) -> str:
    if isinstance(value, Inert):
        return f"an object of {value.text}"
    if isinstance(value, PickledDict):
        return "a dict"
    return f"a {type(value).__name__}" if value is not None else "nothing"


def _plain_pickle(file: str, held: str) -> CheckpointError:
    return CheckpointError(
        file,
        f"a Python pickle that torch.save did not write: it holds {held}",
        advice="load it with the code that wrote it, and save its arrays as safetensors",
    )


def _whole_model(file: str, kind: str) -> CheckpointError:
    return CheckpointError(
        file, f"a whole model was pickled here ({kind}), with its code's names, not a state dict", advice=_SAVE_AGAIN
    )


def whole_model(file: str, value: Inert, place: str = "") -> CheckpointError:
    """What to say of an object that was pickled in place of its state dict.

    Args:
        file: what the error calls the file.
        value: the object.
        place: under which key it lies.
    """
    state = value.state
    if isinstance(state, PickledDict) and {"_parameters", "_modules"} <= {k for k in state.keys if isinstance(k, str)}:
        error = _whole_model(file, value.text)
    else:
        error = CheckpointError(
            file, f"an object of {value.text} was pickled here, not a state dict", advice=_SAVE_AGAIN
        )
    error.place = place
    return error

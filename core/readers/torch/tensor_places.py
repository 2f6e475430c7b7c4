"""Where the values of tensors lie that were read from a file of torch.save."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from core.checkpoint.placement import NOWHERE, Placement
from core.readers.torch.saved_file import Pickled
from core.readers.torch.tensor_records import Tensor


def place_tensors(tensors: Collection[Tensor], pickled: Pickled) -> tuple[array[int], Placement | None]:
    """The first bytes of some tensors' values, and what else must be known to read them.

    Args:
        tensors: of the file, in a batch's order.
        pickled: what was read from the file.
    """
    strided = {number: tensor.strided for number, tensor in enumerate(tensors) if tensor.strided}
    # Of each tensor that is placed its storage was found in the file.
    runs = [tensor.storage[0] if tensor.placed and tensor.storage else None for tensor in tensors]
    members = pickled.members
    if members is None:
        starts = array("Q", [pickled.storages[run[0]] + run[1] // 8 if run else NOWHERE for run in runs])
        usual = not strided and pickled.byte_order == "little"
        return starts, None if usual else Placement(pickled.byte_order, strided)
    starts = array("Q", [run[1] // 8 if run else NOWHERE for run in runs])
    headers = array("Q", [members[run[0]].offset if run else NOWHERE for run in runs])
    packed = {}
    if any(member.method for member in members.values()):
        packed = {number: members[run[0]].stored for number, run in enumerate(runs) if run and members[run[0]].method}
    return starts, Placement(pickled.byte_order, strided, headers, packed)

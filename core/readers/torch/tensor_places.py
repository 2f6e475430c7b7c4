"""Where the values of tensors lie that were read from a file of torch.save."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping

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
    if pickled.members is None:
        starts = array("Q", [_first_byte(tensor, pickled.storages) for tensor in tensors])
        usual = not strided and pickled.byte_order == "little"
        return starts, None if usual else Placement(pickled.byte_order, strided)
    starts, headers, packed = array("Q"), array("Q"), {}
    begins = dict.fromkeys(pickled.members, 0)
    for number, tensor in enumerate(tensors):
        starts.append(_first_byte(tensor, begins))
        member = pickled.members.get(tensor.storage[0][0]) if tensor.storage else None
        headers.append(member.offset if member else NOWHERE)
        if member and member.method:
            packed[number] = member.stored
    return starts, Placement(pickled.byte_order, strided, headers, packed)


def _first_byte(tensor: Tensor, storages: Mapping[str, int]) -> int:
    """Where a tensor begins, by where its storage does; `NOWHERE` where its values lie in no single run."""
    if not tensor.placed or not tensor.storage:
        return NOWHERE
    key, first_bit, _ = tensor.storage[0]
    start = storages.get(key)
    return NOWHERE if start is None else start + first_bit // 8

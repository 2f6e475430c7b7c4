"""Where the values of tensors lie that were read from a file of torch.save."""

from __future__ import annotations

from array import array
from collections.abc import Collection

from core.checkpoint.places import NOWHERE, Placement
from core.readers.torch.saved_file import Pickled, StoragePlace
from core.readers.torch.tensor_records import Tensor


def place_tensors(tensors: Collection[Tensor], pickled: Pickled) -> tuple[array[int], Placement | None]:
    """The first bytes of some tensors' values, and what else must be known to read them.

    Args:
        tensors: of the file, in a batch's order.
        pickled: what was read from the file.
    """
    starts, headers = array("Q"), array("Q")
    strided, packed = {}, {}
    for number, tensor in enumerate(tensors):
        start, place = _first_byte(tensor, pickled)
        starts.append(start)
        if tensor.strided:
            strided[number] = tensor.strided
        if place and place.member:
            headers.append(place.member.header)
            if place.member.packed is not None:
                packed[number] = place.member.packed
        else:
            headers.append(NOWHERE)
    zipped = any(place.member for place in pickled.storages.values())
    if not zipped and not strided and pickled.byte_order == "little":
        return starts, None
    return starts, Placement(pickled.byte_order, strided, headers if zipped else None, packed)


def _first_byte(tensor: Tensor, pickled: Pickled) -> tuple[int, StoragePlace | None]:
    """Where a tensor begins, in its file or in the zip member of its storage, and where that storage lies."""
    if not tensor.placed or not tensor.storage:
        return NOWHERE, None
    key, first_bit, _ = tensor.storage[0]
    place = pickled.storages.get(key)
    return (place.start + first_bit // 8, place) if place else (NOWHERE, None)

"""Tensors that share their storage with others in a checkpoint of torch, and which of them is counted."""

from __future__ import annotations

from collections.abc import Sequence

from core.classify.ties import is_embedding, is_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.classify.groups import TensorGroup


def counted_originals(groups: Sequence[TensorGroup]) -> dict[TensorGroup, str]:
    """The groups that share their values with others, each with the name of the tensor that is counted instead.

    Of an input embedding and an output head the embedding is counted, whichever comes first in the file; otherwise it
    is the first of all.
    """
    originals = {group: group.original for group in groups if group.copy}
    if not originals:
        return {}
    heads = {
        group.tensor.name: group for group in groups if not group.copy and group.count == 1 and is_head(group.template)
    }
    embeddings: dict[str, TensorGroup] = {}
    for group, original in originals.items():
        if original in heads and group.count == 1 and is_embedding(group.template):
            embeddings.setdefault(original, group)
    for head, embedding in embeddings.items():
        del originals[embedding]
        originals[heads[head]] = head
    return {group: embeddings[name].tensor.name if name in embeddings else name for group, name in originals.items()}

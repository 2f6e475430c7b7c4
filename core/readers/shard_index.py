"""The index of a sharded checkpoint: which shard holds which tensor.

Format: `{"metadata": …, "weight_map": {tensor: shard}}`
(https://huggingface.co/docs/transformers/big_models, "Sharded checkpoints").
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from core.checkpoint.errors import AGAIN, CheckpointError, tensor_place
from core.checkpoint.learned import Claims
from core.files.folder import Folder
from core.files.json_file import MAX_INDEX_BYTES, MAX_SHARDS, json_object, read_text
from core.text.escape import escaped
from core.text.numbers import plural
from core.text.width import shortened

_MAX_NAME_CHARACTERS = 512
"""Of a shard's name, with the folders in it; file systems have 255 bytes for each."""


_SMALL_BYTES = 1 << 18
"""Up to here the standard library's decoder is done before a faster one is imported."""


class ShardIndex:
    """What an index promises, compared with what its shards hold.

    Attributes:
        shards: the shards' names in natural order, all of them files in the index's folder.
        claims: what its `metadata` says of the whole, parameters and bytes.
    """

    def __init__(self, folder: Folder, name: str, ending: str = ".safetensors") -> None:
        """
        Args:
            folder: where it lies.
            name: its file name.
            ending: how the names of its shards end.

        Raises:
            CheckpointError: where it is no index, names a file elsewhere, one that is missing, or too many.
        """
        self._folder = folder
        self._name = name
        self._ending = ending
        self._file = folder.shown(name)
        metadata, self._promised = self._read()
        said = metadata if isinstance(metadata, dict) else {}
        self.claims = Claims(name, said.get("total_parameters"), said.get("total_size"))
        if len(self._promised) > MAX_SHARDS:
            raise CheckpointError(
                self._file, f"it names more than {MAX_SHARDS:,} files", place="weight_map", advice=AGAIN
            )
        self.shards = sorted(self._promised)
        self._check_shards()

    def _read(self) -> tuple[object, dict[str, list[str]]]:
        """The index's `metadata`, and of each shard the tensors that it promises."""
        text = read_text(self._folder, self._name, self._file, MAX_INDEX_BYTES)
        if len(text) > _SMALL_BYTES:
            from core.readers.typed_index import typed_index

            if index := typed_index(text):
                return index
        content = json_object(text, self._file)
        return content.get("metadata"), self._by_shard(content.get("weight_map"))

    def _by_shard(self, weight_map: object) -> dict[str, list[str]]:
        if not isinstance(weight_map, dict) or not weight_map:
            raise CheckpointError(self._file, "it has no weight_map of tensors to files", advice=AGAIN)
        promised: defaultdict[str, list[str]] = defaultdict(list)
        for tensor, shard in weight_map.items():
            if not isinstance(shard, str):
                raise self._fault("its file is not a name", f"weight_map, tensor {shortened(tensor, 120)}")
            promised[shard].append(tensor)
        return promised

    def _fault(self, reason: str, place: str) -> CheckpointError:
        return CheckpointError(self._file, reason, place=place, advice=AGAIN)

    def _check_shards(self) -> None:
        for shard in self.shards:
            outside = os.path.isabs(shard) or ".." in shard.split("/") or "\0" in shard
            if outside or not shard.endswith(self._ending) or len(shard) > _MAX_NAME_CHARACTERS:
                what = f"it names a file that is no {self._ending.lstrip('.')} file in its folder"
                raise self._fault(what, shortened(shard, 120))
        missing = [shard for shard in self.shards if not self._folder.has(shard) or self._leads_nowhere(shard)]
        if missing:
            first = self._folder.shown(missing[0])
            others = f"as are {len(missing) - 1} more of " if len(missing) > 1 else "one of "
            reason = f"missing, {others}{plural(len(self.shards), 'shard')} that {self._name} names"
            link = self._leads_nowhere(missing[0])
            raise CheckpointError(first, reason, advice="its link leads nowhere: download it again" if link else AGAIN)

    def _leads_nowhere(self, shard: str) -> bool:
        path = self._folder.shown(shard)
        return os.path.islink(path) and not os.path.exists(path)

    def compare(self, shard: str, names: Sequence[str]) -> list[str]:
        """Compares a shard's tensors with those promised in it.

        Args:
            shard: its name.
            names: all its tensors.

        Returns:
            A note where it has tensors that the index does not name at all.

        Raises:
            CheckpointError: where a promised tensor is not in it, or one that another shard should hold is.
        """
        promised = self._promised[shard]
        if promised == names:
            return []
        file = self._folder.shown(shard)
        # A shard's own names, which are few, and not the whole map's: those lie far apart in memory.
        if lacking := set(promised).difference(names):
            are = "is not in it" if len(lacking) == 1 else "are not in it"
            reason = f"{plural(len(lacking), 'tensor')} that {self._name} promises in this file {are}"
            place = tensor_place(min(lacking))
            raise CheckpointError(file, reason, place=place, advice="download both again")
        extra = len(names) - len(promised)
        if extra and (elsewhere := [name for name in names if self._shard_of.get(name, shard) != shard]):
            reason = f"another file of the checkpoint has this tensor too, by {self._name}"
            place = tensor_place(min(elsewhere))
            raise CheckpointError(file, reason, place=place, advice="download both again")
        if not extra:
            return []
        return [f"{plural(extra, 'tensor')} of {escaped(shard)} not in {self._name}, counted all the same"]

    @cached_property
    def _shard_of(self) -> dict[str, str]:
        """By tensor the shard that it is promised in: wanted only where a shard holds more than it should."""
        return {tensor: shard for shard, tensors in self._promised.items() for tensor in tensors}

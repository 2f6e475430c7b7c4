"""Packed weights: which tensors are such, how many weights each stands for, and which go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from types import MappingProxyType

from core.checkpoint.quantization import QuantizationConfig
from core.checkpoint.tensors import StoredTensor
from core.classify.roles import WHOLE_NUMBERS
from core.naming.quantisation import (
    ACTIVATION_SCALES,
    INPUT_SCALE_ENDINGS,
    PACKED_ENDINGS,
    PACKED_PARAMS,
    PACKED_WEIGHTS,
    QUANTIZATION_DATA,
    QUANTIZATION_DATA_BY_CONFIG,
    QUANTIZATION_DATA_OF_FEW_BITS,
    QUANTIZATION_OF_SAME_MODULE,
    WEIGHT_SCALE_ENDINGS,
    WORDS_AFTER_WEIGHT,
    ZERO_POINT_ENDINGS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.classify.packing.layouts import Packed

_MAX_SHAPES = 32
"""Shapes kept of tensors with one template; a hostile file has thousands."""

_NO_TENSORS: Mapping[str, list[StoredTensor]] = MappingProxyType({})

# How the names of dtypes begin that weights of few bits are stored in; the last three are ggml's.
_FEW_BITS_DTYPES = ("F8", "F4", "F6", "I8", "U8", "I32", "U32", "I16", "TQ", "NVFP4", "Q")


class Packing:
    """The packed weights of a checkpoint, as its names, shapes, dtypes and config tell them.

    Attributes:
        config: its quantisation, as the config.json says.
    """

    def __init__(self, tensors: Iterable[tuple[str, StoredTensor]], config: QuantizationConfig) -> None:
        """
        Args:
            tensors: templates, each with one of its tensors; for each shape and dtype one.
            config: how the checkpoint's config says that it is quantised.
        """
        self.config = config
        self._modules: dict[str, dict[str, list[StoredTensor]]] = {}
        self._is_quantised = self.config.present
        for template, tensor in tensors:
            path, _, last = template.rpartition(".")
            same_name = self._modules.setdefault(path, {}).setdefault(last, [])
            if len(same_name) < _MAX_SHAPES:
                same_name.append(tensor)
            self._is_quantised = self._is_quantised or tensor.dtype.startswith(("F8", "I8", "U8", "U32"))

    def weights(self, template: str, tensor: StoredTensor) -> Packed | None:
        """What a packed tensor stands for; None where it is not packed, or in an unknown layout.

        Args:
            template: its name without digits.
            tensor: itself.
        """
        path, _, last = template.rpartition(".")
        same_module = self._same_module(path.removesuffix("._data") if last == "_data" else path)
        has_absmax = "absmax" in self._same_module(template)
        is_sparse = last == "compressed" and "bitmask" in same_module
        if not has_absmax and not is_sparse and tensor.dtype not in WHOLE_NUMBERS:
            return None
        # Most checkpoints need none of these modules, which take time to import.
        from core.classify.packing.dispatch import unpacked
        from core.classify.packing.layouts import Packed

        if has_absmax:
            # bitsandbytes (functional.py, QuantState.as_dict): two weights a byte, in elements of any dtype.
            return Packed(2 * tensor.nbytes, 4)
        return unpacked(last, tensor, _in_own_module(tensor, same_module), self.config)

    def is_quantization_data(self, template: str, tensor: StoredTensor) -> bool:
        """Whether a tensor is quantisation data: scales, zero points, absmax, group indices.

        Args:
            template: its name without digits.
            tensor: itself.
        """
        path, _, last = template.rpartition(".")
        if last in QUANTIZATION_DATA or (last in QUANTIZATION_DATA_BY_CONFIG and self.config.present):
            return True
        if last in ACTIVATION_SCALES and self._is_quantised and prod(tensor.shape) <= 1:
            return True
        if last in {"scale", "zero_point"} and f"{path}.{PACKED_PARAMS}" in self._modules:
            return True
        same_module = self._same_module(path)
        if last in QUANTIZATION_DATA_OF_FEW_BITS and _has_few_bits(same_module):
            return True
        may_be_scale = "scale" in last or "zero" in last
        return self._goes_with_same_module(path, last) or (may_be_scale and _is_scale_of_few_bits(last, same_module))

    def _same_module(self, path: str) -> Mapping[str, list[StoredTensor]]:
        """The tensors of a module by the last words of their names."""
        return self._modules.get(path, _NO_TENSORS)

    def _goes_with_same_module(self, path: str, last: str) -> bool:
        """Whether a tensor's module has the packed weights that it goes with."""
        same_module = self._same_module(path)
        if "W_q" in same_module and "zero" in same_module and last not in {"W_q", "bias"}:
            return True
        if last in {"_scale", "_shift"}:
            return "_data" in same_module or "_data" in self._same_module(f"{path}._data")
        above, _, module = path.rpartition(".")
        if module == "centroids":
            return "indices" in self._same_module(above)
        return any(
            last in with_weights and _are_of_few_bits(same_module.get(weights, ()))
            for weights, with_weights in QUANTIZATION_OF_SAME_MODULE.items()
        )

    def plain_name(self, template: str) -> str:
        """What packed weights, or what goes with them, would be called if they were not packed."""
        path, _, last = template.rpartition(".")
        if last in WORDS_AFTER_WEIGHT:
            return path.removesuffix("._data").removesuffix(".quant_state")
        for ending in (*PACKED_ENDINGS, *INPUT_SCALE_ENDINGS, *WEIGHT_SCALE_ENDINGS, *ZERO_POINT_ENDINGS):
            if last.endswith(ending) and last != ending:
                return f"{path}.{last.removesuffix(ending).lstrip('_')}".lstrip(".")
        return f"{path}.weight".lstrip(".")


def _in_own_module(
    tensor: StoredTensor, same_module: Mapping[str, Sequence[StoredTensor]]
) -> Mapping[str, Sequence[StoredTensor]]:
    """The tensors in a tensor's own module, where they are known; otherwise those of all modules with its template.

    Modules whose names differ in digits only may differ in width.
    """
    if all(len(same_name) < 2 for same_name in same_module.values()):
        return same_module
    module = tensor.name.rpartition(".")[0]
    return {
        word: [other for other in same_name if other.name.rpartition(".")[0] == module] or same_name
        for word, same_name in same_module.items()
    }


def _is_scale_of_few_bits(last: str, same_module: Mapping[str, Sequence[StoredTensor]]) -> bool:
    """Whether a name is that of weights of few bits in the same module, with an ending that scales have."""
    for ending in (*WEIGHT_SCALE_ENDINGS, *INPUT_SCALE_ENDINGS, *ZERO_POINT_ENDINGS):
        if last.endswith(ending):
            name = last.removesuffix(ending)
            if any(_are_of_few_bits(same_module.get(name + packed, ())) for packed in ("", *PACKED_ENDINGS)):
                return True
    return False


def _has_few_bits(same_module: Mapping[str, Sequence[StoredTensor]]) -> bool:
    return any(_are_of_few_bits(same_module.get(name, ())) for name in PACKED_WEIGHTS)


def _are_of_few_bits(tensors: Sequence[StoredTensor]) -> bool:
    return any(tensor.dtype.startswith(_FEW_BITS_DTYPES) for tensor in tensors)

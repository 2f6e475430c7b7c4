"""Biases that differ in digits only: the weights of their modules tell which are a matrix's and which a norm's.

In a plain `torch.nn.Sequential` a linear layer, a convolution and a norm differ in their number alone: `0.bias` is the
bias of the kernel `0.weight`, `1.bias` that of the vector `1.weight`, `2.bias` that of the matrix `2.weight`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.checkpoint.tensors import TensorBatch

_WEIGHT = "weight"
_BIAS = "bias"


def dimensions_of_weights(templates: Sequence[str], distinct: Collection[Any], batch: TensorBatch) -> list[int] | None:
    """Of each bias how many dimensions the weight beside it has; 0 where the template tells it already.

    Args:
        templates: of each tensor, its name without digits.
        distinct: of all tensors together the template, the shape and more, each once.
        batch: the tensors.

    Returns:
        None where the weights of each template agree, as they do in most checkpoints.
    """
    first: dict[str, int] = {}
    several = {
        key[0] for key in distinct if key[0].endswith(_WEIGHT) and first.setdefault(key[0], len(key[1])) != len(key[1])
    }
    if not several:
        return None
    biases = {template.removesuffix(_WEIGHT) + _BIAS for template in several}
    shapes = dict(zip(batch.names, batch.shapes))
    return [
        len(shapes.get(name.removesuffix(_BIAS) + _WEIGHT, ())) if template in biases else 0
        for name, template in zip(batch.names, templates)
    ]

"""Biases that differ in digits only: the weights of their modules tell which are a matrix's and which a norm's.

In a plain `torch.nn.Sequential` a linear layer, a convolution and a norm differ in their number alone: `0.bias` is the
bias of the kernel `0.weight`, `1.bias` that of the vector `1.weight`, `2.bias` that of the matrix `2.weight`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.checkpoint.tensors import TensorBatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

_WEIGHT = "weight"
_BIAS = "bias"


def dimensions_of_weights(
    templates: Sequence[str], distinct: Collection[tuple[str, tuple[int, ...]]], batch: TensorBatch
) -> list[int] | None:
    """Of each bias how many dimensions the weight beside it has; 0 where the template tells it already.

    Args:
        templates: of each tensor, its name without digits.
        distinct: of all tensors together the template and the shape.
        batch: the tensors.

    Returns:
        None where the weights of each template agree, as they do in most checkpoints.
    """
    first: dict[str, int] = {}
    several = {
        template
        for template, shape in distinct
        if template.endswith(_WEIGHT) and first.setdefault(template, len(shape)) != len(shape)
    }
    if not several:
        return None
    biases = {template.removesuffix(_WEIGHT) + _BIAS for template in several}
    shapes = dict(zip(batch.names, batch.shapes))
    return [
        len(shapes.get(name.removesuffix(_BIAS) + _WEIGHT, ())) if template in biases else 0
        for name, template in zip(batch.names, templates)
    ]

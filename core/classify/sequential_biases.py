"""Biases that differ in digits only, some of matrices and some of norms: their modules' weights tell them apart.

In a plain `torch.nn.Sequential` a linear layer and a norm differ in their number alone: `0.bias` is the bias of the
matrix `0.weight`, `1.bias` that of the vector `1.weight`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.checkpoint.tensors import TensorBatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

_WEIGHT = "weight"
_BIAS = "bias"


def biases_of_matrices(
    templates: Sequence[str], distinct: Collection[tuple[str, tuple[int, ...]]], batch: TensorBatch
) -> list[bool] | None:
    """Of each tensor whether it is the bias of a weight with two dimensions or more.

    Args:
        templates: of each tensor, its name without digits.
        distinct: of all tensors together the template and the shape.
        batch: the tensors.

    Returns:
        None where the tensors of each template agree, as they do in most checkpoints: all are such biases, or none is.
    """
    vectors = {template for template, shape in distinct if len(shape) == 1 and template.endswith(_WEIGHT)}
    both = {template for template, shape in distinct if len(shape) > 1 and template in vectors}
    if not both:
        return None
    biases = {template.removesuffix(_WEIGHT) + _BIAS for template in both}
    shapes = dict(zip(batch.names, batch.shapes))
    return [
        template in biases and len(shapes.get(name.removesuffix(_BIAS) + _WEIGHT, ())) > 1
        for name, template in zip(batch.names, templates)
    ]

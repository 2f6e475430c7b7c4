"""Totals by dtype, and how many bits a parameter takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from core.classify.groups import TensorGroup
from core.count.totals import Tally, Totals, add_group


def dtype_totals(groups: Iterable[TensorGroup]) -> dict[str, Totals]:
    """The totals of what is stored in each dtype, those with the most bytes first; they add up to the model's.

    A dtype is what the file stores: weights packed into `U8` or `I32` stand there. Quantisation data count as of the
    dtype of the weights that they go with, whatever they are stored in: their bytes are a part of what those take.

    Args:
        groups: all tensors of a model, with their meaning.
    """
    groups = list(groups)
    found: dict[str, Totals] = {}
    data = []
    for group in groups:
        if group.classification and group.classification.role == "quantization":
            data.append(group)
        else:
            add_group(found.setdefault(group.tensor.dtype, Totals()), group)
    if data:
        weights = _Weights(groups)
        for group in data:
            add_group(found.setdefault(weights.dtype_beside(group), Totals()), group)
    return dict(sorted(found.items(), key=lambda item: (-item[1].whole.bytes, item[0])))


def bits_per_weight(tally: Tally) -> float | None:
    """Bits that a parameter takes on average: 8 × bytes / parameters; None where there are no parameters.

    The bytes are those of the parameters' tensors with their quantisation data (scales, zero points), so that packed
    weights take what they take in the file: gpt-oss's MXFP4 has 4.25 bits, of which 0.25 for a scale a block of 32.
    Buffers, tied copies and what lies beside the model are in neither figure.
    """
    return 8 * tally.bytes / tally.parameters if tally.parameters else None


class _Weights:
    """The weights of a model by their names, packed ones alone where there are any."""

    def __init__(self, groups: Iterable[TensorGroup]) -> None:
        parameters = [
            (group.template, group.tensor.dtype, group.classification.bits or group.classification.is_packed)
            for group in groups
            if group.classification and group.classification.role == "parameter"
        ]
        of_few_bits = any(packed for _, _, packed in parameters)
        self._sorted = sorted((name, dtype) for name, dtype, packed in parameters if packed or not of_few_bits)

    def dtype_beside(self, group: TensorGroup) -> str:
        """The dtype of the weights whose name has the longest beginning in common with a group's; else its own."""
        at = bisect_left(self._sorted, (group.template, ""))
        # Of names in order, one of the two neighbours has the longest.
        near = self._sorted[max(0, at - 1) : at + 1]
        best = max(near, key=lambda item: _common(item[0], group.template), default=None)
        return best[1] if best else group.tensor.dtype


def _common(one: str, other: str) -> int:
    """How many characters two names begin with in common."""
    length = min(len(one), len(other))
    return next((n for n in range(length) if one[n] != other[n]), length)

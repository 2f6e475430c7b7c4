"""Which category a tensor counts to, by its name and shape in the context of its checkpoint.

Four principles, asked in this order:

1. What PEFT and its likes add is an adapter, and a norm is a norm, wherever they stand: by the name of the module that
   holds the tensor, or since it is a vector where others are matrices.
2. A name is read from its end, and the innermost word that a rule of `core.naming.category_table` is about decides, as
   the innermost module decides what it computes.
3. Where no word tells, what stands beside the tensor does: a list of which one matrix widens what another narrows again
   is a feed-forward, a module that holds queries and keys is an attention.
4. What is left of kernels, by their dimensions, are convolutions; a bias is what its weight is. The one matrix of a
   convolutional network is its head. The rest is other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from core.checkpoint.config import ModelConfig
from core.classify.surroundings import Shape, Surroundings, Tensor, any_in
from core.classify.vocabulary import SILENT, Word
from core.naming.category_table import NAMELESS_NORM, NOT_NORM_VECTORS, SCALES, TABLES, Rule
from core.naming.components import ADAPTER

_COLOURS = 3
_MIN_PATCH_PIXELS = 8
_MAX_KERNEL_POINTS = 64
"""Along a sequence; a tensor of three dimensions whose last is longer is a stack of matrices."""
_MAX_DEPTH_IN_ATTENTION = 4
"""How many words below an attention a tensor may stand that no other rule knows."""
_PARAMETERS = {"weight", "bias"}


def categories_of(
    tensors: Sequence[tuple[str, Shape]],
    config: ModelConfig,
    names: Sequence[str] = (),
    weight_dimensions: Iterable[int] = (),
) -> list[str]:
    """The category of each tensor of a checkpoint, in the context of all.

    Args:
        tensors: template and shape of all tensors that were read so far.
        config: what its config says; of an adapter, its own. No other rule needs it: names and shapes tell
            more than `model_type`, which is missing beside many a file.
        names: their names with digits, where they are known: an item of a list is told from the next by its number.
        weight_dimensions: of each tensor, where it is a bias, how many dimensions its weight has; 0 where its template
            tells that already.

    Returns:
        A key of `core.classify.category.CATEGORIES` for each tensor, in their order.
    """
    if config.is_adapter:
        return ["adapter"] * len(tensors)
    checkpoint = _Checkpoint(Surroundings(tensors, names, weight_dimensions))
    categories = [checkpoint.category(tensor) for tensor in checkpoint.around.tensors()]
    if "convolution" in categories:
        _find_lone_matrix(tensors, categories)
    return categories


def _find_lone_matrix(tensors: Sequence[tuple[str, Shape]], categories: list[str]) -> None:
    """Makes the one matrix of a convolutional network for images, and its bias, the head that it is.

    Kernels along a sequence may be what a sound goes through before it comes to a model that is not here.
    """
    matrices = [
        number for number, (template, shape) in enumerate(tensors) if len(shape) == 2 and template.endswith(".weight")
    ]
    is_of_images = any(len(shape) > 3 for _, shape in tensors)
    if len(matrices) != 1 or categories[matrices[0]] not in {"other", "mlp"} or not is_of_images:
        return
    (weight,) = matrices
    template, (height, _) = tensors[weight]
    bias = (f"{template.removesuffix('weight')}bias", (height,))
    for number, tensor in enumerate(tensors):
        if number == weight or tensor == bias:
            categories[number] = "head"


class _Checkpoint:
    """Asks all rules about a tensor.

    Attributes:
        around: what surrounds the tensors.
    """

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    def category(self, tensor: Tensor) -> str:
        """The category of one tensor."""
        words = tensor.words
        if self._says_nothing(tensor):
            return self._by_structure(tensor)
        known_words = [self.around.vocabulary.get(word, SILENT) for word in words]
        if words[-1] in ADAPTER.words or any(known.is_adapter for known in known_words):
            return "adapter"
        if self._is_norm(tensor, known_words):
            return "norm"
        end = len(words)
        # Of a tensor in a list, the list: `net` of `net.1.weight`.
        innermost_module = max((at for at in range(end - 1) if words[at]), default=0)
        while end > 0:
            # A part of the name ends where a list item, whose digits are gone, leaves an empty word.
            begin = end
            while begin > 0 and words[begin - 1]:
                begin -= 1
            rule = self._first_rule(tensor, known_words, begin, end)
            if rule:
                return rule.category or self._by_structure(tensor)
            if begin <= innermost_module and self._is_feed_forward(tensor):
                return "mlp"
            end = begin - 1
        return self._by_structure(tensor)

    def _says_nothing(self, tensor: Tensor) -> bool:
        """Whether no word of a name tells anything, which is found out soon, as there may be a million."""
        if len(tensor.shape) == 1 or tensor.words[-1] in NAMELESS_NORM or tensor.words[-1] in ADAPTER.words:
            return False
        return not tensor.is_in_list and self.around.vocabulary.keys().isdisjoint(tensor.words)

    def _first_rule(self, tensor: Tensor, known_words: list[Word], begin: int, end: int) -> Rule | None:
        """The first rule that fits one of some words; the innermost word comes first in each table."""
        for table in range(len(TABLES)):
            for at in range(end - 1, begin - 1, -1):
                for rule in known_words[at].rules[table]:
                    if self._fits(rule, tensor, at):
                        return rule
        return None

    def _is_norm(self, tensor: Tensor, known_words: list[Word]) -> bool:
        """Whether a tensor is a norm's: by its module's name, or because it is a vector where others hold matrices.

        The name of the module that holds the tensor alone tells a norm: a projection inside a norm (adaptive norms) is
        none, nor is what stands below a prefix such as roberta_prelayernorm.
        """
        words, shape, modules = tensor.words, tensor.shape, self.around.modules
        if len(shape) <= 1 and known_words[-1].is_norm:
            return True
        if len(words) < 2:
            return False
        is_nameless = words[-1] in NAMELESS_NORM and not words[-2] and _is_vector(shape)
        if is_nameless and not any_in(SCALES, words[-3:-2]) and modules[tensor.paths[-2]].is_list_with_norms:
            return True
        # An item of a list of norms has no name of its own, so that the list's name tells it.
        in_list = len(shape) <= 1 and len(words) > 2 and not words[-2]
        if known_words[-3 if in_list else -2].is_norm:
            return True
        is_vector = len(shape) == 1 and words[-1] in _PARAMETERS and tensor.weight_dimensions < 2
        if not is_vector or any_in(NOT_NORM_VECTORS, words[-2:-1]):
            return False
        return shape in modules[tensor.paths[-2]].weight_shapes

    def _by_structure(self, tensor: Tensor) -> str:
        """The category of a tensor of whose name no rule knows a word: by what stands beside it, then by its shape."""
        if self._is_feed_forward(tensor):
            return "mlp"
        if self.around.has_attention and any(map(self.around.is_attention, _places(tensor))):
            return "attention"
        is_kernel = tensor.words[-1] in _PARAMETERS and any(map(_is_kernel, self.around.weights_of(tensor)))
        return "convolution" if is_kernel else "other"

    def _is_feed_forward(self, tensor: Tensor) -> bool:
        """Whether a tensor is a matrix of a list, or its bias, in which one widens what another narrows again."""
        if not tensor.is_in_list or not self.around.modules[tensor.paths[-2]].is_feed_forward:
            return False
        return any(len(weight) < 3 or _is_pointwise(weight) for weight in self.around.weights_of(tensor))

    def _fits(self, rule: Rule, tensor: Tensor, at: int) -> bool:
        """Whether all conditions of a rule hold that is asked about the word at a place."""
        return (
            self._fits_shape(rule, tensor)
            and self._fits_place(rule, tensor, at)
            and self._fits_surroundings(rule, tensor, at)
        )

    def _fits_shape(self, rule: Rule, tensor: Tensor) -> bool:
        """Whether a tensor has the shape that a rule wants; of a bias, whether its weights have it."""
        modules, path = self.around.modules, tensor.paths[-2]
        if rule.not_convolution:
            weights = self.around.weights_of(tensor)
            beside = modules[path].weight_shapes if path in modules else set()
            # A kernel of one point along a sequence is a matrix, but among kernels of more.
            if any(map(_is_convolution, beside if any(len(weight) == 3 for weight in weights) else weights)):
                return False
        if rule.pointwise and not all(map(_is_pointwise, self.around.weights_of(tensor))):
            return False
        if rule.one_point and path in modules and _are_spatial(modules[path].weight_shapes):
            return False
        if rule.one_shape and len(modules[path].weight_shapes) > 1:
            return False
        if rule.overlapping and not any(map(_is_overlapping, modules[path].weight_shapes)):
            return False
        return not rule.image_patches or any(map(_has_image_patches, self.around.weights_of(tensor)))

    def _fits_place(self, rule: Rule, tensor: Tensor, at: int) -> bool:
        """Whether the word stands in the name where a rule wants it."""
        words = tensor.words
        if rule.outside_lists and "" in words[:at]:
            return False
        if rule.last and at < len(words) - 1 - (1 if words[-1] in _PARAMETERS else 0):
            return False
        if rule.list_of_weights:
            is_list = words[at + 1 : at + 2] == [""]
            return is_list and "weight" in self.around.modules[tensor.paths[at + 2]].words
        return True

    def _fits_surroundings(self, rule: Rule, tensor: Tensor, at: int) -> bool:
        """Whether the words around are those that a rule wants."""
        outer, modules, paths = tensor.words[:at], self.around.modules, tensor.paths
        if rule.ancestor and not any_in(rule.ancestor, outer):
            return False
        if any_in(rule.no_ancestor, outer):
            return False
        if rule.child and not modules[paths[at + 1]].has(rule.child):
            return False
        if rule.no_child and modules[paths[at + 1]].has(rule.no_child):
            return False
        if rule.in_attention and not self.around.is_attention(paths[at]):
            return False
        return not rule.same_module or modules[paths[at]].has(rule.same_module)


def _places(tensor: Tensor) -> Iterator[str]:
    """The modules in which a tensor stands, the innermost first, as far as they are known."""
    innermost = len(tensor.words) - 1
    for at in range(innermost, max(-1, innermost - _MAX_DEPTH_IN_ATTENTION), -1):
        if place := tensor.place(at):
            yield place


def _is_kernel(shape: Shape) -> bool:
    """Whether a weight is a convolution's kernel, be it of one point."""
    return len(shape) > 3 or (len(shape) == 3 and shape[2] <= _MAX_KERNEL_POINTS)


def _is_convolution(shape: Shape) -> bool:
    return len(shape) > 3 or (len(shape) == 3 and shape[2] > 1)


def _is_pointwise(shape: Shape) -> bool:
    return shape[2:] == (1, 1)


def _are_spatial(shapes: set[Shape]) -> bool:
    """Whether weights are all kernels over an image of more than one point."""
    return bool(shapes) and all(prod(shape[2:]) > 1 and len(shape) > 3 for shape in shapes)


def _has_image_patches(shape: Shape) -> bool:
    """Whether a kernel takes an image of three colours apart into patches, whose sides are even."""
    return len(shape) > 3 and shape[1] == _COLOURS and shape[-1] >= _MIN_PATCH_PIXELS and shape[-1] % 2 == 0


def _is_overlapping(shape: Shape) -> bool:
    """Whether a kernel has a point in its middle, as no patch has."""
    return len(shape) > 2 and shape[-1] > 1 and shape[-1] % 2 == 1


def _is_vector(shape: Shape) -> bool:
    """Whether a tensor is a vector, be it spread over an image: 1 × 64 × 1 × 1."""
    return len(shape) == 1 or sum(length != 1 for length in shape) == 1

"""Which category a tensor counts to, by its name and shape in the context of its checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat

from core.checkpoint.config import ModelConfig
from core.classify.vocabulary import SILENT, Word, vocabulary
from core.naming.category_table import NAMELESS_NORM, NOT_NORM_VECTORS, QUERY_KEY_VALUE, SCALES, TABLES, Rule
from core.naming.components import ADAPTER, QKV, QUERY_AND_KEY

_Shape = tuple[int, ...]

_MAX_WORDS = 24
"""Of a name with more words, as no model has, the innermost are read."""
_CHUNK_TENSORS = 10_000
"""Tensors whose words are searched together, which bounds the memory that a search takes."""
_COLOURS = 3
_MIN_PATCH_PIXELS = 8
_MAX_KERNEL_POINTS = 64
_WEIGHTS = {"weight_v", "weight_g", "weight_orig"}


class _Module:
    """What lies in a module that a rule asks about.

    Attributes:
        words: the next words of the names in it.
        weight_shapes: the shapes of the tensors named `weight` in it.
    """

    __slots__ = ("_answers", "weight_shapes", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.weight_shapes: set[_Shape] = set()
        self._answers: dict[tuple[str, ...], bool] = {}

    @property
    def is_feed_forward(self) -> bool:
        """Whether one of its weights widens what another narrows again, as of a list `net.1.weight`, `net.4.weight`.

        Of 1 × 1 convolutions a norm among them tells that they are no block of a convolutional network.
        """
        matrices = {
            shape[:2]
            for shape in self.weight_shapes
            if len(shape) == 2 or (_is_pointwise(shape) and self.is_list_with_norms)
        }
        return any(
            (shape[1], shape[0]) in matrices or (shape[1], shape[0] // 2) in matrices
            for shape in matrices
            if shape[0] > shape[1]
        )

    @property
    def is_list_with_norms(self) -> bool:
        """Whether it is a list of norms, or of layers with norms among them."""
        if {"g", "b"} <= self.words or {"gamma", "beta"} <= self.words:
            return True
        return self.words <= NAMELESS_NORM | {"weight", "bias", ""} and not self.words.isdisjoint({"g", "gamma"})

    def has(self, pieces: tuple[str, ...]) -> bool:
        """Whether one of these stands in a word; each question is answered once, as a module may hold a million."""
        answer = self._answers.get(pieces)
        if answer is None:
            answer = self._answers[pieces] = _any(pieces, map(".{}.".format, self.words))
        return answer


def categories_of(
    tensors: Sequence[tuple[str, _Shape]],
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
    return _Checkpoint(tensors, names).categories(weight_dimensions)


class _Checkpoint:
    """The names of a checkpoint, for the context that rules ask for.

    Names are split anew at each turn and only what rules ask for is kept, since a hostile file may hold a million
    names that are all unlike.
    """

    def __init__(self, tensors: Sequence[tuple[str, _Shape]], names: Sequence[str]) -> None:
        self._tensors = tensors
        self._names = names or [name for name, _ in tensors]
        self._vocabulary: dict[str, Word] = {}
        for begin in range(0, len(tensors), _CHUNK_TENSORS):
            chunk = tensors[begin : begin + _CHUNK_TENSORS]
            self._vocabulary.update(vocabulary({word for name, _ in chunk for word in _words(name)}))
        self._modules: dict[str, _Module] = {}
        self._projections: dict[str, set[str]] = {}
        for name, shape in tensors:
            for path in self._relevant_modules(_words(name), shape):
                self._modules.setdefault(path, _Module())
        if self._modules:
            self._fill_modules()

    def _fill_modules(self) -> None:
        """Gives each module that a rule may ask about the words and the weights that lie in it."""
        for (template, shape), name in zip(self._tensors, self._names):
            words = _words(template)
            self._note_projections(words, name)
            module = None
            for path, word in zip(_paths(words), words):
                module = self._modules.get(path)
                if module:
                    module.words.add(word)
            if words[-1] == "weight" and module:
                module.weight_shapes.add(shape)

    def _note_projections(self, words: list[str], name: str) -> None:
        """Notes queries, keys and values in the modules that hold them."""
        for at, word in enumerate(words):
            # A word such as `attn_q` names the attention itself, so that what it stands beside is a whole layer.
            if not _any(("attn", "attention"), (word,)) and QUERY_KEY_VALUE in chain.from_iterable(self._vocabulary.get(word, SILENT).rules):
                place = _place(words, at, name)
                self._projections.setdefault(place, set()).update(word.split("_"))

    def _relevant_modules(self, words: list[str], shape: _Shape) -> Iterator[str]:
        """The paths of the modules that a rule may ask about for a tensor."""
        paths = _paths(words)
        if words[-1] in {"weight", "bias", *NAMELESS_NORM}:
            yield paths[-2]
        for at, word in enumerate(words):
            for rule in chain.from_iterable(self._vocabulary.get(word, SILENT).rules):
                if rule.same_module:
                    yield paths[at]
                if rule.child:
                    yield paths[at + 1]
                if rule.list_of_weights and words[at + 1 : at + 2] == [""]:
                    yield paths[at + 2]
                if rule.one_shape or rule.overlapping:
                    yield paths[-2]

    def categories(self, weight_dimensions: Iterable[int]) -> list[str]:
        """The category of each tensor."""
        certain = chain(weight_dimensions, repeat(0))
        return [
            self._category(_words(template), shape, name, dimensions)
            for (template, shape), name, dimensions in zip(self._tensors, self._names, certain)
        ]

    def _category(self, words: list[str], shape: _Shape, name: str, dimensions: int) -> str:
        known_words = [self._vocabulary.get(word, SILENT) for word in words]
        if any(known.is_adapter for known in known_words) or words[-1] in ADAPTER.words:
            return "adapter"
        paths = _paths(words)
        if self._is_norm(words, shape, paths, known_words, dimensions):
            return "norm"
        end = len(words)
        name_of_list = max((at for at in range(end - 1) if words[at]), default=0)
        while end > 0:
            # A part of the name ends where a list item, whose digits are gone, leaves an empty word.
            begin = end
            while begin > 0 and words[begin - 1]:
                begin -= 1
            for table in range(len(TABLES)):
                for at in range(end - 1, begin - 1, -1):
                    for rule in known_words[at].rules[table]:
                        if self._fits(rule, words, at, shape, paths, name, dimensions):
                            return rule.category or self._by_structure(words, shape, paths, name, dimensions)
            if begin <= name_of_list and self._is_feed_forward(words, shape, paths, dimensions):
                return "mlp"
            end = begin - 1
        return self._by_structure(words, shape, paths, name, dimensions)

    def _by_structure(self, words: list[str], shape: _Shape, paths: list[str], name: str, dimensions: int) -> str:
        """The category of a tensor of whose name no rule knows a word: by what stands beside it, then by its shape."""
        if words[-1] not in {"weight", "bias"}:
            return "other"
        if self._is_feed_forward(words, shape, paths, dimensions):
            return "mlp"
        if any(self._is_attention(_place(words, at, name)) for at in range(len(words) - 1, max(-1, len(words) - 5), -1)):
            return "attention"
        weights = self._weights(words, shape, paths, dimensions)
        return "convolution" if any(map(_is_kernel, weights)) else "other"

    def _is_feed_forward(self, words: list[str], shape: _Shape, paths: list[str], dimensions: int) -> bool:
        """Whether a tensor is a matrix of a list, or its bias, in which one widens what another narrows again."""
        if words[-1] not in {"weight", "bias"} or not self._modules[paths[-2]].is_feed_forward:
            return False
        weights = self._weights(words, shape, paths, dimensions)
        return not all(len(weight) > 2 and not _is_pointwise(weight) for weight in weights)

    def _is_attention(self, place: str) -> bool:
        """Whether a module holds a query, a key and a value, in modules of their own or together."""
        tokens = self._projections.get(place, set())
        return bool(tokens & QKV) or all(tokens & kind for kind in QUERY_AND_KEY)

    def _weights(self, words: list[str], shape: _Shape, paths: list[str], dimensions: int) -> set[_Shape]:
        """The shape of a tensor; of a bias, those of the weights that it may belong to."""
        if words[-1] != "bias" or len(shape) != 1:
            return {shape}
        weights = self._modules[paths[-2]].weight_shapes
        return {weight for weight in weights if dimensions in {0, len(weight)}} or {shape}

    def _is_norm(
        self, words: list[str], shape: _Shape, paths: list[str], known_words: list[Word], dimensions: int
    ) -> bool:
        """Whether a tensor is a norm's: by its module's name, or because it is a vector where others hold matrices.

        The name of the module that holds the tensor alone tells a norm: a projection inside a norm (adaptive norms) is
        none, nor is what stands below a prefix such as roberta_prelayernorm.
        """
        if len(shape) <= 1 and known_words[-1].is_norm:
            return True
        if len(words) < 2:
            return False
        is_nameless = words[-1] in NAMELESS_NORM and not words[-2] and _is_vector(shape)
        if is_nameless and not _any(SCALES, words[-3:-2]) and self._modules[paths[-2]].is_list_with_norms:
            return True
        # An item of a list of norms has no name of its own, so that the list's name tells it.
        in_list = len(shape) <= 1 and len(words) > 2 and not words[-2]
        if known_words[-3 if in_list else -2].is_norm:
            return True
        is_vector = len(shape) == 1 and words[-1] in {"weight", "bias"} and dimensions < 2
        if not is_vector or _any(NOT_NORM_VECTORS, words[-2:-1]):
            return False
        return shape in self._modules[paths[-2]].weight_shapes

    def _fits(self, rule: Rule, words: list[str], at: int, shape: _Shape, paths: list[str], name: str, dimensions: int) -> bool:
        """Whether all conditions of a rule hold that is asked about the word at a place."""
        return (
            (not rule.query_key_value or self._is_attention(_place(words, at, name))) and
            self._fits_shape(rule, words, shape, paths, dimensions)
            and self._fits_place(rule, words, at, paths)
            and self._fits_surroundings(rule, words, at, paths)
        )

    def _fits_shape(self, rule: Rule, words: list[str], shape: _Shape, paths: list[str], dimensions: int) -> bool:
        """Whether a tensor has the shape that a rule wants; of a bias, whether its weights have it."""
        if rule.not_convolution or rule.pointwise:
            shapes = self._weights(words, shape, paths, dimensions)
            module = self._modules.get(paths[-2])
            in_list = module.weight_shapes if module else set()
            if rule.not_convolution and any(
                _is_convolution(weight) or (len(weight) == 3 and any(map(_is_convolution, in_list))) for weight in shapes
            ):
                return False
            if rule.pointwise and not all(map(_is_pointwise, shapes)):
                return False
        if rule.one_shape and len(self._modules[paths[-2]].weight_shapes) > 1:
            return False
        if rule.image_patches:
            return any(map(_has_image_patches, self._weights(words, shape, paths, dimensions)))
        if rule.overlapping:
            return any(map(_is_overlapping, self._modules[paths[-2]].weight_shapes))
        return True

    def _fits_place(self, rule: Rule, words: list[str], at: int, paths: list[str]) -> bool:
        """Whether the word stands in the name where a rule wants it."""
        if rule.outside_lists and "" in words[:at]:
            return False
        if rule.last and at < len(words) - 1 - (1 if words[-1] in {"weight", "bias"} else 0):
            return False
        if rule.list_of_weights:
            is_list = words[at + 1 : at + 2] == [""]
            return is_list and "weight" in self._modules[paths[at + 2]].words
        return True

    def _fits_surroundings(self, rule: Rule, words: list[str], at: int, paths: list[str]) -> bool:
        """Whether the words around are those that a rule wants."""
        if rule.ancestor and not _any(rule.ancestor, words[:at]):
            return False
        if _any(rule.no_ancestor, words[:at]):
            return False
        if rule.child and not self._modules[paths[at + 1]].has(rule.child):
            return False
        if rule.no_child and self._modules[paths[at + 1]].has(rule.no_child):
            return False
        return not rule.same_module or self._modules[paths[at]].has(rule.same_module)


def _is_kernel(shape: _Shape) -> bool:
    """Whether a weight is a convolution's kernel."""
    return len(shape) > 3 or (len(shape) == 3 and shape[2] <= _MAX_KERNEL_POINTS)


def _has_image_patches(shape: _Shape) -> bool:
    """Whether a kernel takes an image of three colours apart into patches."""
    return len(shape) > 3 and shape[1] == _COLOURS and shape[-1] >= _MIN_PATCH_PIXELS and shape[-1] % 2 == 0


def _is_overlapping(shape: _Shape) -> bool:
    """Whether a kernel has a point in its middle, as no patch has."""
    return len(shape) > 2 and shape[-1] > 1 and shape[-1] % 2 == 1


def _is_vector(shape: _Shape) -> bool:
    """Whether a tensor is a vector, be it spread over an image: 1 × 64 × 1 × 1."""
    return len(shape) == 1 or sum(length != 1 for length in shape) == 1


def _is_convolution(shape: _Shape) -> bool:
    return len(shape) > 3 or (len(shape) == 3 and shape[2] > 1)


def _is_pointwise(shape: _Shape) -> bool:
    return shape[2:] == (1, 1)


def _words(name: str) -> list[str]:
    words = name.lower().rsplit(".", _MAX_WORDS)
    if "._" in name or name.startswith("_"):
        words = [word.strip("_") for word in words]
    if len(words) > _MAX_WORDS:
        del words[0]
    # What a quantisation or a parametrization keeps below a weight belongs to the weight's module, and is no vector of
    # its own; but an adapter that is kept there (jina-embeddings-v3) is an adapter.
    if "parametrizations" in words:
        words.remove("parametrizations")
    if "weight" in words[:-1] and not _any(ADAPTER.pieces, words[-1:]):
        # Weight norm keeps a weight as a length and a direction, `original0` and `original1`.
        kept = 1 if words[-1].startswith("original") else 0
        del words[max(1, words.index("weight") + kept) :]
    elif words[-1] in _WEIGHTS:
        words[-1] = "weight"
    return words


def _paths(words: list[str]) -> list[str]:
    """The path of the whole, of the first word, of the second in it, and so on."""
    return list(accumulate(words, "{}.{}".format, initial=""))


def _place(words: list[str], at: int, name: str) -> str:
    """The module in which a word stands, with its number if it is an item of a list within a list.

    `layers.0.0.to_q` and `layers.1.0.to_k` stand in one place, `layers.0.1.net` in another.
    """
    numbers = [part for part in name.split(".", at)[:at] if part.isdigit()]
    path = ".".join(words[:at])
    return f"{path}#{numbers[-1]}" if len(numbers) > 1 else path


def _any(pieces: Sequence[str], words: Iterable[str]) -> bool:
    return any(piece in word for word in words for piece in pieces)

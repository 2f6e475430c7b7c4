"""A tensor's name taken apart, and what lies in the modules around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat

from core.classify.vocabulary import SILENT, Word, vocabulary
from core.naming.category_table import NAMELESS_NORM, QUERY_BESIDE_KEY
from core.naming.components import ADAPTER, KEY_TOKENS, PROJECTION_TOKENS, QUERY_TOKENS, VALUE_TOKENS

Shape = tuple[int, ...]

_MAX_WORDS = 24
"""Of a name with more words, as no model has, the innermost are read."""
_CHUNK_TENSORS = 10_000
"""Tensors whose words are searched together and kept, which bounds the memory that this takes."""
_MAX_WEIGHT_SHAPES = 256
"""That are kept of a module: the largest have some dozen. In a set of many whose hashes were made alike each further
one takes longer."""
_WEIGHTS = {"weight_v", "weight_g", "weight_orig"}
"""What weight norm and spectral norm keep of a weight under names of their own."""
_ALL_TOKENS = QUERY_TOKENS | KEY_TOKENS | VALUE_TOKENS | PROJECTION_TOKENS


class Tensor:
    """A tensor, its name taken apart.

    Attributes:
        words: of its name without digits, in lower case.
        shape: its shape.
        name: its name with digits.
        weight_dimensions: of a bias how many dimensions its weight has, where its template does not tell it; else 0.
    """

    __slots__ = ("_paths", "name", "shape", "weight_dimensions", "words")

    def __init__(self, template: str, shape: Shape, name: str, weight_dimensions: int) -> None:
        self.words = _words(template)
        self.shape = shape
        self.name = name
        self.weight_dimensions = weight_dimensions
        self._paths: list[str] = []

    @property
    def paths(self) -> list[str]:
        """The paths of the whole, of the first word, of the second in it, and so on."""
        if not self._paths:
            self._paths = list(accumulate(self.words, "{}.{}".format, initial=""))
        return self._paths

    @property
    def is_in_list(self) -> bool:
        """Whether it is a weight or a bias of an item of a list, `net.1.weight`."""
        return len(self.words) > 1 and not self.words[-2] and self.words[-1] in {"weight", "bias"}

    def place(self, at: int) -> str:
        """The module in which a word stands, as its path and the innermost number in it; "" where that is not known.

        `layers.0.0.to_q` and `layers.1.0.to_k` stand in one place, `layers.0.1.net` in another.
        """
        if "" not in self.words[:at]:
            return self.paths[at]
        numbers = [part for part in self.name.split(".", at)[:at] if part.isdigit()]
        return f"{self.paths[at]}{numbers[-1]}" if numbers else ""


class Module:
    """What lies in a module that a rule asks about.

    Attributes:
        words: the next words of the names in it.
        weight_shapes: the shapes of the tensors named `weight` in it.
    """

    __slots__ = ("_answers", "_is_feed_forward", "weight_shapes", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.weight_shapes: set[Shape] = set()
        self._answers: dict[tuple[str, ...], bool] = {}
        self._is_feed_forward: bool | None = None

    @property
    def is_feed_forward(self) -> bool:
        """Whether one of its weights widens what another narrows again, as of a list `net.1.weight`, `net.4.weight`.

        Of 1 × 1 convolutions a norm among them tells that they are no block of a convolutional network.
        """
        # Asked for each tensor of the module, once all that lies in it is known.
        if self._is_feed_forward is None:
            self._is_feed_forward = self._widens_and_narrows()
        return self._is_feed_forward

    def _widens_and_narrows(self) -> bool:
        matrices = {
            shape[:2]
            for shape in self.weight_shapes
            if len(shape) == 2 or (shape[2:] == (1, 1) and self.is_list_with_norms)
        }
        # A gated one widens to twice what it narrows.
        return any(
            (inner, wide) in matrices or (inner, wide // 2) in matrices for wide, inner in matrices if wide > inner
        )

    @property
    def is_list_with_norms(self) -> bool:
        """Whether it is a list of norms whose vectors have no module of their own, or of layers with such norms."""
        if {"g", "b"} <= self.words or {"gamma", "beta"} <= self.words:
            return True
        return self.words <= NAMELESS_NORM | {"weight", "bias", ""} and not self.words.isdisjoint({"g", "gamma"})

    def has(self, pieces: tuple[str, ...]) -> bool:
        """Whether one of these stands in a word; each question is answered once, as a module may hold a million."""
        answer = self._answers.get(pieces)
        if answer is None:
            answer = self._answers[pieces] = any_in(pieces, map(".{}.".format, self.words))
        return answer


class Surroundings:
    """The names of a checkpoint, for the context that rules ask for.

    Only what rules ask for is kept, and the names of a large checkpoint are split anew at each turn, since a hostile
    file may hold a million names that are all unlike.

    Attributes:
        vocabulary: the words that tell something.
        modules: what lies in the modules that a rule may ask about, by their paths.
    """

    def __init__(
        self, tensors: Sequence[tuple[str, Shape]], names: Sequence[str], weight_dimensions: Iterable[int]
    ) -> None:
        """
        Args:
            tensors: template and shape of each tensor.
            names: their names with digits; none where they are not known.
            weight_dimensions: as `Tensor.weight_dimensions`; none where they are not known.
        """
        self._columns = (tensors, names or [template for template, _ in tensors], list(weight_dimensions))
        self._kept: list[Tensor] = list(self._split()) if len(tensors) <= _CHUNK_TENSORS else []
        self.vocabulary: dict[str, Word] = {}
        words: set[str] = set()
        for number, tensor in enumerate(self.tensors(), 1):
            words.update(tensor.words)
            if number % _CHUNK_TENSORS == 0 or number == len(tensors):
                self.vocabulary.update(vocabulary(words))
                words.clear()
        self.modules: dict[str, Module] = {}
        for tensor in self.tensors():
            for path in self._relevant_modules(tensor):
                self.modules.setdefault(path, Module())
        self._projections: dict[str, set[str]] = {}
        self._fill()

    def tensors(self) -> Iterable[Tensor]:
        """The tensors in their order."""
        return self._kept or self._split()

    @property
    def has_attention(self) -> bool:
        """Whether some module may be an attention by what it holds."""
        return bool(self._projections)

    def is_attention(self, place: str) -> bool:
        """Whether a module holds queries and keys, in modules of their own or together.

        Args:
            place: its path, or `Tensor.place`, which tells items of lists apart.
        """
        tokens = self._projections.get(place)
        return tokens is not None and not (QUERY_TOKENS.isdisjoint(tokens) or KEY_TOKENS.isdisjoint(tokens))

    def weights_of(self, tensor: Tensor) -> set[Shape]:
        """The shape of a tensor; of a bias, those of the weights that it may belong to."""
        if tensor.words[-1] != "bias" or len(tensor.shape) != 1:
            return {tensor.shape}
        weights = self.modules[tensor.paths[-2]].weight_shapes
        return {weight for weight in weights if tensor.weight_dimensions in {0, len(weight)}} or {tensor.shape}

    def _split(self) -> Iterator[Tensor]:
        tensors, names, dimensions = self._columns
        for (template, shape), name, weight_dimensions in zip(tensors, names, chain(dimensions, repeat(0))):
            yield Tensor(template, shape, name, weight_dimensions)

    def _relevant_modules(self, tensor: Tensor) -> Iterator[str]:
        """The paths of the modules that a rule may ask about for a tensor."""
        words = tensor.words
        is_vector = len(tensor.shape) == 1 and words[-1] == "weight"
        if is_vector or tensor.is_in_list or words[-1] == "bias" or words[-1] in NAMELESS_NORM:
            yield tensor.paths[-2]
        if self.vocabulary.keys().isdisjoint(words):
            return
        paths = tensor.paths
        for at, word in enumerate(words):
            for rule in chain.from_iterable(self.vocabulary.get(word, SILENT).rules):
                if rule.same_module:
                    yield paths[at]
                if rule.child:
                    yield paths[at + 1]
                if rule.list_of_weights and words[at + 1 : at + 2] == [""]:
                    yield paths[at + 2]
                if rule.one_shape or rule.overlapping:
                    yield paths[-2]

    def _fill(self) -> None:
        """Gives each module that a rule may ask about the words and the weights that lie in it."""
        projections = {
            word: word.split("_")
            for word, known in self.vocabulary.items()
            if QUERY_BESIDE_KEY in chain.from_iterable(known.rules) and _ALL_TOKENS.issuperset(word.split("_"))
        }
        for tensor in self.tensors() if self.modules or projections else ():
            module = None
            for at, (path, word) in enumerate(zip(tensor.paths, tensor.words)):
                module = self.modules.get(path)
                if module:
                    module.words.add(word)
                if word in projections:
                    for place in {path, tensor.place(at) or path}:
                        self._projections.setdefault(place, set()).update(projections[word])
            if tensor.words[-1] == "weight" and module and len(module.weight_shapes) < _MAX_WEIGHT_SHAPES:
                module.weight_shapes.add(tensor.shape)


def any_in(pieces: Sequence[str], words: Iterable[str]) -> bool:
    """Whether one of some pieces stands in one of some words."""
    return any(piece in word for word in words for piece in pieces)


def _words(template: str) -> list[str]:
    words = template.lower().rsplit(".", _MAX_WORDS)
    if len(words) > _MAX_WORDS:
        del words[0]
    if "._" in template or template.startswith("_"):
        words = [word.lstrip("_") for word in words]
    if words[-1] in _WEIGHTS:
        words[-1] = "weight"
    elif "weight" in words[:-1] and not any_in(ADAPTER.pieces, words[-1:]):
        # What a quantisation or a parametrization keeps below a weight belongs to the weight's module, and is no vector
        # of its own; but an adapter that is kept there (jina-embeddings-v3) is an adapter, and what weight norm keeps
        # (`original0`, `original1`) is the weight itself.
        if "parametrizations" in words:
            words.remove("parametrizations")
        kept = 1 if words[-1].startswith("original") else 0
        del words[max(1, words.index("weight") + kept) :]
    return words

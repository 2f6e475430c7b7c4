"""Which category a tensor counts to, by its name and shape in the context of its checkpoint."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from typing import NamedTuple

from core.checkpoint.config import ModelConfig
from core.naming.category_table import (
    ADAPTERS,
    ALONE,
    NO_NORM_VECTORS,
    NO_NORMS,
    NORM_PIECES,
    NORM_TOKENS,
    TABLES,
    Rule,
)

_Shape = tuple[int, ...]

# Deeper names do not occur; of a hostile one the innermost words are read.
_MOST_WORDS = 24
# How many tensors' words are searched together, which bounds the memory of it.
_AT_ONCE = 10_000
_COLOURS = 3
_PATCH = 8


def _by_word(rules: Sequence[Rule]) -> dict[str, list[int]]:
    """The numbers of the rules that look for a whole word, or for a token, which has "_" put before it here."""
    numbers: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        for word in (*rule.words, *(f"_{token}" for token in rule.tokens)):
            numbers.setdefault(word, []).append(number)
    return numbers


_BY_WORD = tuple(_by_word(rules) for rules in TABLES)
_WORDS = frozenset(chain.from_iterable(_BY_WORD))
_TOKENS = NORM_TOKENS.union(*(rule.tokens for rules in TABLES for rule in rules))
_NONE: frozenset[int] = frozenset()


class _Known(NamedTuple):
    """What a word says by itself.

    Attributes:
        adapter: whether it is PEFT's.
        norm: whether a norm is named so.
        rules: those that know it, by table.
    """

    adapter: bool
    norm: bool
    rules: tuple[Sequence[Rule], ...]


_NO_RULES: tuple[Sequence[Rule], ...] = ((),) * len(TABLES)
_UNKNOWN = _Known(False, False, _NO_RULES)


class _Module:
    """What stands in a module that a rule asks about.

    Attributes:
        words: the next words of the names in it.
        weights: the shapes of the tensors named `weight` in it.
    """

    __slots__ = ("_asked", "weights", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.weights: set[_Shape] = set()
        self._asked: dict[tuple[str, ...], bool] = {}

    def has(self, pieces: tuple[str, ...]) -> bool:
        """Whether one of these stands in a word; looked up once, where a million words stand in it."""
        answer = self._asked.get(pieces)
        if answer is None:
            answer = self._asked[pieces] = _any(pieces, map(".{}.".format, self.words))
        return answer


def categories_of(
    tensors: Sequence[tuple[str, _Shape]], config: ModelConfig, of_matrices: Iterable[bool] = ()
) -> list[str]:
    """The category of each tensor of a checkpoint, in the context of all.

    Args:
        tensors: name without digits, and shape, of all tensors that are known so far.
        config: what its config says; of an adapter, its own. No other rule needs it: names and shapes have
            told more than `model_type`, which is missing beside many a file.
        of_matrices: of each tensor whether it is known for the bias of a weight with two dimensions or more.

    Returns:
        A key of `core.classify.category.CATEGORIES` for each tensor, in their order.
    """
    if config.is_adapter:
        return ["adapter"] * len(tensors)
    return _Checkpoint(tensors).categories(of_matrices)


class _Checkpoint:
    """The names of a checkpoint, for the context that rules ask for.

    Names are split anew at each turn and only what rules ask for is kept, since a hostile file may hold a million
    names that are all unlike.
    """

    def __init__(self, tensors: Sequence[tuple[str, _Shape]]) -> None:
        self._tensors = tensors
        self._known: dict[str, _Known] = {}
        for begin in range(0, len(tensors), _AT_ONCE):
            part = tensors[begin : begin + _AT_ONCE]
            self._known.update(_vocabulary({word for name, _ in part for word in _words(name)}))
        self._modules: dict[str, _Module] = {}
        for name, shape in tensors:
            words = _words(name)
            for path in self._asked(words, shape):
                self._modules.setdefault(path, _Module())
        for name, shape in tensors if self._modules else ():
            words = _words(name)
            for path, word in zip(_paths(words), words):
                if module := self._modules.get(path):
                    module.words.add(word)
            if words[-1] == "weight" and module:
                module.weights.add(shape)

    def _asked(self, words: list[str], shape: _Shape) -> Iterator[str]:
        """The modules that may matter to a tensor, by path."""
        if self._known.keys().isdisjoint(words) and len(shape) != 1:
            return
        paths = _paths(words)
        if words[-1] == "bias" or (len(shape) == 1 and words[-1] in {"weight", *ALONE}):
            yield paths[-2]
        for at, word in enumerate(words):
            for rule in chain.from_iterable(self._known.get(word, _UNKNOWN).rules):
                if rule.beside:
                    yield paths[at]
                if rule.holds:
                    yield paths[at + 1]
                if rule.bare and words[at + 1 : at + 2] == [""]:
                    yield paths[at + 2]
                if rule.sole:
                    yield paths[-2]

    def categories(self, of_matrices: Iterable[bool]) -> list[str]:
        said = chain(of_matrices, repeat(False))
        return [self._category(_words(name), shape, of_matrix) for (name, shape), of_matrix in zip(self._tensors, said)]

    def _category(self, words: list[str], shape: _Shape, of_matrix: bool) -> str:
        if len(shape) != 1 and self._known.keys().isdisjoint(words):
            return "other"
        known = [self._known.get(word, _UNKNOWN) for word in words]
        if any(word.adapter for word in known):
            return "adapter"
        paths = _paths(words)
        if self._is_norm(words, shape, paths, known, of_matrix):
            return "norm"
        end = len(words)
        while end > 0:
            begin = end
            while begin > 0 and words[begin - 1]:
                begin -= 1
            for table in range(len(TABLES)):
                for at in range(end - 1, begin - 1, -1):
                    for rule in known[at].rules[table]:
                        if self._fits(rule, words, at, shape, paths):
                            return rule.category
            end = begin - 1
        return "other"

    def _is_norm(self, words: list[str], shape: _Shape, paths: list[str], known: list[_Known], of_matrix: bool) -> bool:
        """Whether a tensor is a norm's: by its module's name, or because it is a vector where others hold matrices."""
        if len(shape) <= 1 and known[-1].norm:
            return True
        if len(words) < 2:
            return False
        nameless = len(shape) == 1 and words[-1] in ALONE and not words[-2]
        if nameless and self._modules[paths[-2]].words <= ALONE and not _any(NO_NORM_VECTORS, words[-3:-2]):
            return True
        # An item of a list of norms has no name of its own.
        module = -3 if len(shape) <= 1 and len(words) > 2 and not words[-2] else -2
        if known[module].norm:
            return True
        if of_matrix or len(shape) != 1 or words[-1] not in {"weight", "bias"} or _any(NO_NORM_VECTORS, words[-2:-1]):
            return False
        return shape in self._modules[paths[-2]].weights

    def _fits(self, rule: Rule, words: list[str], at: int, shape: _Shape, paths: list[str]) -> bool:
        """Whether a rule that knows a word holds in its place."""
        if rule.flat or rule.point:
            weights = (words[-1] == "bias" and self._modules[paths[-2]].weights) or {shape}
            if (rule.flat and all(map(_is_convolution, weights))) or (rule.point and not all(map(_is_point, weights))):
                return False
        if rule.patch and (len(shape) < 4 or shape[1] != _COLOURS or shape[-1] < _PATCH):
            return False
        if rule.lone and "" in words[:at]:
            return False
        if rule.last and at < len(words) - 1 - (words[-1] in {"weight", "bias"}):
            return False
        if rule.bare and (words[at + 1 : at + 2] != [""] or "weight" not in self._modules[paths[at + 2]].words):
            return False
        if rule.sole and len(self._modules[paths[-2]].weights) > 1:
            return False
        if (rule.inside and not _any(rule.inside, words[:at])) or _any(rule.outside, words[:at]):
            return False
        if rule.holds and not self._modules[paths[at + 1]].has(rule.holds):
            return False
        if rule.lacks and self._modules[paths[at + 1]].has(rule.lacks):
            return False
        return not rule.beside or self._modules[paths[at]].has(rule.beside)


def _is_convolution(shape: _Shape) -> bool:
    return len(shape) > 3 or (len(shape) == 3 and shape[2] > 1)


def _is_point(shape: _Shape) -> bool:
    return shape[2:] == (1, 1)


def _vocabulary(distinct: set[str]) -> Iterator[tuple[str, _Known]]:
    """The words that say something, and what each says by itself.

    All are searched as one text: a piece in ten thousand words is found in a moment.
    """
    words = list(distinct)
    text = f".{'.'.join(words)}."
    starts = list(accumulate((len(word) + 1 for word in words), initial=1))
    adapters = {at for piece in ADAPTERS for at in _holding(piece, text, starts)}
    norms = {at for piece in NORM_PIECES for at in _holding(piece, text, starts)}
    found: list[dict[int, set[int]]] = [{} for _ in TABLES]
    for table, rules in enumerate(TABLES):
        for number, rule in enumerate(rules):
            for piece in rule.pieces:
                for at in _holding(piece, text, starts):
                    found[table].setdefault(at, set()).add(number)
    touched = adapters.union(norms, *found)
    for at, word in enumerate(words):
        if at not in touched and word not in _WORDS and _TOKENS.isdisjoint(word.split("_")):
            continue
        known = _known(word, at in adapters, at in norms, [by_piece.get(at, _NONE) for by_piece in found])
        yield word, known


def _holding(piece: str, text: str, starts: Sequence[int]) -> Iterator[int]:
    """The words, by number, that hold a piece."""
    at = text.find(piece)
    while at >= 0:
        # A piece that begins with the dot before a word is found one before its start.
        number = bisect_right(starts, at + piece.startswith(".")) - 1
        yield number
        at = text.find(piece, starts[number + 1] - 1)


def _known(word: str, adapter: bool, norm: bool, by_piece: Sequence[Iterable[int]]) -> _Known:
    tokens = word.rstrip("_").split("_")
    if (norm or not NORM_TOKENS.isdisjoint(tokens)) and tokens[-1] not in NO_NORMS:
        # A norm's name says where it stands, and nothing of what is in it.
        return _Known(adapter, True, _NO_RULES)
    tables = []
    for rules, words, numbers in zip(TABLES, _BY_WORD, by_piece):
        known = {*numbers, *words.get(word, ()), *(number for token in tokens for number in words.get(f"_{token}", ()))}
        tables.append(tuple(rules[number] for number in sorted(known)) if known else ())
    return _Known(adapter, False, tuple(tables))


def _words(name: str) -> list[str]:
    words = name.lower().rsplit(".", _MOST_WORDS)
    if len(words) > _MOST_WORDS:
        del words[0]
    # What a quantisation or a parametrization keeps below a weight belongs to its module, and is no vector of its own;
    # an adapter (jina-embeddings-v3) is one there too.
    if "weight" in words[:-1] and not _any(ADAPTERS, words[-1:]):
        del words[max(1, words.index("weight")) :]
    return words


def _paths(words: list[str]) -> list[str]:
    """The path of the whole, of the first word, of the second in it, and so on."""
    return list(accumulate(words, "{}.{}".format, initial=""))


def _any(pieces: Sequence[str], words: Iterable[str]) -> bool:
    return any(piece in word for word in words for piece in pieces)

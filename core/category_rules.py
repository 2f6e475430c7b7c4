"""Which category a tensor counts to, by its name and shape in the context of its checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.category_names import (
    ADAPTERS,
    MODULES,
    NO_NORM_VECTORS,
    NO_NORMS,
    NORM_PIECES,
    NORM_TOKENS,
    PLACES,
    PROJECTIONS,
    Rule,
)

# Deeper names do not occur; a hostile one costs no more than this.
_MOST_WORDS = 32
_COLOURS = 3
_PATCH = 8
_TABLES = (MODULES, PROJECTIONS, PLACES)


class _Word:
    """A module of the checkpoint, or a tensor: a word in its place.

    Attributes:
        inner: what stands in it, by the next word.
        shapes: of the tensors so named.
    """

    __slots__ = ("inner", "shapes")

    def __init__(self) -> None:
        self.inner: dict[str, _Word] = {}
        self.shapes: set[tuple[int, ...]] = set()


def categories_of(tensors: Sequence[tuple[str, tuple[int, ...]]], config: Mapping[str, Any]) -> list[str]:
    """The category of each tensor of a checkpoint, in the context of all.

    Args:
        tensors: name without digits, and shape, of all tensors that are known so far.
        config: the parsed config.json, or {}.

    Returns:
        A key of `core.categories.CATEGORIES` for each tensor, in their order.
    """
    return _Names(tensors).categories()


class _Names:
    """The names of a checkpoint, for the context that rules ask for."""

    def __init__(self, tensors: Sequence[tuple[str, tuple[int, ...]]]) -> None:
        self._tensors = [(_words(name), shape) for name, shape in tensors]
        self._root = _Word()
        self._rules: dict[str, tuple[tuple[Rule, ...], ...]] = {}
        for words, shape in self._tensors:
            at = self._root
            for word in words:
                at = at.inner.setdefault(word, _Word())
            at.shapes.add(shape)

    def categories(self) -> list[str]:
        return [self._category(words, shape) for words, shape in self._tensors]

    def _category(self, words: list[str], shape: tuple[int, ...]) -> str:
        path = [self._root]
        for word in words:
            path.append(path[-1].inner[word])
        if any(piece in word for word in words for piece in ADAPTERS):
            return "adapter"
        if _is_norm(words, shape, path):
            return "norm"
        end = len(words)
        while end > 0:
            begin = end - 1
            while begin > 0 and words[begin - 1]:
                begin -= 1
            for table in range(len(_TABLES)):
                for at in range(end - 1, begin - 1, -1):
                    for rule in self._rules_of(words[at])[table]:
                        if _fits(rule, words, at, shape, path):
                            return rule.category
            end = begin - 1
        return "other"

    def _rules_of(self, word: str) -> tuple[tuple[Rule, ...], ...]:
        known = self._rules.get(word)
        if known is None:
            known = self._rules[word] = tuple(tuple(_matching(word, table)) for table in _TABLES)
        return known


def _words(name: str) -> list[str]:
    words = name.lower().rsplit(".", _MOST_WORDS)
    if len(words) > _MOST_WORDS:
        del words[0]
    # What a quantisation or a parametrization keeps below a weight belongs to its module, and is no vector of its own.
    if "weight" in words[:-1]:
        del words[words.index("weight") :]
    return words


def _matching(word: str, table: tuple[Rule, ...]) -> list[Rule]:
    """The rules that know a word. A norm's name says where it stands, and nothing of what is in it."""
    if _is_norms(word):
        return []
    tokens = word.split("_")
    whole = f".{word}."
    return [
        rule
        for rule in table
        if word in rule.words
        or any(token in tokens for token in rule.tokens)
        or any(piece in whole for piece in rule.pieces)
    ]


def _fits(rule: Rule, words: list[str], at: int, shape: tuple[int, ...], path: list[_Word]) -> bool:
    """Whether a rule that knows a word holds in its place."""
    if rule.flat and (len(shape) > 2 or _is_convolved(words, path)):
        return False
    if rule.patch and (len(shape) < 4 or shape[1] != _COLOURS or shape[-1] < _PATCH):
        return False
    if rule.lone and "" in words[:at]:
        return False
    if rule.last and at < len(words) - 1 - (words[-1] in {"weight", "bias"}):
        return False
    if rule.bare and (words[at + 1 : at + 2] != [""] or "weight" not in path[at + 2].inner):
        return False
    if rule.inside and not _any(rule.inside, words[:at]):
        return False
    if rule.children and not _any(rule.children, path[at + 1].inner):
        return False
    return not rule.siblings or _any(rule.siblings, path[at].inner)


def _is_convolved(words: list[str], path: list[_Word]) -> bool:
    """Whether a bias is a convolution's."""
    weight = path[-2].inner.get("weight")
    return words[-1] == "bias" and weight is not None and all(len(shape) > 2 for shape in weight.shapes)


def _any(pieces: Sequence[str], words: Iterable[str]) -> bool:
    return any(piece in word for word in words for piece in pieces)


def _is_norms(word: str) -> bool:
    tokens = word.rstrip("_").split("_")
    named = any(piece in word for piece in NORM_PIECES) or any(token in tokens for token in NORM_TOKENS)
    return named and tokens[-1] not in NO_NORMS


def _is_norm(words: list[str], shape: tuple[int, ...], path: list[_Word]) -> bool:
    """Whether a tensor is a norm's: by its module's name, or because it is a vector where others hold matrices."""
    if len(shape) <= 1 and _is_norms(words[-1]):
        return True
    if len(words) < 2:
        return False
    if _is_norms(words[-2]):
        return True
    if len(shape) != 1 or words[-1] not in {"weight", "bias"} or _any(NO_NORM_VECTORS, words[-2:-1]):
        return False
    weight = path[-2].inner.get("weight")
    return weight is not None and shape in weight.shapes

"""Which category a tensor counts to, by its name and shape in the context of its checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.adapters import is_adapter
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

_Shape = tuple[int, ...]

# Deeper names do not occur; of a hostile one the innermost words are read.
_MOST_WORDS = 32
_COLOURS = 3
_PATCH = 8


class _Table:
    """One of the tables of rules, found by what they look for in a word."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._whole: dict[str, list[int]] = {}
        self._tokens: dict[str, list[int]] = {}
        self._pieces: list[tuple[str, int]] = []
        for number, rule in enumerate(rules):
            for word in rule.words:
                self._whole.setdefault(word, []).append(number)
            for token in rule.tokens:
                self._tokens.setdefault(token, []).append(number)
            self._pieces.extend((piece, number) for piece in rule.pieces)

    def knowing(self, word: str) -> tuple[Rule, ...]:
        """The rules that know a word, in their order."""
        dotted = f".{word}."
        found = {number for piece, number in self._pieces if piece in dotted}
        found.update(self._whole.get(word, ()))
        for token in word.split("_"):
            found.update(self._tokens.get(token, ()))
        return tuple(self._rules[number] for number in sorted(found))


_TABLES = tuple(_Table(rules) for rules in (MODULES, PROJECTIONS, PLACES))


class _Known(NamedTuple):
    """What a word says by itself.

    Attributes:
        adapter: whether it is PEFT's.
        norm: whether a norm is named so.
        rules: those that know it, by table.
    """

    adapter: bool
    norm: bool
    rules: tuple[tuple[Rule, ...], ...]


class _Word:
    """A word of the checkpoint's names in its place: a module or a tensor.

    Attributes:
        inner: what stands in it, by the next word.
        shapes: of the tensors so named.
    """

    __slots__ = ("inner", "shapes")

    def __init__(self) -> None:
        self.inner: dict[str, _Word] = {}
        self.shapes: set[_Shape] = set()


def categories_of(tensors: Sequence[tuple[str, _Shape]], config: Mapping[str, Any]) -> list[str]:
    """The category of each tensor of a checkpoint, in the context of all.

    Args:
        tensors: name without digits, and shape, of all tensors that are known so far.
        config: the parsed config.json, or {}; of an adapter, its own. No other rule needs it: names and shapes have
            told more than `model_type`, which is missing beside many a file.

    Returns:
        A key of `core.categories.CATEGORIES` for each tensor, in their order.
    """
    if is_adapter(config):
        return ["adapter"] * len(tensors)
    return _Checkpoint(tensors).categories()


class _Checkpoint:
    """The names of a checkpoint, for the context that rules ask for."""

    def __init__(self, tensors: Sequence[tuple[str, _Shape]]) -> None:
        self._known: dict[str, _Known] = {}
        self._root = _Word()
        self._tensors = [(_words(name), shape) for name, shape in tensors]
        for words, shape in self._tensors:
            at = self._root
            for word in words:
                inner = at.inner.get(word)
                if inner is None:
                    inner = at.inner[word] = _Word()
                at = inner
            at.shapes.add(shape)

    def categories(self) -> list[str]:
        return [self._category(words, shape) for words, shape in self._tensors]

    def _category(self, words: list[str], shape: _Shape) -> str:
        known = [self._known_of(word) for word in words]
        if any(word.adapter for word in known):
            return "adapter"
        path = [self._root]
        for word in words:
            path.append(path[-1].inner[word])
        if _is_norm(words, shape, path, known):
            return "norm"
        end = len(words)
        while end > 0:
            begin = end
            while begin > 0 and words[begin - 1]:
                begin -= 1
            for table in range(len(_TABLES)):
                for at in range(end - 1, begin - 1, -1):
                    for rule in known[at].rules[table]:
                        if _fits(rule, words, at, shape, path):
                            return rule.category
            end = begin - 1
        return "other"

    def _known_of(self, word: str) -> _Known:
        known = self._known.get(word)
        if known is None:
            norm = _names_norm(word)
            # A norm's name says where it stands, and nothing of what is in it.
            rules = ((),) * len(_TABLES) if norm else tuple(table.knowing(word) for table in _TABLES)
            known = self._known[word] = _Known(any(piece in word for piece in ADAPTERS), norm, rules)
        return known


def _words(name: str) -> list[str]:
    words = name.lower().rsplit(".", _MOST_WORDS)
    if len(words) > _MOST_WORDS:
        del words[0]
    # What a quantisation or a parametrization keeps below a weight belongs to its module, and is no vector of its own.
    if "weight" in words[:-1]:
        del words[words.index("weight") :]
    return words


def _names_norm(word: str) -> bool:
    tokens = word.rstrip("_").split("_")
    named = any(piece in word for piece in NORM_PIECES) or not NORM_TOKENS.isdisjoint(tokens)
    return named and tokens[-1] not in NO_NORMS


def _is_norm(words: list[str], shape: _Shape, path: list[_Word], known: list[_Known]) -> bool:
    """Whether a tensor is a norm's: by its module's name, or because it is a vector where others hold matrices."""
    if len(shape) <= 1 and known[-1:] and known[-1].norm:
        return True
    if len(words) < 2:
        return False
    if known[-2].norm:
        return True
    if len(shape) != 1 or words[-1] not in {"weight", "bias"} or _any(NO_NORM_VECTORS, words[-2:-1]):
        return False
    weight = path[-2].inner.get("weight")
    return weight is not None and shape in weight.shapes


def _fits(rule: Rule, words: list[str], at: int, shape: _Shape, path: list[_Word]) -> bool:
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
    if rule.holds and not _any(rule.holds, path[at + 1].inner):
        return False
    return not rule.beside or _any(rule.beside, path[at].inner)


def _is_convolved(words: list[str], path: list[_Word]) -> bool:
    """Whether a bias is a convolution's."""
    weight = path[-2].inner.get("weight")
    return words[-1] == "bias" and weight is not None and all(len(shape) > 2 for shape in weight.shapes)


def _any(pieces: Sequence[str], words: Iterable[str]) -> bool:
    return any(piece in word for word in words for piece in pieces)

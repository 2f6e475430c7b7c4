"""The words of a checkpoint's names that tell something, each with the rules that are asked about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain

from core.naming.category_table import TABLES, Rule
from core.naming.components import ADAPTER, NO_NORM, NORM


def _rules_by_word(rules: Sequence[Rule]) -> dict[str, list[int]]:
    """The numbers of the rules about a whole word, and of those about a token, which has "_" put before it here."""
    numbers: dict[str, list[int]] = {}
    for number, rule in enumerate(rules):
        for word in (*rule.words, *(f"_{token}" for token in rule.tokens)):
            numbers.setdefault(word, []).append(number)
    return numbers


_RULES_BY_WORD = tuple(_rules_by_word(rules) for rules in TABLES)
_WORDS = frozenset(chain.from_iterable(_RULES_BY_WORD))
_TOKENS = NORM.words.union(*(rule.tokens for rules in TABLES for rule in rules))
_NO_NUMBERS: frozenset[int] = frozenset()


class Word:
    """What a word tells by itself.

    Attributes:
        is_adapter: whether PEFT adds it.
        is_norm: whether it names a norm.
        rules: the rules that are asked about it, a sequence for each table.
    """

    __slots__ = ("is_adapter", "is_norm", "rules")

    def __init__(self, is_adapter: bool, is_norm: bool, rules: tuple[Sequence[Rule], ...]) -> None:
        self.is_adapter = is_adapter
        self.is_norm = is_norm
        self.rules = rules


_NO_RULES: tuple[Sequence[Rule], ...] = ((),) * len(TABLES)
SILENT = Word(False, False, _NO_RULES)


def vocabulary(distinct: set[str]) -> Iterator[tuple[str, Word]]:
    """The words that tell something, and what each tells by itself.

    All are searched as one text, which finds a piece in ten thousand words at once.
    """
    words = list(distinct)
    text = f".{'.'.join(words)}."
    starts = list(accumulate((len(word) + 1 for word in words), initial=1))
    adapters = {at for piece in ADAPTER.pieces for at in _words_with(piece, text, starts)}
    norms = {at for piece in NORM.pieces for at in _words_with(piece, text, starts)}
    rules_of_word: list[dict[int, set[int]]] = [{} for _ in TABLES]
    for table, rules in enumerate(TABLES):
        for number, rule in enumerate(rules):
            for piece in rule.pieces:
                for at in _words_with(piece, text, starts):
                    rules_of_word[table].setdefault(at, set()).add(number)
    has_piece = adapters.union(norms, *rules_of_word)
    for at, word in enumerate(words):
        if at in has_piece or word in _WORDS or not _TOKENS.isdisjoint(word.split("_")):
            numbers = [by_piece.get(at, _NO_NUMBERS) for by_piece in rules_of_word]
            yield word, _known_word(word, at in adapters, at in norms, numbers)


def _words_with(piece: str, text: str, starts: Sequence[int]) -> Iterator[int]:
    """The words, by number, in which a piece stands."""
    at = text.find(piece)
    while at >= 0:
        # A piece that begins with the dot before a word is found one character before the word's start.
        begins_before = 1 if piece.startswith(".") else 0
        number = bisect_right(starts, at + begins_before) - 1
        yield number
        at = text.find(piece, starts[number + 1] - 1)


def _known_word(word: str, is_adapter: bool, is_norm: bool, numbers_by_piece: Sequence[Iterable[int]]) -> Word:
    """What a word tells, given the rules in each table that are about a piece of it."""
    tokens = word.rstrip("_").split("_")
    if (is_norm or not NORM.words.isdisjoint(tokens)) and tokens[-1] not in NO_NORM.words:
        # A norm's name tells where the norm stands (`attention_norm`), and nothing of what is in it.
        return Word(is_adapter, True, _NO_RULES)
    tables = []
    for rules, by_word, by_piece in zip(TABLES, _RULES_BY_WORD, numbers_by_piece):
        numbers = {*by_piece, *by_word.get(word, ())}
        for token in tokens:
            numbers.update(by_word.get(f"_{token}", ()))
        tables.append(tuple(rules[number] for number in sorted(numbers)))
    return Word(is_adapter, False, tuple(tables))

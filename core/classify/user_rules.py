"""Rules that are asked before the built-in ones: the study's own, or a user's from a TOML file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from core.checkpoint.errors import CheckpointError
from core.classify.category import CATEGORIES
from core.text.escape import escaped
from core.text.width import shortened

STUDY = "study"
_MAX_FILE_BYTES = 1_000_000
_MAX_DOTS_IN_LINE = 64
_KEYS = {"pattern", "category"}


class RulesError(Exception):
    """A file of rules cannot be used; the message tells why in one sentence."""


class Rules(ABC):
    """What a tensor's category is by its full name.

    Attributes:
        name: what `--rules` was given.
        note: what a reader of the figures must know of them.
    """

    def __init__(self, name: str, note: str) -> None:
        self.name = name
        self.note = note

    @abstractmethod
    def category_of(self, name: str) -> str:
        """The category of a tensor; "" where the built-in rules decide.

        Args:
            name: the whole name, with its digits.
        """


class StudyRules(Rules):
    """The study's rules: three substrings of a name, asked in its order, upper and lower case distinguished."""

    def __init__(self) -> None:
        note = (
            "categories by the study's rules (--rules study): attn or attention in a name is attention, mlp or fc is "
            "MLP, ln is layer norm, and all the rest is embedding, whatever it is"
        )
        super().__init__(STUDY, note)

    def category_of(self, name: str) -> str:
        """The category of a tensor."""
        if "attn" in name or "attention" in name:
            return "attention"
        if "mlp" in name or "fc" in name:
            return "mlp"
        return "norm" if "ln" in name else "embedding"


class UserRules(Rules):
    """Patterns of whole names, as `fnmatch` understands them; the first that fits decides."""

    def __init__(self, path: str, rules: list[tuple[str, str]]) -> None:
        """
        Args:
            path: their file.
            rules: patterns, each with its category.
        """
        import re
        from fnmatch import translate

        super().__init__(path, f"categories by the rules of {path} first, then by the built-in ones")
        self._rules = [(re.compile(translate(pattern)).match, category) for pattern, category in rules]

    def category_of(self, name: str) -> str:
        """The category of a tensor; "" where no pattern fits it."""
        return next((category for fits, category in self._rules if fits(name)), "")


def rules_of(option: str) -> Rules:
    """The rules that an option names: `study`, or a file (`./study` is always a file).

    Raises:
        RulesError: where the file is no file of rules.
    """
    return StudyRules() if option == STUDY else UserRules(option, _read(option))


def _read(path: str) -> list[tuple[str, str]]:
    from core.files.local import open_regular

    try:
        with open_regular(path, path) as file:
            text = file.read(_MAX_FILE_BYTES + 1)
    except CheckpointError as error:
        raise _wrong(path, f"it could not be read ({error.reason})") from error
    except OSError as error:
        raise _wrong(path, f"it could not be read ({error.strerror or error})") from error
    if len(text) > _MAX_FILE_BYTES:
        raise _wrong(path, "it is larger than 1 MB, which no file of rules is")
    document = _parsed(path, text)
    for key in document:
        if key != "rule":
            raise _wrong(path, f"unknown key {_quoted(key)}; a rule begins with [[rule]]")
    rules = document.get("rule")
    if not isinstance(rules, list) or not rules:
        raise _wrong(path, "there is no rule in it; a rule begins with [[rule]]")
    return [_rule(path, number, rule) for number, rule in enumerate(rules, 1)]


def _parsed(path: str, text: bytes) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    # Python's parser takes gigabytes of memory for a key with thousands of dots in it.
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(b".") > _MAX_DOTS_IN_LINE:
            raise _wrong(path, f"line {number} has more than {_MAX_DOTS_IN_LINE} dots, as no pattern has")
    try:
        document: dict[str, Any] = tomllib.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _wrong(path, f"it is not UTF-8 text (byte {error.start})") from error
    except RecursionError as error:
        raise _wrong(path, "it is not TOML (nested too deeply)") from error
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, f"it is not TOML ({error})") from error
    except ValueError as error:
        raise _wrong(path, "a number or a date in it is none that can be") from error
    return document


def _rule(path: str, number: int, rule: Any) -> tuple[str, str]:
    where = f"rule {number}"
    if not isinstance(rule, dict):
        raise _wrong(path, f"{where} is no table with a pattern and a category")
    for key in rule:
        if key not in _KEYS:
            raise _wrong(path, f"{where}: unknown key {_quoted(key)}; a rule has a pattern and a category")
    for key in ("pattern", "category"):
        if key not in rule:
            raise _wrong(path, f"{where} has no {key}")
        if not isinstance(rule[key], str):
            raise _wrong(path, f"{where}: its {key} is not a text in quotes")
    pattern, category = rule["pattern"], rule["category"]
    if not pattern:
        raise _wrong(path, f"{where}: its pattern is empty")
    if category not in CATEGORIES:
        raise _wrong(path, f"{where}: unknown category {_quoted(category)}; there are {', '.join(CATEGORIES)}")
    return pattern, category


def _quoted(text: str) -> str:
    return f'"{shortened(text, 60)}"'


def _wrong(path: str, reason: str) -> RulesError:
    return RulesError(escaped(f"{path}: {reason}"))

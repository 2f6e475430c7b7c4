"""The options that several commands share: declared and checked once, whichever commands take them."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from core.report.results import BY, By

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from core.classify.user_rules import Rules

Output: TypeAlias = "Literal['print', 'json', 'csv', 'markdown']"
_OUTPUTS: dict[Output, str] = {
    "print": "a text table (the default when piped)",
    "json": "everything, for scripts",
    "csv": "the rows, RFC 4180",
    "markdown": "a GitHub table",
}
_MAX_DEPTH = 999


class Options(Namespace):
    """What was typed, as `argparse` fills it in. A command's own options are further attributes.

    Attributes:
        models: as they were typed, in that order.
        output: the headless output asked for; None where none was.
        by: what a row is; None where that was not said.
        depth: with `--by module` how deep, from 1.
        rules: what was typed, and, once it is read, the rules themselves.
        ascii: whether `--ascii` was given.
    """

    models: list[str]
    output: Output | None
    by: By | None
    depth: int | None
    rules: str | Rules | None
    ascii: bool


def add_models(parser: ArgumentParser) -> None:
    """Declares the models and how they are written: the first lines of the help."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="what to show")
    group = parser.add_mutually_exclusive_group()
    for output, told in _OUTPUTS.items():
        group.add_argument(f"--{output}", dest="output", action="store_const", const=output, help=told)
    parser.add_argument("--by", choices=BY, help="what a row is (default: category)")
    parser.add_argument("--depth", type=_depth, metavar="N", help="with --by module: how deep")


def add_settings(parser: ArgumentParser) -> None:
    """Declares what every command takes: the last lines of the help."""
    parser.add_argument(
        "--rules", metavar="study|FILE.toml", help="categories by the study's three substrings, or by your rules first"
    )
    parser.add_argument("--ascii", action="store_true", help="no character outside ASCII, on the screen too")


def check_depth(options: Options, parser: ArgumentParser) -> None:
    """Ends with wrong usage where a depth is given of rows that have none."""
    if options.depth is not None and options.by != "module":
        parser.error("--depth goes with --by module")


def read_rules(options: Options, parser: ArgumentParser) -> None:
    """Puts the rules in the place of their name; ends with wrong usage where they cannot be read."""
    if not isinstance(options.rules, str):
        return
    from core.classify.user_rules import RulesError, rules_of

    try:
        options.rules = rules_of(options.rules)
    except RulesError as error:
        parser.error(f"--rules {error}")


def rules_of_options(options: Options) -> Rules | None:
    """The rules, once `read_rules` has read them.

    Raises:
        TypeError: they were not read yet.
    """
    if isinstance(options.rules, str):
        raise TypeError("--rules are not read yet")
    return options.rules


def _depth(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MAX_DEPTH:
        raise ArgumentTypeError(f"a whole number from 1 to {_MAX_DEPTH} is wanted")
    return int(text)

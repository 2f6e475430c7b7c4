"""`--study`: the four GPT-2 and further models compared, the study's claims asked of them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator

from core.checkpoint.gpt2 import BUILT_IN
from core.report.results import Result
from tui.commands.command import Command
from tui.commands.options import Options, Output, check_depth, read_rules, rules_of_options
from tui.commands.output import shows_screen
from tui.commands.results import Report, write_report
from tui.terminal import ascii_only, painter


class StudyCommand(Command):
    """Compares the study's own four models with each other, and with those that are named."""

    flag = "--study"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declares `--study`."""
        parser.add_argument(self.flag, action="store_true", help="the four GPT-2 compared, with the study's claims")

    def is_asked(self, options: Options) -> bool:
        """By its flag."""
        return bool(options.study)

    def check(self, options: Options, parser: ArgumentParser) -> None:
        """Reads the rules; the report has rows of its own."""
        check_depth(options, parser)
        if options.by:
            parser.error("--study takes no --by")
        read_rules(options, parser)

    def run(self, options: Options) -> int:
        """Opens the comparison, or writes the report."""
        models = _compared(options.models)
        rules = rules_of_options(options)
        if shows_screen(options):
            from tui.run import run_screen

            return run_screen(models, options.ascii, rules, study=True)
        return write_report(models, _REPORTS[options.output or "print"], options, rules, keep_tensors=True)


def _compared(models: Iterable[str]) -> list[str]:
    """The study's own four models first, then those named, and none twice."""
    return list(dict.fromkeys([*BUILT_IN, *models]))


def _text(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_text import TextStyle
    from core.report.study_report import profiles_of, study_text

    return study_text(profiles_of(results), TextStyle(ascii_only(options.ascii), painter(sys.stdout.isatty())))


def _json(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.study_report import study_json

    return study_json(results)


def _csv(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.study_report import profiles_of, study_csv

    return study_csv(profiles_of(results))


def _markdown(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_text import TextStyle
    from core.report.study_report import profiles_of, study_markdown

    return study_markdown(profiles_of(results), TextStyle(ascii_only(options.ascii), painter(terminal=False)))


_REPORTS: dict[Output, Report] = {"print": _text, "json": _json, "csv": _csv, "markdown": _markdown}

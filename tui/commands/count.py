"""Without another command: the models' parameters, on the screen or as a report."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator

from core.report.results import By, Result
from tui.commands.command import Command
from tui.commands.list_models import write_list
from tui.commands.options import Options, Output, check_depth, read_rules, rules_of_options
from tui.commands.output import shows_screen
from tui.commands.results import Report, write_report
from tui.terminal import ascii_only, painter


class CountCommand(Command):
    """Counts the models named; without one, lists those there are to pick."""

    def is_asked(self, options: Options) -> bool:
        """Always: it is what is done where nothing else is asked for."""
        return True

    def check(self, options: Options, parser: ArgumentParser) -> None:
        """Reads the rules; an output or a kind of rows takes a model."""
        check_depth(options, parser)
        read_rules(options, parser)
        if not options.models and (options.output or options.by):
            parser.error("which MODEL? see gpt2-explore --list")

    def run(self, options: Options) -> int:
        """Opens the picker, the explorer or the comparison, by the number of models, or writes the report."""
        rules = rules_of_options(options)
        if shows_screen(options):
            from tui.run import run_screen

            return run_screen(options.models, options.ascii, rules, study=False)
        if not options.models:
            return write_list(as_json=False)
        keep_tensors = _rows_of(options) != "category"
        return write_report(options.models, _REPORTS[options.output or "print"], options, rules, keep_tensors)


def _rows_of(options: Options) -> By:
    return options.by or "category"


def _text(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_text import TextStyle, text_report

    style = TextStyle(ascii_only(options.ascii), painter(sys.stdout.isatty()))
    return text_report(results, _rows_of(options), options.depth, style)


def _json(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_json import json_report

    return json_report(results, _rows_of(options), options.depth)


def _csv(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_csv_markdown import csv_report

    return csv_report(results, _rows_of(options), options.depth)


def _markdown(results: Iterable[Result], options: Options) -> Iterator[str]:
    from core.report.as_csv_markdown import markdown_report

    return markdown_report(results, _rows_of(options), options.depth)


_REPORTS: dict[Output, Report] = {"print": _text, "json": _json, "csv": _csv, "markdown": _markdown}

"""The models of the command line, counted one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from core.checkpoint.errors import CheckpointError, Failure
from core.count.counter import count
from core.locate.location import Location, locate
from core.readers.open_checkpoint import open_reader
from core.report.results import Result
from core.text.escape import escaped
from tui.commands.options import Options
from tui.commands.output import complain, prepare_output, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.classify.user_rules import Rules

Report = Callable[[Iterable[Result], Options], Iterator[str]]
"""Results as text, in pieces, each output imported where it is wanted: a start waits for none that it does not need."""


def write_report(
    models: Iterable[str], report: Report, options: Options, rules: Rules | None, keep_tensors: bool
) -> int:
    """Counts models and writes a report of them; of each that cannot be read, standard error tells.

    Args:
        models: their names, as they were typed.
        report: makes text of the results as they come.
        options: what the report goes by.
        rules: what is asked before the built-in rules.
        keep_tensors: whether the report needs more than totals.

    Returns:
        The exit status: 1 where a model could not be read.
    """
    prepare_output()
    failures: list[Failure] = []
    write(report(_results(models, rules, keep_tensors, failures), options))
    return 1 if failures else 0


def _results(
    models: Iterable[str], rules: Rules | None, keep_tensors: bool, failures: list[Failure]
) -> Iterator[Result]:
    for model in models:
        try:
            yield count(open_reader(_located(model)), keep_tensors, rules)
        except CheckpointError as error:
            failure = Failure(model, error)
            failures.append(failure)
            sys.stdout.flush()
            complain(f"{escaped(model)}: {error.sentence(model)}")
            yield failure


def _located(model: str) -> Location:
    location = locate(model)
    if location.choice:
        complain(f"{escaped(model)}: {escaped(location.choice)}")
    return location

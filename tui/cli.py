"""The command `gpt2-explore`. Headless outputs import neither textual nor anything else that starts slowly."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from core.checkpoint.errors import CheckpointError
from core.checkpoint.gpt2 import BUILT_IN
from core.count.counter import count
from core.count.result import BY, By, Failure, Result
from core.locate.location import Location, locate
from core.readers.open_checkpoint import open_reader
from core.text.escape import escaped
from tui.terminal import ascii_only, painter, usable_screen

if TYPE_CHECKING:
    from core.classify.user_rules import Rules

NAME = "gpt2-explore"
VERSION = "0.1.0"

_DESCRIPTION = """\
Where do a model's parameters sit? Shows which share of a model is attention,
MLP, layer norm and embedding, by reading the headers of its checkpoint, never
the weights."""

_EPILOG = """\
MODEL is one of
  gpt2, gpt2-medium, gpt2-large, gpt2-xl   built in, without a file
  a file                .safetensors, .gguf, of torch.save (.pt, .pth, .bin,
                        .ckpt), an index of shards, or a config.json alone
  a folder              with such files, or of torch.distributed.checkpoint
  org/name              a model of the Hugging Face hub; org/name@revision,
                        org/name/file-or-folder, org/name:Q4_K_M for one of its
                        GGUF files, or the address of its page

What the local hub cache has is read there; of the rest the headers are
downloaded and kept. HF_HUB_OFFLINE=1 asks the hub for nothing. Without a MODEL
the screen opens on the picker, with one on the model, with more on their
comparison; ? shows all keys. With --study they stand beside the four GPT-2.

Exit status: 0 fine, 1 a model could not be read, 2 wrong usage, 130 Ctrl+C."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        # With a width given, argparse need not import shutil to ask the terminal for its.
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=80),
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="what to show")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--print", action="store_true", help="a text table (the default when piped)")
    output.add_argument("--json", action="store_true", help="everything, for scripts")
    output.add_argument("--csv", action="store_true", help="the rows, RFC 4180")
    output.add_argument("--markdown", action="store_true", help="a GitHub table")
    parser.add_argument("--by", choices=BY, help="what a row is (default: category)")
    parser.add_argument("--depth", type=_depth, metavar="N", help="with --by module: how deep")
    parser.add_argument("--study", action="store_true", help="the four GPT-2 compared, with the study's claims")
    parser.add_argument("--list", action="store_true", help="the models that the picker would show")
    parser.add_argument(
        "--rules", metavar="study|FILE.toml", help="categories by the study's three substrings, or by your rules first"
    )
    parser.add_argument("--ascii", action="store_true", help="no character outside ASCII, on the screen too")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    return parser


def _depth(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1000:
        raise argparse.ArgumentTypeError("a whole number from 1 to 999 is wanted")
    return int(text)


def command() -> None:
    """The installed command: runs it and leaves."""
    status = main()
    try:
        sys.stdout.flush()
    except OSError:
        status = status or 1
    # Taking a million names apart before leaving would only cost time.
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: its arguments; those of the process if None.

    Returns:
        The exit status.
    """
    _replace_closed_streams()
    try:
        return _run(_parse(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who reads has seen enough; the interpreter must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        from tui.crash import exhausted

        _complain(exhausted(error) or f"the output could not be written ({error.strerror or error})")
        return 1
    except Exception as error:
        from tui.crash import crash_report

        _complain(crash_report(error))
        return 1


def _replace_closed_streams() -> None:
    """Gives the process the standard streams that it was started without (`>&-`), to nowhere."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # for as long as the process runs
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    headless = options.print or options.json or options.csv or options.markdown
    if options.depth is not None and options.by != "module":
        parser.error("--depth goes with --by module")
    if options.list and (
        options.models or options.by or options.csv or options.markdown or options.rules or options.study
    ):
        parser.error("--list takes --json and --ascii only")
    if options.study and options.by:
        parser.error("--study takes no --by")
    if options.rules is not None:
        from core.classify.user_rules import RulesError, rules_of

        try:
            options.rules = rules_of(options.rules)
        except RulesError as error:
            parser.error(f"--rules {error}")
    if not options.list and not options.models and not options.study and (headless or options.by):
        parser.error("which MODEL? see gpt2-explore --list")
    return options


def _run(options: argparse.Namespace) -> int:
    headless = options.print or options.json or options.csv or options.markdown or options.list or options.by
    screen = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    if screen and usable_screen():
        from tui.run import run_screen

        return run_screen(_compared(options), options.ascii, options.rules, options.study)
    if screen:
        _complain("this terminal (TERM=dumb) can show no screen; here is the text")
    # What is made here is held to the end anyway, and collecting it costs a third of the time.
    gc.disable()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if options.list or not (options.models or options.study):
        return _list_models(options.json)
    failures: list[Failure] = []
    keep_tensors = options.study or options.by not in {None, "category"}
    results = _results(_compared(options), keep_tensors, options.rules, failures)
    _write(_study_report(options, results) if options.study else _report(options, results))
    return 1 if failures else 0


def _compared(options: argparse.Namespace) -> list[str]:
    """The models asked for; with `--study` its own four first, and none twice."""
    if not options.study:
        return list(options.models)
    return list(dict.fromkeys([*BUILT_IN, *options.models]))


def _results(
    models: Iterable[str], keep_tensors: bool, rules: Rules | None, failures: list[Failure]
) -> Iterator[Result]:
    for model in models:
        try:
            yield count(open_reader(_located(model)), keep_tensors, rules)
        except CheckpointError as error:
            failure = Failure(model, error)
            failures.append(failure)
            sys.stdout.flush()
            _complain(f"{escaped(model)}: {error.sentence(model)}")
            yield failure


def _located(model: str) -> Location:
    location = locate(model)
    if location.choice:
        _complain(f"{escaped(model)}: {escaped(location.choice)}")
    return location


def _report(options: argparse.Namespace, results: Iterable[Result]) -> Iterator[str]:
    # Each output is imported where it is wanted: what a start does not need, it does not wait for.
    by: By = options.by or "category"
    if options.json:
        from core.report.as_json import json_report

        return json_report(results, by, options.depth)
    if options.csv:
        from core.report.as_csv_markdown import csv_report

        return csv_report(results, by, options.depth)
    if options.markdown:
        from core.report.as_csv_markdown import markdown_report

        return markdown_report(results, by, options.depth)
    from core.report.as_text import TextStyle, text_report

    style = TextStyle(ascii_only(options.ascii), painter(sys.stdout.isatty()))
    return text_report(results, by, options.depth, style)


def _study_report(options: argparse.Namespace, results: Iterable[Result]) -> Iterator[str]:
    from core.report.as_text import TextStyle
    from core.report.study_report import measured, study_csv, study_json, study_markdown, study_text

    if options.json:
        return study_json(results)
    if options.csv:
        return study_csv(measured(results))
    ascii_asked = ascii_only(options.ascii)
    if options.markdown:
        return study_markdown(measured(results), TextStyle(ascii_asked, painter(False)))
    return study_text(measured(results), TextStyle(ascii_asked, painter(sys.stdout.isatty())))


def _list_models(as_json: bool) -> int:
    from core.locate.catalog import entries
    from core.report.model_list import list_json, list_text

    _write(list_json(entries()) if as_json else list_text(entries()))
    return 0


def _write(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _complain(sentence: str) -> None:
    print(f"{NAME}: {sentence}", file=sys.stderr, flush=True)

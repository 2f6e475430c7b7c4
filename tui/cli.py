"""The command `gpt2-explore`. Headless outputs import neither textual nor anything else that starts slowly."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from tui.commands.entries import add_commands, asked_command
from tui.commands.options import Options, add_models, add_settings
from tui.commands.output import NAME, complain
from tui.damaged import is_import_failure
from tui.exhausted import exhausted

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


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog=NAME,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        # With a width given, argparse need not import shutil to ask the terminal for its.
        formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, width=80),
    )
    add_models(parser)
    add_commands(parser)
    add_settings(parser)
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    return parser


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

    Raises:
        Exception: one of the modules cannot be imported.
    """
    _replace_closed_streams()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who reads has seen enough; the interpreter must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # Before anything else is imported, for which there may be no file and no memory either.
        if not (sentence := exhausted(error)):
            if is_import_failure(error):
                # A module of ours that is damaged or another package's: whoever started the command tells it.
                raise
            sentence = _told(error)
        complain(sentence)
        return 1


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the output could not be written ({error.strerror or error})"
    from tui.crash import crash_report

    return crash_report(error)


def _replace_closed_streams() -> None:
    """Gives the process the standard streams that it was started without (`>&-`), to nowhere."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # for as long as the process runs
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments, namespace=Options())
    return asked_command(options, parser).run(options)

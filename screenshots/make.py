"""Draws a picture of every view as SVG, at two sizes: `make screenshots`, or `make screenshots ARGS="help shares"`.

The models are made in a temporary folder: true headers over sparse files, so that they take no room. The same program
gives the same pictures, byte for byte.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

# Run as a script, from wherever, it draws the program that it lies beside.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textual.pilot import Pilot
from textual.widgets import Input

import tui.load
from bench.checkpoints import Tensor, gpt2_tensors, write_safetensors, write_sharded
from core.checkpoint.gpt2 import BUILT_IN
from core.checkpoint.source import Reader
from core.locate.location import Location
from core.readers.open_checkpoint import open_reader
from tests.support.hub import Handler, Request, running_hub
from tests.support.model_tensors import LLAMA, MIXTRAL, llama, write_model
from tui.app import ExploreApp
from tui.palette import Palette

HERE = Path(__file__).resolve().parent
SIZES = ((120, 36), (80, 24))
PATIENCE_SECONDS = 30.0

EXPERTS = "deepseek-v3"
PUBLISHED = "openai-community/gpt2"
DOWNLOAD = "gpt2-download"
ON_HUB = "deepseek-ai/DeepSeek-V3"
FAMILY = tuple(BUILT_IN)
MIXED = ("gpt2", "gpt2-xl", "llama-3.1-8b", "mixtral-8x7b", DOWNLOAD)
_UNWANTED = ("NO_COLOR", "TEXTUAL_THEME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN")
"""Variables that would be seen in the pictures."""
HALF = 80
"""So many of the 163 shards are read when the picture of a load is taken."""

_BLANK, _CELL = "&#160;", 12.2
"""A blank as Rich writes it, and how wide it draws a cell."""

_POINTER = """\
version https://git-lfs.github.com/spec/v1
oid sha256:248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707
size 548105171
"""


class View(NamedTuple):
    """One picture.

    Attributes:
        name: its file's, without size and ending.
        models: those of the command line.
        shows: what stands on the screen when it is ready for the keys.
        keys: pressed one after another.
        then: what stands there after them.
        ascii: whether `--ascii` is given.
        slow: whether reading stops half way.
        theme: another one than Textual's own.
        study: whether `--study` is given.
        hub: whether a hub has the model, which answers half of what is asked.
    """

    name: str
    models: tuple[str, ...]
    shows: str
    keys: tuple[str, ...] = ()
    then: str = ""
    ascii: bool = False
    slow: bool = False
    theme: str = "textual-dark"
    study: bool = False
    hub: bool = False


def _down(rows: int) -> tuple[str, ...]:
    return ("down",) * rows


_FIRST_LAYER = ("right", "right")
"""From the row of the layers, unfolded, into the first one, opened."""
_ITS_ATTENTION = ("right", "down", "right")
_LOOK_BELOW = (*_down(4), *["up"] * 4)
"""Down and up again, so that what is below comes into view on a low screen."""

VIEWS = [
    View("picker", (), "models; files below"),
    View("shares", ("gpt2",), "Embedding"),
    View("layer", ("gpt2",), "Embedding", ("f", *_down(4), *_FIRST_LAYER, *_LOOK_BELOW), "mlp"),
    View(
        "tensor",
        ("gpt2",),
        "Embedding",
        ("f", *_down(4), *_FIRST_LAYER, *_ITS_ATTENTION, "right", "right", "right"),
        "768 × 2304",
    ),
    View("layers", ("gpt2",), "Embedding", ("2",), "h.11"),
    View("weights-biases", ("gpt2",), "Embedding", ("3",), r"50\.00"),
    View(
        "buffers",
        (PUBLISHED,),
        "Embedding",
        ("f", *_down(3), *_FIRST_LAYER, *_ITS_ATTENTION, *_LOOK_BELOW),
        "buffer",
    ),
    View(
        "experts",
        (EXPERTS,),
        "RMSNorm",
        ("G", "up", "up", *["right"] * 4, *_down(2), "right", *_LOOK_BELOW),
        "experts",
    ),
    View("study", FAMILY, "5 tells why", study=True),
    View("study-stacked", FAMILY, "Embedding", ("b",), "too small to draw", study=True),
    View("study-counts", FAMILY, "Embedding", ("b", "b"), "100.8M", study=True),
    View("study-table", FAMILY, "Embedding", ("2",), r"1\.9995", study=True),
    View("study-trend", FAMILY, "Embedding", ("3",), "Outside layers", study=True),
    View("study-norms", FAMILY, "Embedding", ("4",), r"0\.0309", study=True),
    View("study-claims", FAMILY, "Embedding", ("5", *["down"] * 5), "vocabulary and positions", study=True),
    View("what-if", FAMILY, "Embedding", ("w", *"96 12288 50257 2048", "enter"), "174,604,259,328", study=True),
    View("comparison", MIXED, "tells why", ("2", *["right"] * 4), "not read"),
    View("comparison-claims", MIXED, "tells why", ("5", "down", "right", "right"), "grouped"),
    View("learn", ("gpt2",), "Embedding", ("tab", "question_mark"), r"28,348,416"),
    View("loading", (EXPERTS,), f"{HALF} of 163 shards", slow=True),
    View("hub", (ON_HUB,), f"{HALF} of 163 shards", slow=True, hub=True),
    View("error", (DOWNLOAD,), "Git LFS"),
    View("filter", ("gpt2",), "Embedding", ("slash", *"c_proj"), "found"),
    View("help", ("gpt2",), "Embedding", ("question_mark",), "Esc closes"),
    View("commands", ("gpt2",), "Embedding", ("ctrl+p",), "Commands"),
    View("export", ("gpt2",), "Embedding", ("x",), "Export"),
    View("light", ("gpt2",), "Embedding", theme="textual-light"),
    View("ascii", ("gpt2",), "Embedding", ascii=True),
]


class HalfWay:
    """A reader that stops half way through a checkpoint until it is let go."""

    def __init__(self, reader: Reader, let_go: threading.Event) -> None:
        self.source = reader.source
        self._reader = reader
        self._let_go = let_go

    def batches(self) -> Iterator[Any]:
        """The other reader's."""
        for tensors, progress in self._reader.batches():
            half = progress.shards_done == HALF and not self._let_go.is_set()
            if half:
                time.sleep(0.2)  # the next snapshot is due then, so that it is of this place
            yield tensors, progress
            if half:
                self._let_go.wait()


@contextmanager
def on_hub(let_go: threading.Event) -> Iterator[None]:
    """A hub on this machine, none of whose headers are kept, that gives the first half of the shards alone."""

    def hold(_: Handler, request: Request) -> bool:
        if (shard := re.search(r"model-(\d+)-of-", request.path)) and int(shard[1]) > HALF:
            let_go.wait(PATIENCE_SECONDS)
        return False

    # Headers may still be put into it when the picture is taken.
    with running_hub() as hub, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as kept:
        hub.add(ON_HUB, Path(EXPERTS).resolve())
        hub.answer = hold
        with patch.dict(os.environ, HF_ENDPOINT=hub.url, XDG_CACHE_HOME=kept, HF_HUB_DOWNLOAD_TIMEOUT="60"):
            yield


def make_models(folder: Path) -> None:
    """Puts the models of the pictures into a folder, and a hub cache beside them."""
    write_sharded(folder / EXPERTS)
    write_model(folder / "llama-3.1-8b", llama(LLAMA), LLAMA)
    write_model(folder / "mixtral-8x7b", llama(MIXTRAL), MIXTRAL)
    (folder / DOWNLOAD).mkdir()
    (folder / DOWNLOAD / "model.safetensors").write_text(_POINTER)
    # As OpenAI's GPT-2 was published: names without a prefix, and each layer's causal mask.
    snapshot = folder / ".hub/models--openai-community--gpt2/snapshots/main"
    published = [Tensor(name.removeprefix("transformer."), dtype, shape) for name, dtype, shape in gpt2_tensors()]
    published += [Tensor(f"h.{layer}.attn.bias", "F32", (1, 1, 1024, 1024)) for layer in range(12)]
    write_safetensors(snapshot / "model.safetensors", published)
    (snapshot / "config.json").write_text('{"architectures": ["GPT2LMHeadModel"]}')


def words(svg: str) -> str:
    """What stands in a picture, its lines as they are, spaces between its pieces."""
    return " ".join(html.unescape(piece).replace("\xa0", " ") for piece in re.findall(r"<text[^>]*>([^<]*)<", svg))


async def settled(pilot: Pilot[int], wanted: str, title: str) -> str:
    """The screen as SVG once something wanted stands on it and it changes no more."""
    before, until = "", time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and pilot.app.is_running:
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        # Longer than the explorer waits after a move of the cursor.
        await pilot.pause(0.25)
        now = pilot.app.export_screenshot(title=title)
        if now == before and re.search(wanted, words(now)):
            return now
        before = now
    raise RuntimeError(f"{title}: no {wanted!r} within {PATIENCE_SECONDS:.0f} s:\n{words(before)}")


async def picture(view: View, size: tuple[int, int]) -> str:
    """A view as SVG."""
    title = " ".join(
        ("gpt2-explore", *(["--study"] if view.study else view.models), *(["--ascii"] if view.ascii else []))
    )
    let_go = threading.Event()
    with ExitStack() as stack:
        if view.hub:
            stack.enter_context(on_hub(let_go))
        if view.slow:

            def slowed(location: Location) -> Reader:
                return HalfWay(open_reader(location), let_go)

            stack.enter_context(patch.object(tui.load, "open_reader", slowed))
        app = ExploreApp(list(view.models), Palette(view.ascii), study=view.study)
        async with app.run_test(size=size) as pilot:
            app.theme = view.theme
            drawn = await settled(pilot, view.shows, title)
            if view.keys:
                await pilot.press(*("space" if key == " " else key for key in view.keys))
                drawn = await settled(pilot, view.then, title)
            # Whoever reads half way is told to end, and not waited for.
            app.exit(0)
            let_go.set()
    # Rich names a picture's styles by a checksum, of which links' random ids are part.
    return re.sub(r"terminal-\d+-", f"{view.name}-", without_leading_blanks(drawn))


def without_leading_blanks(svg: str) -> str:
    """The same picture, no piece of text in it beginning with blanks: librsvg leaves these out."""

    def moved(piece: re.Match[str]) -> str:
        x, between, length, rest, blanks, text = piece.groups()
        shift = blanks.count(_BLANK) * _CELL
        return f'x="{float(x) + shift:.6g}"{between}textLength="{float(length) - shift:.6g}"{rest}>{text}<'

    return re.sub(rf'x="([\d.]+)"([^>]*)textLength="([\d.]+)"([^>]*)>((?:{_BLANK})+)([^<]+)<', moved, svg)


def main(names: list[str]) -> int:
    """Draws the pictures of these names, all without one."""
    if unknown := set(names) - {view.name for view in VIEWS}:
        print(f"no such view: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    for variable in (
        "NO_COLOR",
        "TEXTUAL_THEME",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_HUB_OFFLINE",
        "HF_TOKEN",
    ):
        os.environ.pop(variable, None)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        make_models(folder)
        os.chdir(folder)
        stack.callback(os.chdir, HERE)
        stack.enter_context(patch.dict(os.environ, HF_HUB_CACHE=str(folder / ".hub"), TERM="xterm-256color"))
        # The picker says where it looks.
        stack.enter_context(patch("tui.picker.status._shown_folder", lambda: "/models"))
        for view in VIEWS:
            if names and view.name not in names:
                continue
            for width, height in SIZES:
                file = HERE / f"{view.name}-{width}x{height}.svg"
                file.write_text(asyncio.run(picture(view, (width, height))), encoding="utf-8")
                print(file.relative_to(HERE.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One load: what the background thread does, with nothing of the screen but a function to post to."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from core.counter import Count, count_stepwise
from core.errors import CheckpointError
from core.locate import locate
from core.readers.open import open_reader
from core.tree import build_tree
from tui.messages import LoadCounted, LoadDone, LoadFailed, LoadProgress


class Cancelled(Exception):
    """The load is not wanted any more."""


def load(model: str, load_id: int, post: Callable[[Message], object], cancelled: Callable[[], bool]) -> None:
    """Counts a model and builds its tree, and posts how it goes.

    Args:
        model: as the user names it.
        load_id: put into every message, so that those of older loads can be told.
        post: takes a message, from any thread.
        cancelled: asked often; the work ends in silence once it is true.
    """

    def check() -> None:
        if cancelled():
            raise Cancelled

    try:
        for step in count_stepwise(open_reader(locate(model)), cancelled):
            check()
            if not isinstance(step, Count):
                post(LoadProgress(load_id, step))
                continue
            post(LoadCounted(load_id, step))
            root = build_tree(step, check)
            root.totals()
            post(LoadDone(load_id, step, root))
    except CheckpointError as error:
        post(LoadFailed(load_id, error.sentence(model)))
    except Cancelled:
        pass

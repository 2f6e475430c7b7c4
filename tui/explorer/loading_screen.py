"""A screen that reads a model while it is shown."""

from __future__ import annotations

from abc import abstractmethod

from textual import on
from textual.message import Message
from textual.screen import Screen

from core.count.counter import Count
from core.count.totals import Totals
from core.count.tree import ModuleNode
from core.report.summary import remarks, summary
from core.text.escape import escaped
from core.text.numbers import plural
from core.text.width import beginning, cells, shortened
from tui.explorer.outline import Outline
from tui.load import Load
from tui.messages import LoadBroke, LoadCounted, LoadDone, LoadFailed, LoadMessage, LoadProgress
from tui.palette import Palette
from tui.textual_fixes.screens import Steady
from tui.widgets.line import Line


class LoadingScreen(Steady, Screen[None]):
    """Owns a load and all that is known of its model; a subclass shows it.

    Needs the lines `#title`, `#status` and, over the whole screen where it has the class `-failed`, `#error`.

    Attributes:
        model: as the user names it.
        palette: how things are drawn.
        load: the present load.
        loading_model: whether it is still wanted and under way.
        counted: the model, once all is counted.
        root: its tree, once that is built.
        totals: its totals, as far as they are known.
    """

    def __init__(self, load: Load, palette: Palette) -> None:
        """
        Args:
            load: the model, already being read.
            palette: how things are drawn.
        """
        super().__init__()
        self.model = load.model
        self.palette = palette
        self.load = load
        self.loading_model = False
        self.counted: Count | None = None
        self.root: ModuleNode | None = None
        self.totals = Totals()
        self._told = ""

    @abstractmethod
    def show_tree(self, outline: Outline | None) -> None:
        """Shows the tree of a model; None while there is none."""

    @abstractmethod
    def show_row(self) -> None:
        """Shows the totals of what the cursor is on, or of the whole."""

    def action_reload(self) -> None:
        """Reads the model, from the start."""
        self.open(self.model, again=True)

    def open(self, model: str, again: bool = False) -> None:
        """Shows a model instead of the present one, or the same again."""
        self.load.cancel()
        self.model = model
        self.load = Load(self.model, self.load.load_id + 1, self.load.rules, again)
        self.begin()

    def begin(self) -> None:
        """Takes what the load has to say, from the first picture on."""
        self.remove_class("-failed")
        self.loading_model = True
        self.root, self.counted, self.totals = None, None, Totals()
        self.show_tree(None)
        self.show_title()
        self.say("reading…  Esc cancels")
        self.show_row()
        self.load.deliver(self._take, self.post_message)

    def _take(self, message: Message) -> None:
        """What a load says: told apart here, so that what waited since before the first picture is in it."""
        if not isinstance(message, LoadMessage) or message.load_id != self.load.load_id or not self.loading_model:
            return
        if isinstance(message, LoadProgress):
            self._progress(message)
        elif isinstance(message, LoadCounted):
            self._counted(message)
        elif isinstance(message, LoadDone):
            self._done(message)
        elif isinstance(message, LoadFailed):
            self._failed(message)
        elif isinstance(message, LoadBroke):
            raise message.error

    @on(LoadMessage)
    def _loaded(self, message: LoadMessage) -> None:
        self._take(message)

    def _progress(self, message: LoadProgress) -> None:
        snapshot = message.snapshot
        done = snapshot.progress
        if done.doing and not snapshot.tensor_count:
            self.say(f"{done.doing}…  Esc cancels")
            return
        self.totals = snapshot.totals
        shards = f"{done.shards_done} of {plural(done.shards_total, 'shard')}, " if done.shards_total > 1 else ""
        self.say(f"reading… {shards}{plural(snapshot.tensor_count, 'tensor')}  Esc cancels")
        self.show_row()

    def _counted(self, message: LoadCounted) -> None:
        self.counted = message.count
        self.totals = message.count.totals
        self.show_title()
        self.show_row()
        if message.count.stored_count > 20_000:
            self.say("building the tree…")

    def _done(self, message: LoadDone) -> None:
        self.loading_model = False
        self.root = message.root
        self.counted = message.count
        self.show_tree(Outline(message.root))
        self._tell()
        self.show_row()

    def _tell(self) -> None:
        """Says the first of what is to be said of the model."""
        # What is not counted stands in the table too, the notes do not.
        sentences = map(escaped, remarks(self.counted)) if self.counted else ()
        said = sorted(sentences, key=lambda sentence: not sentence.startswith("note: "))
        self._told = self._first_of(said) if said else ""
        self.say(self._told)

    def tell_again(self) -> None:
        """Says it anew in another width, unless something else was said since."""
        if self._told and self.query_one("#status", Line).text == self.palette.plain(self._told):
            self._tell()

    def _first_of(self, said: list[str]) -> str:
        """The first of some sentences, as much of it as there is room for, and how many more there are."""
        room, left = self.size.width - 2, len(said) - 1
        if not left and cells(said[0]) <= room:
            return said[0]
        others = "  (i: all of it)"
        if left:
            wordings = [f"  (+{left} more: i shows them)", f"  (+{left} more: i)", f"  (+{left}: i)"]
            others = next((words for words in wordings if cells(said[0]) + len(words) <= room), wordings[1])
        return beginning(said[0], max(20, room - len(others))) + others

    def _failed(self, message: LoadFailed) -> None:
        self.loading_model = False
        name = "" if message.sentence.startswith(self.model) else f"{self.model}: "
        error = self.query_one("#error", Line)
        error.wrap = True
        error.show(self.palette.plain(f"{escaped(name)}{message.sentence}\n\nr reads it again, o opens another model."))
        self.add_class("-failed")
        self.say("not read")

    def cancel(self) -> None:
        """Ends the load; what was read so far stays on the screen."""
        self.loading_model = False
        self.load.cancel()
        self.say("cancelled; r reads the model again, o picks another")

    def say(self, text: str) -> None:
        """Shows a line below the panes."""
        self.query_one("#status", Line).show(self.palette.plain(escaped(text)))

    def show_title(self) -> None:
        """Shows the model's name, and its sums once they are known."""
        text = escaped(self.model)
        if self.load.rules:
            # First, so that no long path pushes it out of the line.
            text = f"rules: {escaped(shortened(self.load.rules.name, 30))}{self.palette.dot}{text}"
        if self.counted:
            room = self.size.width - 2 - cells(self.palette.plain(text)) - len(self.palette.dot)
            text += self.palette.dot + summary(self.counted, "·", room)
        self.query_one("#title", Line).show(self.palette.plain(text))

"""A load for a comparison: it measures the model and builds no tree."""

from __future__ import annotations

from core.count.counter import Count
from core.profile.profile import Measured
from tui.load import Load
from tui.messages import ModelMeasured


class MeasuringLoad(Load):
    """Reads and measures one model in the background."""

    def _finish(self, count: Count) -> None:
        self._say(ModelMeasured(self.load_id, Measured(count)))

"""A load for a comparison: it works out the model's profile and builds no tree."""

from __future__ import annotations

from core.count.counter import Count
from core.profile.profile import ModelProfile
from tui.load import Load
from tui.messages import ModelProfiled


class ProfileLoad(Load):
    """Reads and profiles one model in the background."""

    def _finish(self, count: Count) -> None:
        self._say(ModelProfiled(self.load_id, ModelProfile(count)))

"""What torch.hub and torchvision fetched: files in `checkpoints`, below `TORCH_HOME` or the user's cache.

By `torch.hub.get_dir`, docs.pytorch.org/docs/stable/hub.html.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from core.locate.below import Kept, checkpoints_in
from core.locate.tools.places import cache_folder, named_folder
from core.locate.tools.tool import MAX_MODELS, Tool

_LEVELS = 1


def _models(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    home = named_folder(environment, "TORCH_HOME") or cache_folder(environment, "torch")
    found = checkpoints_in(os.path.join(home, "hub", "checkpoints"), cancelled, _LEVELS)
    return islice((kept for kept in found if kept.name), MAX_MODELS)


TORCH_HUB = Tool("torch.hub", "torch.hub", _models)

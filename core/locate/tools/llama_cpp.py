"""What llama.cpp fetched: GGUF files in one folder, `LLAMA_CACHE` or the user's cache.

Since 2026 it fetches into the hub's cache, which is listed as such. By `fs_get_cache_directory` in common/common.cpp of
github.com/ggml-org/llama.cpp.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from core.locate.below import Kept, checkpoints_in
from core.locate.tools.places import cache_folder, home_folder, named_folder
from core.locate.tools.tool import MAX_MODELS, Tool

_LEVELS = 2


def _models(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    if sys.platform == "darwin":
        usual = home_folder(environment, "Library", "Caches", "llama.cpp")
    else:
        usual = cache_folder(environment, "llama.cpp")
    found = checkpoints_in(named_folder(environment, "LLAMA_CACHE") or usual, cancelled, _LEVELS)
    return islice((kept for kept in found if kept.name), MAX_MODELS)


LLAMA_CPP = Tool("llama.cpp", "llama.cpp", _models)

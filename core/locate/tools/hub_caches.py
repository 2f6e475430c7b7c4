"""Caches laid out as the hub's that lie elsewhere: vLLM's, and those that older variables of Hugging Face name.

vLLM fetches into the hub's cache by default; `VLLM_CACHE_ROOT` and `VLLM_ASSETS_CACHE` (vllm/envs.py) hold what it
streams from other stores, and are often named as its `--download-dir` too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from core.hub.local_cache import hub_cache
from core.locate.below import Kept, checkpoints_in
from core.locate.hub_layout import models_in_cache
from core.locate.tools.places import cache_folder, distinct, named_folder
from core.locate.tools.tool import MAX_MODELS, Tool

_VARIABLES = (
    *("HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "PYTORCH_TRANSFORMERS_CACHE", "PYTORCH_PRETRAINED_BERT_CACHE"),
    *("SENTENCE_TRANSFORMERS_HOME", "DIFFUSERS_CACHE"),
)
"""Those that transformers, sentence-transformers and diffusers have read for their caches, at one time or another."""
_STREAMED_LEVELS = 3


def _huggingface(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    usual = os.path.realpath(hub_cache(environment))
    for folder in distinct([named_folder(environment, variable) for variable in _VARIABLES]):
        if os.path.realpath(folder) != usual:
            yield from islice(_in_layout(folder, cancelled), MAX_MODELS)


def _vllm(environment: Mapping[str, str], cancelled: Callable[[], bool]) -> Iterator[Kept]:
    root = named_folder(environment, "VLLM_CACHE_ROOT") or cache_folder(environment, "vllm")
    assets = named_folder(environment, "VLLM_ASSETS_CACHE") or os.path.join(root, "assets")
    for folder in distinct([root, assets]):
        yield from islice(_in_layout(folder, cancelled), MAX_MODELS)
    streamed = checkpoints_in(assets, cancelled, _STREAMED_LEVELS)
    yield from islice((kept for kept in streamed if kept.name), MAX_MODELS)


def _in_layout(folder: str, cancelled: Callable[[], bool]) -> Iterator[Kept]:
    for model, kept in models_in_cache(folder, cancelled):
        yield kept._replace(name=f"{model}/{kept.name}" if kept.name else model)


HUB_CACHES = Tool("hf-cache", "other HF cache", _huggingface)
VLLM = Tool("vllm", "vLLM", _vllm)

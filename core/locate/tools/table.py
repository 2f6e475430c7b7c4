"""All the tools, and the model that an address such as `ollama:llama3.2:3b` means."""

from __future__ import annotations

import os

from core.checkpoint.errors import CheckpointError
from core.locate.tools.hub_caches import HUB_CACHES, VLLM
from core.locate.tools.llama_cpp import LLAMA_CPP
from core.locate.tools.lm_studio import LM_STUDIO
from core.locate.tools.modelscope import MODELSCOPE
from core.locate.tools.ollama import OLLAMA
from core.locate.tools.torch_hub import TORCH_HUB

TOOLS = (OLLAMA, LLAMA_CPP, LM_STUDIO, VLLM, HUB_CACHES, TORCH_HUB, MODELSCOPE)
_MAX_NAMED_MODELS = 4


def path_of(address: str) -> str:
    """The file or folder of the model that an address means.

    Args:
        address: `SCHEME:NAME`, the scheme that of a tool.

    Raises:
        CheckpointError: where the tool keeps no such model here.
    """
    scheme, _, name = address.partition(":")
    tool = next(tool for tool in TOOLS if tool.scheme == scheme)
    wanted = tool.full_name(name).lower()
    names: list[str] = []
    for kept in tool.models(os.environ, lambda: False):
        if kept.name.lower() == wanted:
            return kept.path
        names.append(kept.name)
    held = ", ".join(names[:_MAX_NAMED_MODELS]) + (", …" if len(names) > _MAX_NAMED_MODELS else "")
    reason = f"{tool.source} keeps no model of this name here" + (f"; it has {held}" if names else ", nor any other")
    raise CheckpointError(address, reason, advice="see gpt2-explore --list for what there is")

"""What is known of a tool: how its models are addressed, and where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from core.locate.below import Kept

Models = Callable[[Mapping[str, str], Callable[[], bool]], Iterator[Kept]]
"""The models of a tool, by the environment; whether to go on is asked before each folder."""

MAX_MODELS = 10_000
"""Of one tool that are listed."""


class Tool(NamedTuple):
    """A tool that keeps models on this machine.

    Attributes:
        scheme: what stands before the colon of an address: `ollama:llama3.2:3b`.
        source: what the tool is called.
        models: lists what it keeps.
        full_name: the name in the list that a name in an address means.
    """

    scheme: str
    source: str
    models: Models
    full_name: Callable[[str], str] = str

"""What the environment says of the hub: its address, and whether it may be asked at all."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


def hub_is_off() -> bool:
    """Whether the environment forbids to ask the hub, by huggingface_hub's own rule (its constants.py)."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


DEFAULT_ENDPOINT = "https://huggingface.co"


def endpoint() -> str:
    """The hub's address, by huggingface_hub's own rule (its constants.py)."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")

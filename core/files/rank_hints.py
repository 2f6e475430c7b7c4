"""Whether a name may be one of a file that one of several GPUs wrote, without the patterns that tell which."""

from __future__ import annotations

_HINTS = ("consolidated.", "rank_", "-model_", ".rank", "expert_")


def has_hint(name: str) -> bool:
    """Whether it may be: asked first, since patterns take 2 ms to be compiled."""
    return any(hint in name for hint in _HINTS)

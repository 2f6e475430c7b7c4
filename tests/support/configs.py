"""What a config says, so that two can be compared."""

from __future__ import annotations

from core.checkpoint.config import ModelConfig


def fields_of(config: ModelConfig) -> dict[str, object]:
    """All fields by name, but for the quantisation, which is no plain value."""
    return {name: getattr(config, name) for name in ModelConfig.__slots__ if not name.startswith("_")}

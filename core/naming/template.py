"""Names of tensors taken apart: templates (names without digits), biases."""

from __future__ import annotations

from collections.abc import Sequence

_DIGITS = b"0123456789"


def is_bias(template: str) -> bool:
    """Whether a tensor is a bias by the last word of its name."""
    word = f"_{template.rpartition('.')[2].lower()}_"
    return "_bias_" in word or "_biases_" in word or word in {"_beta_", "_b_"}


def numbered_name(path: str) -> str:
    """The last part of a path, and where that is a number its list's name before it: `h.0`."""
    parts = path.rsplit(".", 2)
    return ".".join(parts[-2:]) if parts[-1].isdigit() else parts[-1]


def template_of(name: str) -> str:
    """A name's template: the name without digits, which tell a layer or an expert and nothing of what a tensor is."""
    return name.encode("utf-8", "surrogatepass").translate(None, _DIGITS).decode("utf-8", "surrogatepass")


def templates_of(names: Sequence[str]) -> list[str]:
    """The templates of many names, which takes a fraction of the time of asking for each."""
    together = template_of("\n".join(names)).split("\n")
    # A hostile name may have a line break of its own.
    return together if len(together) == len(names) else [template_of(name) for name in names]

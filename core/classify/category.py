"""What categories and roles are called and look like in every view, in the order in which they are shown."""

from __future__ import annotations

from core.classify.roles import Role


class Category:
    """How one category is shown wherever it is shown.

    Attributes:
        label: the word people use.
        glyph: one character that tells it without colour.
        letter: the same in ASCII.
        color: red, green and blue, 0 to 255.
        ansi: the colour's name on a terminal of 16.
    """

    __slots__ = ("ansi", "color", "glyph", "label", "letter")

    def __init__(self, label: str, glyph: str, letter: str, color: tuple[int, int, int], ansi: str) -> None:
        self.label = label
        self.glyph = glyph
        self.letter = letter
        self.color = color
        self.ansi = ansi


# Categories are shown in this order. The colours stay apart for colour-blind eyes (Okabe and Ito, 2008, made
# a little lighter or darker to be read on dark and light grounds).
CATEGORIES = {
    "attention": Category("Attention", "●", "A", (58, 134, 214), "bright_blue"),
    "mlp": Category("MLP", "■", "M", (226, 136, 0), "yellow"),
    "router": Category("Router", "✦", "R", (214, 90, 60), "bright_red"),
    "mixer": Category("Mixer", "≈", "X", (90, 180, 220), "bright_cyan"),
    "convolution": Category("Convolution", "▦", "C", (172, 62, 48), "red"),
    "norm": Category("Norm", "▲", "N", (0, 158, 115), "green"),
    "embedding": Category("Embedding", "◆", "E", (190, 105, 165), "magenta"),
    "head": Category("Output head", "▼", "H", (150, 130, 210), "bright_magenta"),
    "adapter": Category("Adapter", "✚", "D", (175, 165, 40), "bright_yellow"),
    "other": Category("Other", "○", "O", (130, 135, 140), "bright_black"),
}


class RoleLabels:
    """What one role of tensors is called wherever it is shown.

    Attributes:
        key: its name in JSON and CSV.
        tensor: what one such tensor is, in a line of facts.
        short: the same in a few columns.
        plural: what several are.
        explained: the same, for those who do not know the word.
    """

    __slots__ = ("explained", "key", "plural", "short", "tensor")

    def __init__(self, key: str, tensor: str, short: str, plural: str, explained: str) -> None:
        self.key = key
        self.tensor = tensor
        self.short = short
        self.plural = plural
        self.explained = explained


# Parameters come first; tensors of all other roles are stored and not counted.
ROLES: dict[Role, RoleLabels] = {
    "parameter": RoleLabels("parameter", "a parameter", "parameter", "parameters", "parameters"),
    "buffer": RoleLabels("buffer", "a buffer, not counted", "buffer", "buffers", "buffers (not trained)"),
    "tied": RoleLabels("tied", "a tied copy, not counted", "tied copy", "tied copies", "tied copies"),
    "quantization": RoleLabels(
        "quantization", "quantisation data", "quant. data", "quantisation data", "quantisation data"
    ),
    # Of single tensors only those of an averaged copy have this role. The readers set an optimizer's state aside and
    # tell its sum alone.
    "beside_model": RoleLabels(
        "optimizer",
        "of an averaged copy, not counted",
        "averaged copy",
        "optimizer, copies",
        "beside the model (optimizer state, copies)",
    ),
}

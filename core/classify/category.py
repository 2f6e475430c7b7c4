"""What categories and roles are called and look like in every view, in the order in which they are shown."""

from __future__ import annotations

from core.classify.roles import Role


class Category:
    """How one category is shown wherever it is shown.

    Attributes:
        label: the word people use.
        glyph: one character that tells it without colour.
        letter: the same in ASCII.
        color: red, green and blue on a dark ground, 0 to 255.
        color_on_light: the same on a light ground.
        ansi: the colour's name on a terminal of 16.
    """

    __slots__ = ("ansi", "color", "color_on_light", "glyph", "label", "letter")

    def __init__(self, label: str, glyph: str, letter: str, colors: tuple[int, int], ansi: str) -> None:
        self.label = label
        self.glyph = glyph
        self.letter = letter
        self.color, self.color_on_light = _rgb(colors[0]), _rgb(colors[1])
        self.ansi = ansi


def _rgb(color: int) -> tuple[int, int, int]:
    red, green, blue = color.to_bytes(3, "big")
    return red, green, blue


# Categories are shown in this order. The colours stay apart for colour-blind eyes too (as simulated by Machado and
# others, 2009), and are read on the dark ground, the cursor's there, and the light ground.
CATEGORIES = {
    "attention": Category("Attention", "●", "A", (0x3F82E9, 0x1F4BF2), "bright_blue"),
    "mlp": Category("MLP", "■", "M", (0xF78016, 0xC36726), "yellow"),
    "router": Category("Router", "✦", "R", (0xE44A1C, 0xCB001F), "bright_red"),
    "mixer": Category("Mixer", "≈", "X", (0xAFDAEE, 0x0487C3), "bright_cyan"),
    "convolution": Category("Convolution", "▦", "C", (0x82A47A, 0x226255), "red"),
    "norm": Category("Norm", "▲", "N", (0x45D59E, 0x004758), "green"),
    "embedding": Category("Embedding", "◆", "E", (0xC885C1, 0x9A2F92), "magenta"),
    "head": Category("Output head", "▼", "H", (0xBFA7FF, 0x8528C2), "bright_magenta"),
    "adapter": Category("Adapter", "✚", "D", (0xECE06A, 0x54641B), "bright_yellow"),
    "other": Category("Other", "○", "O", (0x727F7B, 0x6C7976), "bright_black"),
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

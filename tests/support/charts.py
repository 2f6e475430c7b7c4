"""What a drawing looks like."""

from __future__ import annotations

from tests.support.checkpoints import Tensors
from tui.charts.chart import Canvas, Drawing
from tui.palette import Palette

EVERY: Tensors = {
    "a.lora_A.weight": ("F32", (3, 3)),
    "a.norm.weight": ("F32", (3,)),
    "a.router.weight": ("F32", (3, 3)),
    "a.mamba.weight": ("F32", (3, 3)),
    "lm_head.weight": ("F32", (5, 3)),
    "wte.weight": ("F32", (3, 3)),
    "a.conv.weight": ("F32", (3, 3, 3, 3)),
    "a.attn.weight": ("F32", (3, 3)),
    "a.mlp.weight": ("F32", (3, 3)),
    "x": ("F32", (3, 3)),
}
"""Of each category a tensor."""


def lines_of(drawing: Drawing, width: int, height: int, palette: Palette | None = None) -> list[str]:
    """What a drawing looks like, line by line."""
    canvas = Canvas(width, height, palette or Palette())
    drawing.draw(canvas)
    lines = canvas.text().plain.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]

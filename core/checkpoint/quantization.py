"""How a config says that a model's weights are quantised: `quantization_config`, MLX's `quantization`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BITS = ("bits", "num_bits", "nbits", "w_bit", "wbits")
_GROUP = ("group_size", "q_group_size")
# quanto says `"weights": "int4"`.
_NAMED_BITS = {"int2": 2, "int4": 4, "int8": 8, "float8": 8}
_MAX_PARTS = 20_000
"""Of a quantisation's config that are looked at; settings for each module have hundreds, a hostile one millions."""
_MAX_SCHEMES = 16
_MAX_BITS = 16


Scheme = tuple[int, int]
"""How many bits a weight takes, and how many weights share a scale (0 where that is not said)."""


class QuantizationConfig:
    """One such part of a config, or nothing.

    Settings for some modules alone are often told by patterns (GPTQModel's `dynamic`, the targets of
    compressed-tensors). They are not matched, which a hostile pattern could make endless: of all settings in it, the
    tensors' shapes say which one holds.

    Attributes:
        method: its `quant_method` in lower case; "" where none is named.
        format: its `format`, likewise.
        present: whether there is such a part at all.
    """

    __slots__ = ("_part", "_schemes", "format", "method", "present")

    def __init__(self, part: Mapping[str, Any]) -> None:
        """
        Args:
            part: that part of the config; {} where there is none.
        """
        self._part = part
        self.present = bool(part)
        self.method, self.format = (_word(part.get(key)) for key in ("quant_method", "format"))
        self._schemes = list(dict.fromkeys(_schemes(part)))[:_MAX_SCHEMES]

    def schemes(self, module: str) -> list[Scheme]:
        """All settings, those of a module first where they are given under its name (MLX, AutoRound)."""
        inside = self._part.get("extra_config")
        for part in (self._part, inside if isinstance(inside, dict) else {}):
            own = part.get(module)
            if isinstance(own, dict) and (scheme := _scheme(own)):
                return [scheme, *self._schemes]
        return self._schemes

    def sizes(self, module: str) -> tuple[int, int] | None:
        """`out_features` and `in_features` of a module, where its settings have them (VPTQ)."""
        layers = self._part.get("config_for_layers")
        own = layers.get(module) if isinstance(layers, dict) else None
        if not isinstance(own, dict):
            return None
        rows, columns = own.get("out_features"), own.get("in_features")
        return (rows, columns) if type(rows) is int and type(columns) is int and min(rows, columns) > 0 else None


def _schemes(part: Mapping[str, Any]) -> Iterator[Scheme]:
    """Every setting in it, the outer ones first."""
    parts: list[Any] = [part]
    for value in parts:
        if isinstance(value, dict) and (scheme := _scheme(value)):
            yield scheme
        inside = list(value.values()) if isinstance(value, dict) else value
        if len(parts) < _MAX_PARTS:
            parts += [below for below in inside[:_MAX_PARTS] if isinstance(below, (dict, list))]


def _scheme(part: Mapping[str, Any]) -> Scheme | None:
    bits = next((part[key] for key in _BITS if type(part.get(key)) is int), 0) or _NAMED_BITS.get(
        _word(part.get("weights")), 0
    )
    group = next((part[key] for key in _GROUP if type(part.get(key)) is int), 0)
    return (bits, max(group, 0)) if 0 < bits <= _MAX_BITS else None


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""

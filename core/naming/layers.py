"""Which modules of a model are its layers, told by the names of its tensors alone.

A layer is a numbered member of a list that is named as lists of layers are (`h.0`, `model.layers.0`,
`bert.encoder.layer.0`, `blk.0`, `stages.0`, torchvision's `layer1`) and whose members hold modules: numbers of experts,
of a head's linear layers or of a stem's convolutions are none. The outermost counts: T5's `decoder.block.0` and not
`decoder.block.0.layer.1`, a stage of Swin and not its blocks, which are layers of their own when one looks into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

from core.naming.components import INPUT_EMBEDDING

# Words that a list of layers ends with, digits left out: `encoder_layers`, `denseblock`, `transformer_blocks`.
_LIST_ENDINGS = ("layer", "layers", "block", "blocks", "stage", "stages")
_LIST_WORDS = {
    "h",  # GPT-2, BLOOM, Falcon
    "blk",  # GGUF
    "features",  # torchvision's MobileNet, EfficientNet, DenseNet
    "self_attends",  # Perceiver
    "encoders",  # ESPnet
    "decoders",
    "flows",  # VITS
}
# Modules that have small numbered layers of their own, which are none of the model's.
_NOT_LAYERS_BELOW = {"head", "heads", "stem", "classifier"}
# Where no list has one of the names above, any other list may be the layers, but for these.
_NEVER_LISTS = {"expert", "experts", "mlp", "ffn", "proj", "projection", "projector", "norm", "embed", "embeddings"}
# Parts that a class puts before the names of a model that it wraps: transformers, torch.compile, DataParallel, PEFT.
_WRAPPERS = {"transformer", "model", "module", "_orig_mod", "base_model"}
_DIGITS = "0123456789"
_MAX_DEPTH = 64
_MAX_CACHED_WORDS = 5000
# Words of what stands beside the layers of a text model within it, as LLaVA 1.5's `model.vision_tower`.
BESIDE_TEXT_LAYERS = ("vision", "visual", "image", "audio", "speech", "projector", "merger", "connector", "resampler")


class Layers:
    """The layers of one model.

    Attributes:
        prefix: what stands before all layers' names and tells nothing, such as `transformer.`, with its dot.
        heads: the modules that hold lists of layers, each as the parts of its path.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """
        Args:
            names: a name of each kind that differs in more than digits; all names will do too.
        """
        self._words: dict[str, str] = {}
        self._strict = True
        names = list(names)
        self._lists = self._found(names)
        if not self._lists:
            self._strict = False
            self._lists = self._found(names)
        self.heads: set[tuple[str, ...]] = set()
        for parts in map(_parts, names):
            for n in self._members(parts):
                self.heads.add(self._head(parts[: max(0, n - parts[n].isdigit())]))
                break
        self.prefix = self._wrapper(names)

    def depth_of(self, name: str) -> int:
        """How many parts of a tensor's name are the path of the outermost layer it lies in; 0 where it lies in none."""
        return next(self._members(_parts(name)), -1) + 1

    def is_layer(self, path: str) -> bool:
        """Whether a module is a layer, of the model or of another layer."""
        parts = _parts(path)
        return len(parts) - 1 in self._members([*parts, ""])

    def short(self, path: str) -> str:
        """A layer's path without what tells nothing: `h.0`."""
        return path.removeprefix(self.prefix)

    def _head(self, path: list[str]) -> tuple[str, ...]:
        """The module that holds a list; a block without a number (diffusers' `mid_block`) counts as a list too."""
        return tuple(takewhile(lambda part: self._kind(part) != "list", path))

    def _found(self, names: list[str]) -> set[str]:
        """The lists of which a member holds modules."""
        lists: set[str] = set()
        for parts in map(_parts, names):
            for n in self._candidates(parts):
                if len(parts) - n > 2:
                    lists.add(_key(parts[: n + 1]))
        return lists

    def _members(self, parts: list[str]) -> Iterator[int]:
        """The places of a name's parts that end a layer's path, the outermost first."""
        return (n for n in self._candidates(parts) if _key(parts[: n + 1]) in self._lists)

    def _candidates(self, parts: list[str]) -> Iterator[int]:
        """The places of a name's parts that end a layer's path by their words alone."""
        words = self._words
        before = ""
        for n, part in enumerate(parts[:-1]):
            kind = words.get(part)
            if kind is None:
                kind = self._kind(part)
                if len(words) < _MAX_CACHED_WORDS:
                    words[part] = kind
            if kind == "aside":
                return
            if kind == "number":
                if before == "list" or (not self._strict and before != "never"):
                    yield n
            elif kind == "list" and part[-1] in _DIGITS:
                yield n
                kind = ""
            before = kind

    def _kind(self, part: str) -> str:
        """What a part of a name can be: number, list, aside, never, or "" for anything else."""
        if part.isascii() and part.isdigit():
            return "number"
        word = part.lower().strip(_DIGITS + "_-")
        last = word.rpartition("_")[2]
        if last in _NOT_LAYERS_BELOW or word == "feature_extractor":
            return "aside"
        if word in _LIST_WORDS or word.endswith(_LIST_ENDINGS):
            return "list"
        return "never" if last in _NEVER_LISTS else ""

    def _wrapper(self, names: list[str]) -> str:
        """What stands before all layers' names without telling anything, with its dot."""
        if not self.heads:
            return ""
        prefix = ""
        for n, part in enumerate(min(self.heads)):
            whole = prefix + part + "."
            if not all(len(head) > n and head[n] == part for head in self.heads):
                break
            wraps = part in _WRAPPERS or (
                not prefix and any(name.startswith(whole) and INPUT_EMBEDDING.has_piece_in(name) for name in names)
            )
            if not wraps:
                break
            prefix = whole
        return prefix


def _parts(name: str) -> list[str]:
    """The parts of a name, those beyond any model's depth left together: a hostile name may have a million."""
    return name.split(".", _MAX_DEPTH)


def _key(parts: list[str]) -> str:
    """A list by the path of one of its members: what differs in numbers only is one list."""
    return ".".join(part.strip(_DIGITS) for part in parts)

"""What lies under one key of a saved file, and what its name and its size say of it."""

from __future__ import annotations

from core.checkpoint.record import Record
from core.checkpoint.uncounted import Uncounted
from core.readers.torch.tensor_records import Tensor
from core.readers.unpickle.values import Inert, PickledDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WRAPPERS = {
    *("state_dict", "model", "module", "model_state_dict", "model_state", "ema", "model_ema", "net", "network"),
    *("generator", "params", "params_ema", "weights", "netG", "g_ema", "G_ema", "ema_state_dict", "state_dict_ema"),
    *("student", "teacher", "model_weights", "variables", "state", "checkpoint", "policy", "parameters"),
}
# What a copy of another part is called, or the same part at another time: in Q-learning, BYOL, DINO, training scripts.
_COPIES = {
    *("target", "targ", "tgt", "teacher", "polyak", "momentum", "lagged", "best", "last", "latest", "old", "prev"),
    *("previous", "initial", "init", "backup", "frozen", "ref", "reference"),
}
_AVERAGED = {"ema", "swa", "averaged", "average", "shadow", "moving"}
# What lies beside a model, by words in its key, or by the key itself.
_BESIDE_WORDS = ("optim", "schedul", "scaler", "callback", "hyper_param", "hparam", "rng", "random_state")
_BESIDE = {
    *("opt", "opt_state", "amp", "args", "config", "cfg", "loops", "loss", "losses", "history", "metrics", "sampler"),
    *("dataloader", "train_state", "trainer", "extra_state", "momentum", "epoch", "step", "iteration", "grads"),
}
_GENERATORS = {"python", "numpy", "cpu", "cuda", "xla", "npu", "mlu", "musa", "hpu", "xpu", "sdaa"}
_MAX_LOOKED_AT = 64


class Part(Record):
    """A container or an object in what was saved.

    Attributes:
        name: its key.
        value: itself.
        size: the tensors in it.
    """

    __slots__ = ("name", "size", "value")

    def __init__(self, name: str, value: Any, size: Uncounted) -> None:
        self.name = name
        self.value = value
        self.size = size

    @property
    def is_beside(self) -> bool:
        """Whether it lies beside a model by its name, or is an optimizer's state."""
        return is_beside(self.name) or is_optimizer(self.value)

    @property
    def is_wrapper(self) -> bool:
        """Whether its name is a usual one for the model itself."""
        return self.name in _WRAPPERS or self.name.lower().endswith(("state_dict", "_state"))

    @property
    def words(self) -> set[str]:
        """The words of its name."""
        pairs = zip(f"_{self.name}", self.name)
        name = "".join(f"_{c}" if c.isupper() and before.islower() else c for before, c in pairs)
        return set(name.lower().replace("-", "_").replace(".", "_").split("_"))

    @property
    def is_averaged(self) -> bool:
        """Whether it is an average by its name."""
        return not _AVERAGED.isdisjoint(self.words)

    @property
    def is_named_copy(self) -> bool:
        """Whether its name says that it is another's copy, or the same at another time."""
        return self.is_averaged or not _COPIES.isdisjoint(self.words)

    @property
    def length(self) -> int:
        """How many entries it has, where it may be a state dict."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        return len(held.keys) if isinstance(held, PickledDict) else 0

    def tensors(self, most: int | None = None) -> dict[str, Tensor]:
        """Those directly in it, of its first so many entries; none where it is no state dict."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        if not isinstance(held, PickledDict):
            return {}
        first = zip(held.keys[:most], held.values)
        return {key: value for key, value in first if isinstance(value, Tensor) and isinstance(key, str)}

    @property
    def is_flat(self) -> bool:
        """Whether its names are those of a state dict: paths with dots."""
        return any("." in name for name in self.tensors(_MAX_LOOKED_AT))

    @property
    def is_state_dict(self) -> bool:
        """Whether it is a state dict by its names, or may hold one under a key that says so."""
        names = self.tensors(_MAX_LOOKED_AT)
        return any("." in name or name.endswith(("weight", "bias")) for name in names) or (
            not names and not self.is_object and self.holds_state
        )

    @property
    def holds_state(self) -> bool:
        """Whether a state dict lies in it under a usual key, beside its optimizer's for instance."""
        held = self.value.items if isinstance(self.value, Inert) else self.value
        return isinstance(held, PickledDict) and any(
            key in _WRAPPERS and Part(key, inner, self.size).is_flat
            for key, inner in zip(held.keys[:_MAX_LOOKED_AT], held.values)
            if isinstance(key, str)
        )

    @property
    def is_object(self) -> bool:
        """Whether it is an object that was not built, and nothing like a dict."""
        return isinstance(self.value, Inert) and self.value.items is None

    @property
    def weight(self) -> int:
        """By which it is taken before others: its size, halved for an average or what cannot be read."""
        weight = 4 * self.size.elements
        if self.is_averaged:
            weight //= 2
        if self.is_object:
            weight //= 2
        return weight


def is_beside(name: str) -> bool:
    """Whether a key is one of what lies beside a model."""
    low = name.lower()
    return low in _BESIDE or any(word in low for word in _BESIDE_WORDS)


def is_optimizer(value: object) -> bool:
    """Whether it is the `state_dict()` of a torch optimizer."""
    if not isinstance(value, PickledDict) or len(value.keys) > 16:
        return False
    names = {key for key in value.keys if isinstance(key, str)}
    return "param_groups" in names and "state" in names


def is_random_state(value: object) -> bool:
    """Whether it is the states of random generators, as transformers' Trainer saves them in rng_state.pth."""
    if not isinstance(value, PickledDict) or len(value.keys) > len(_GENERATORS):
        return False
    return _GENERATORS.issuperset(map(str, value.keys)) and bool({"cpu", "cuda"}.intersection(value.keys))

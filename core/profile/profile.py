"""A model's profile: its counts with its layers and dimensions, as the study, the comparison and cost ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.count.counter import Count
from core.count.labels import category_label
from core.count.layer_totals import layer_totals
from core.count.totals import Tally, Totals
from core.profile.dimensions import Dimensions, Repeated, dimensions_of, repeated_tensors
from core.profile.formula import Formula, formula_of
from core.profile.symbols import sizes_of
from core.text.escape import escaped
from core.text.numbers import share

_GENERAL_NAMES = {"model", "pytorch_model.bin", "adapter_model", "model.safetensors.index.json", "consolidated"}


class Layer(NamedTuple):
    """What one layer holds: parameters of attention, of the MLP (with experts and routers), of all."""

    attention: int
    mlp: int
    parameters: int


class ModelProfile:
    """A model with all that a comparison asks of it; its tensors are not kept.

    Attributes:
        model: as the user named it.
        name: the same, short and safe to show; another may be given to tell it from others.
        built_in: whether it is one of the four that need no file.
        architecture: the class that its config names, or None.
        totals: its counts.
        active_parameters: those used for one token; None where the config does not say.
        tensors: its parameters, those alike in all but numbers as one.
        dimensions: how it is built.
        layers: what each numbered layer holds.
        outside: parameters outside of the layers.
    """

    def __init__(self, count: Count) -> None:
        source = count.source
        self.model = source.model
        self.name = short_names([source.model])[source.model]
        self.built_in = source.source == "built-in"
        self.architecture = count.architecture
        self.totals = count.totals
        self.active_parameters = count.active_parameters
        self.tensors: list[Repeated] = repeated_tensors(count)
        self.dimensions: Dimensions = dimensions_of(self.tensors, source.config)
        self.layers: list[Layer] = []
        self.outside = 0
        for _, numbered, totals in layer_totals(count):
            if numbered:
                held = [_of(totals, key).parameters for key in ("attention", "mlp", "router")]
                self.layers.append(Layer(held[0], held[1] + held[2], totals.parameters))
            else:
                self.outside += totals.parameters
        self._formulas: dict[tuple[str, bool], Formula | None] = {}

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.totals.parameters

    def tally(self, category: str) -> Tally:
        """What a category holds; nothing where the model has none of it."""
        return _of(self.totals, category)

    def percent(self, category: str) -> float:
        """A category's share of the model's parameters."""
        return share(self.tally(category).parameters, self.parameters)

    def label(self, category: str) -> str:
        """A category's word in this model."""
        return category_label(category, self.totals)

    def formula(self, category: str, nameless: bool = False) -> Formula | None:
        """How a category's size comes about, None where that is not known; see `core.profile.formula.formula_of`."""
        key = category, nameless
        if key not in self._formulas:
            self._formulas[key] = formula_of(category, self.tensors, self.dimensions, nameless)
        return self._formulas[key]

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes in its formulas, by their symbols."""
        return sizes_of(self.tensors, self.dimensions)


def _of(totals: Totals, category: str) -> Tally:
    return totals.categories.get(category) or Tally()


def short_names(models: Iterable[str]) -> dict[str, str]:
    """Names to show for models as the user named them: the last part of a path or hub id, the whole where two agree."""
    names = {model: _short_name(model) for model in models}
    held = list(names.values())
    return {model: name if held.count(name) == 1 else escaped(model) for model, name in names.items()}


def _short_name(model: str) -> str:
    *above, name = model.rstrip("/").split("/")
    stem = name.removesuffix(".safetensors")
    # A name that all checkpoints share, such as model.safetensors, tells less than its folder's.
    if above and stem in _GENERAL_NAMES and above[-1] not in {"", ".", ".."}:
        stem = above[-1]
    return escaped(stem or model)

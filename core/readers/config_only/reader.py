"""A config.json without weights: the model that it describes, built by transformers in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import CheckpointError
from core.checkpoint.learned import Learned
from core.checkpoint.source import Progress, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.files.folder import Folder
from core.files.json_file import read_json_object
from core.readers.config_only.process import BuildingProcess
from core.text.width import shortened

CONFIG = "config.json"
_MAX_DEPTH = 6
_MAX_LAYERS = 10_000
_CLASS = re.compile(r"[A-Z][A-Za-z0-9_]{1,99}")
_QUANTISED = {"quantization_config", "quantization", "compression_config"}
# What would make transformers look for code or weights elsewhere.
_ELSEWHERE = {
    "auto_map",
    "custom_pipelines",
    "_name_or_path",
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "experts_implementation",
    "_experts_implementation",
    "_experts_implementation_internal",
    "use_kernels",
}
_DTYPES = {"float64", "float32", "float16", "bfloat16"}
_WEIGHTS_TOO = "name a folder that has the weights too"
_NAME_IT = "name the model's own config.json or its weights"
# By which key the configs of others are known, what they are, and what to do.
_OTHERS = (
    ("_diffusers_version", "a config of diffusers, which transformers does not build", _WEIGHTS_TOO),
    ("pretrained_cfg", "a config of timm, which transformers does not build", _WEIGHTS_TOO),
    ("peft_type", "an adapter's config, which says nothing of the sizes of its tensors", _WEIGHTS_TOO),
    ("tokenizer_class", "a tokenizer's config, not a model's", _NAME_IT),
    ("image_processor_type", "an image processor's config, not a model's", _NAME_IT),
    ("feature_extractor_type", "a feature extractor's config, not a model's", _NAME_IT),
    ("n_layers", "a config of the model's own code (params.json), which transformers does not build", _WEIGHTS_TOO),
    ("weight_map", "an index of shards under another name", "name it as it was: model.safetensors.index.json"),
)


class ConfigReader:
    """Tells the tensors of the model that a config describes."""

    def __init__(self, model: str, source: str, folder: Folder, name: str = CONFIG) -> None:
        """
        Args:
            model: as the user typed it.
            source: the folder or file, as errors and outputs name it.
            folder: where it lies.
            name: its file name.

        Raises:
            CheckpointError: where it is no model's config.
        """
        self._name = name
        self._file = folder.shown(name)
        config = read_json_object(folder, name)
        _refuse_others(config, self._file)
        if deep := _find(config, _is_too_deep):
            raise CheckpointError(self._file, f"{shortened(deep, 60)} is above {_MAX_LAYERS:,}: no model has so many")
        architectures = config.get("architectures")
        self._architectures = [
            architecture
            for architecture in (architectures if isinstance(architectures, list) else [])
            if isinstance(architecture, str) and _CLASS.fullmatch(architecture)
        ]
        self._request = {
            "config": _without(config, _QUANTISED | _ELSEWHERE),
            "architectures": self._architectures,
            "own_code": bool(config.get("auto_map")),
        }
        self._quantised = _find(config, lambda key, _: key in _QUANTISED) != ""
        self._config = _without(config, _QUANTISED)
        self.source = Source(model, source, "config", ModelConfig.of(self._config), [])

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The tensors once the model is built; until then, empty batches, so that a load can be cancelled.

        Raises:
            CheckpointError: where transformers cannot build it.
        """
        begun = Progress(0, 1, f"building the model from {self._name}")
        yield nothing(), begun
        with BuildingProcess(self._request, self._file) as process:
            for record in process.records():
                if record and "names" in record:
                    yield _batch(record), begun
                else:
                    yield nothing(learned=self._learned(record)), begun
        yield nothing(), Progress(1, 1)

    def _learned(self, record: dict[str, Any] | None) -> Learned | None:
        """What a record tells of the model that was built; None where it is of something else."""
        if record is None or "architecture" not in record:
            return None
        built = record["architecture"]
        notes = [f"no weights here: built from {self._name} as {built} by transformers {record['transformers']}"]
        if self._architectures and built.lower() not in map(str.lower, self._architectures):
            notes.append(f"transformers has no {self._architectures[0]}: another class of this kind of model was built")
        if self._quantised:
            notes.append("the quantisation that it names is left out: counts and sizes are those without it")
        # The config itself may leave out what is usual, such as how many experts there are.
        config = ModelConfig.of({**record["config"], **self._config, "architectures": [built]})
        return Learned(config=config, notes=notes)


def _batch(record: dict[str, Any]) -> TensorBatch:
    return TensorBatch(
        names=record["names"],
        shapes=[tuple(shape) for shape in record["shapes"]],
        dtypes=record["dtypes"],
        sizes=record["sizes"],
        file="",
        storages=record["storages"],
        are_parameters=record["are_parameters"],
    )


def _refuse_others(config: dict[str, Any], file: str) -> None:
    if isinstance(config.get("model_type"), str) or config.get("architectures"):
        return
    for key, what, advice in _OTHERS:
        if key in config:
            raise CheckpointError(file, f"this is {what}", advice=advice)
    raise CheckpointError(file, "it does not say which model it is of: it has neither model_type nor architectures")


def _without(config: dict[str, Any], keys: set[str], depth: int = _MAX_DEPTH) -> dict[str, Any]:
    """A config and those within it, without some keys and without dtypes that no model is built in."""
    result: dict[str, Any] = {}
    for key, value in config.items():
        if key in keys or (key in {"dtype", "torch_dtype"} and str(value).removeprefix("torch.") not in _DTYPES):
            continue
        if isinstance(value, dict) and depth:
            result[key] = _without(value, keys, depth - 1)
        else:
            result[key] = False if key == "use_pretrained_backbone" else value
    return result


def _is_too_deep(key: str, value: object) -> bool:
    # Gemma 3n's `vocab_size_per_layer_input` is no number of layers.
    counts_layers = key.endswith(("layer", "layers")) and "per_layer" not in key
    return counts_layers and type(value) is int and value > _MAX_LAYERS


def _find(config: dict[str, Any], fits: Callable[[str, object], bool], depth: int = _MAX_DEPTH) -> str:
    """The first key of a config, or of those within it, that fits with its value; "" where none does."""
    for key, value in config.items():
        if fits(key, value):
            return key
        if isinstance(value, dict) and depth and (found := _find(value, fits, depth - 1)):
            return found
    return ""

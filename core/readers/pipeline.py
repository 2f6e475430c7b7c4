"""Pipelines of diffusers: a folder with `model_index.json` and a folder for each model in it.

Format: https://huggingface.co/docs/diffusers/using-diffusers/loading; DiffusionPipeline.save_pretrained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

from core.checkpoint.config import ModelConfig
from core.checkpoint.learned import Learned
from core.checkpoint.source import Progress, Reader, Source
from core.checkpoint.tensors import TensorBatch, nothing
from core.files.folder import Folder
from core.files.json_file import read_json_object
from core.files.safetensors_names import SUFFIX
from core.files.torch_names import is_model_name
from core.text.escape import escaped

MODEL_INDEX = "model_index.json"
_WITHOUT_WEIGHTS = ("Tokenizer", "TokenizerFast", "Scheduler", "Processor", "FeatureExtractor", "Guider")
_MAX_SUBMODELS = 64

OpenFolder = Callable[[str, str, Folder, list[str]], "Reader | None"]


def pipeline_reader(
    model: str, source: str, folder: Folder, names: list[str], open_folder: OpenFolder
) -> PipelineReader | None:
    """The reader of a pipeline's folder; None where it is none, or none of its models has weights here.

    Args:
        model: as the user typed it.
        source: the folder, as errors and outputs name it.
        folder: its files.
        names: their names.
        open_folder: gives the reader of a model's folder.

    Raises:
        CheckpointError: where the list of its models cannot be read, or one of them.
    """
    index = read_json_object(folder, MODEL_INDEX)
    if not isinstance(index.get("_class_name"), str):
        return None
    told = [key for key, value in index.items() if _has_weights(key, value)]
    there = folder.folders()
    # Where the list names no model, the folders are all there is to go by.
    wanted = (told or there)[:_MAX_SUBMODELS]
    parts: dict[str, Reader] = {}
    for name in wanted:
        below = folder.below(name)
        inside = below.names() if name in there else []
        if any(file.endswith(SUFFIX) or is_model_name(file) for file in inside):
            found = open_folder(model, f"{source}/{name}", below, inside)
            if found:
                parts[name] = found
    if not parts:
        return None
    missing = [name for name in wanted if name not in parts] if told else []
    beside = [name for name in names if name.endswith(SUFFIX) or is_model_name(name)]
    return PipelineReader(model, source, index["_class_name"], parts, missing, beside)


def _has_weights(key: str, value: Any) -> bool:
    """Whether an entry of the list is a model: `"unet": ["diffusers", "UNet2DConditionModel"]`."""
    if key.startswith("_") or not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
        return False
    return not value[1].endswith(_WITHOUT_WEIGHTS) and "/" not in key and key not in {"", ".", ".."}


class PipelineReader:
    """Reads the models of a pipeline one after the other, each tensor under its model's name."""

    def __init__(  # noqa: PLR0917
        self, model: str, source: str, kind: str, parts: dict[str, Reader], missing: list[str], beside: list[str]
    ) -> None:
        """
        Args:
            model: as the user typed it.
            source: the folder.
            kind: the pipeline's class.
            parts: the readers of its models, by their folders' names.
            missing: models of it that have no weights here.
            beside: weights in the folder itself.
        """
        self.source = Source(
            model,
            source,
            _format_of(list(parts.values())),
            _config_of(list(parts.values()), kind),
            _notes(list(parts), beside),
            piece=_piece(len(parts), missing),
            submodels=tuple(parts),
        )
        self._parts = parts

    def batches(self) -> Iterator[tuple[TensorBatch, Progress]]:
        """The tensors, model by model.

        Raises:
            CheckpointError: where one of the models is faulty.
        """
        for number, (name, part) in enumerate(self._parts.items()):
            begun = Learned(notes=_told(name, part.source.notes), beside=part.source.beside, piece=part.source.piece)
            yield nothing(learned=begun), Progress(number, len(self._parts))
            for batch, progress in part.batches():
                yield _under(name, batch), Progress(number, len(self._parts), progress.doing)
            yield nothing(), Progress(number + 1, len(self._parts))


def _format_of(parts: list[Reader]) -> str:
    """The format of all, that of the first where there are several."""
    return parts[0].source.format


def _config_of(parts: list[Reader], kind: str) -> ModelConfig:
    """The config of the first that is a model of transformers, under the pipeline's class."""
    told = next((part.source.config for part in parts if part.source.config.model_type), parts[0].source.config)
    config = copy(told)
    config.architecture = kind
    return config


def _notes(parts: list[str], beside: list[str]) -> list[str]:
    notes = [f"a pipeline of diffusers: {', '.join(map(escaped, parts))} counted together"]
    if beside:
        more = f" and {len(beside) - 1} more" if len(beside) > 1 else ""
        notes.append(f"not counted, beside the pipeline's folders: {escaped(beside[0])}{more}; name it to count it")
    return notes


def _piece(here: int, missing: list[str]) -> str:
    if not missing:
        return ""
    models = f"{here} of {here + len(missing)} models of the pipeline"
    return f"a piece, {models}: there are no weights of {', '.join(map(escaped, missing))}"


def _told(name: str, notes: Sequence[str]) -> list[str]:
    return [f"{escaped(name)}: {note}" for note in notes]


def _under(name: str, batch: TensorBatch) -> TensorBatch:
    """A batch with a model's name before those of its tensors, in a folder of that name."""
    learned = batch.learned
    if learned:
        # What a model's index claims is of that model alone.
        learned = Learned(
            notes=_told(name, learned.notes),
            beside=learned.beside,
            piece=learned.piece,
            metadata=learned.metadata,
        )
    storages = batch.storages
    return TensorBatch(
        [f"{name}.{tensor}" for tensor in batch.names],
        batch.shapes,
        batch.dtypes,
        batch.sizes,
        batch.file,
        None if storages is None else [None if storage is None else (name, storage) for storage in storages],
        batch.are_parameters,
        shard=f"{name}/{batch.shard}" if batch.shard else "",
        starts=batch.starts,
        placement=batch.placement,
        learned=learned,
    )

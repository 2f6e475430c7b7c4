"""Runs in a process of its own: builds the model that a config describes, without weights, and tells its tensors.

From its standard input it reads one line of JSON: `config`, a config.json's object; `architectures`, the classes that
it names; `own_code`, whether it has code of its own beside it. To its standard output it writes records, a line of
JSON each: `building` once transformers is there; `architecture` (the class), `transformers` (its version) and `config`
(with all defaults) once the model is built; then columns of a `TensorBatch`; `done` at the end. Where it failed,
`error` and `advice` instead. It ends with its parent, which it knows by its standard input.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from core.checkpoint.dtypes import name_of_torch
from core.child.serving import limit, serve
from core.text.width import shortened

MAX_BYTES = 2 << 30
"""Of memory that building may take; tensors on the meta device take none."""
_MAX_SECONDS = 300
_BATCH_TENSORS = 2000


class _Refused(Exception):
    """A config of which nothing can be built, and why; then what to do."""


def main() -> None:
    """The child's whole life."""
    serve(_limited)


def _limited(line: bytes) -> Iterator[dict[str, Any]]:
    """The records of a request; once transformers is imported, with limits on what building may take and do."""
    for record in records(request_of(line)):
        yield record
        if "building" in record:
            limit(MAX_BYTES, _MAX_SECONDS)
            sys.addaudithook(forbid)


def request_of(line: str | bytes) -> dict[str, Any]:
    """What is asked for; numbers that JSON has no word for, as transformers spells them in a config, are numbers."""

    def number(entry: dict[str, Any]) -> Any:
        tag = entry.get("__float__")
        return float(tag) if len(entry) == 1 and tag in ("Infinity", "-Infinity", "NaN") else entry

    request: dict[str, Any] = json.loads(line, object_hook=number)
    return request


def records(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the child tells of a request, its last record `done` or `error`."""
    try:
        yield from _built(request)
    except _Refused as error:
        yield {"error": error.args[0], "advice": error.args[1]}
    except MemoryError:
        yield {"error": f"building it takes more than {MAX_BYTES // 2**30} GiB of memory", "advice": _SEE}
    except ImportError as error:
        yield _wanting(error)
    except Exception as error:
        yield _unbuilt(error)


_SEE = "see its config.json"
_WANTED = re.compile(r"requires the (\w[\w.-]{0,40}) library but it was not found")
"""As transformers says it (utils/import_utils.py, `TIMM_IMPORT_ERROR` and its like)."""


def _wanting(error: ImportError) -> dict[str, Any]:
    """Of a model whose code wants another package: which, and where it is to be installed."""
    wanted = _WANTED.search(str(error))
    if not wanted:
        return _unbuilt(error)
    package = wanted[1]
    install = f"{sys.executable} -m pip install {package}"
    return {
        "error": f"transformers builds it with {package}, which is not installed beside it",
        "advice": install if "pip" in str(error) else f"install {package} for {sys.executable}",
    }


def _unbuilt(error: Exception) -> dict[str, Any]:
    return {"error": f"transformers could not build it ({_last_line(error)})", "advice": _SEE}


def _last_line(error: BaseException) -> str:
    """What a traceback would end with; of what is not installed, transformers says the reason first."""
    lines = [line.strip(" \t:") for line in str(error).splitlines() if any(map(str.isalpha, line))]
    if not lines:
        return type(error).__name__
    return f"{type(error).__name__}: {shortened(lines[0 if isinstance(error, ImportError) else -1], 200)}"


def _built(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise _Refused(
            f"building a model from its config wants torch and transformers ({_last_line(error)})",
            "install them: pip install torch transformers",
        ) from error
    yield {"building": True}
    model_class, config_class = _classes(request)
    with torch.device("meta"):
        # Attention by name may be code of the hub's; eager attention is always part of transformers.
        model = model_class._from_config(_config(config_class, request["config"]), attn_implementation="eager")
    config = model.config.to_dict()
    yield {"architecture": model_class.__name__, "transformers": transformers.__version__, "config": config}
    yield from _batches(model)
    yield {"done": True}


def _config(config_class: Any, said: dict[str, Any]) -> Any:
    """A config as a class of configs has it; of one that is made of several, the part that is of this class."""
    whole, _ = _usual_classes(said.get("model_type"))
    for name, part in getattr(whole, "sub_configs", {}).items():
        if part is config_class and whole is not config_class:
            return getattr(whole.from_dict(said), name)
    return config_class.from_dict(said)


def forbid(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: no connection and no other program, whatever a config says."""
    if event in {"socket.connect", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}:
        raise PermissionError(f"{event} is not allowed while a model is built")


def _classes(request: dict[str, Any]) -> tuple[Any, Any]:
    """The model's class and that of its config, both transformers' own.

    Raises:
        _Refused: where transformers has none.
    """
    import transformers

    names: list[str] = request["architectures"]
    for name in names:
        found = getattr(transformers, name, None)
        if isinstance(found, type) and issubclass(found, transformers.PreTrainedModel) and found.config_class:
            return found, found.config_class
    config_class, usual = _usual_classes(request["config"].get("model_type"))
    alike = [found for found in usual if found.__name__.lower() in map(str.lower, names)]
    if request["own_code"] and not alike:
        raise _Refused(
            "this model's code lies beside its config and is not run", "name a folder that has the weights too"
        )
    if not usual:
        version = f"transformers {transformers.__version__}"
        raise _Refused(f"{version} does not know this kind of model", "a newer one may: pip install -U transformers")
    return (alike or usual)[0], config_class


def _usual_classes(model_type: object) -> tuple[Any, list[Any]]:
    """The config's class of a kind of model, and its models': as it is trained, as a language model, without a head."""
    from transformers import CONFIG_MAPPING
    from transformers.models.auto import modeling_auto as auto

    if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING:
        return None, []
    config_class = CONFIG_MAPPING[model_type]
    found: list[Any] = []
    for mapping in (auto.MODEL_FOR_PRETRAINING_MAPPING, auto.MODEL_FOR_CAUSAL_LM_MAPPING, auto.MODEL_MAPPING):
        if config_class in mapping:
            classes = mapping[config_class]
            found += classes if isinstance(classes, tuple) else [classes]
    return config_class, found


def _batches(model: Any) -> Iterator[dict[str, Any]]:
    """The tensors of a model's `state_dict`; those that are one object share a storage."""
    tensors = iter(model.state_dict(keep_vars=True).items())
    seen: dict[int, int] = {}
    parameters = set(map(id, model.parameters()))
    while some := list(islice(tensors, _BATCH_TENSORS)):
        yield {
            "names": [name for name, _ in some],
            "shapes": [list(tensor.shape) for _, tensor in some],
            "dtypes": [_dtype(tensor) for _, tensor in some],
            "sizes": [tensor.numel() * tensor.element_size() for _, tensor in some],
            "storages": [seen.setdefault(id(tensor), len(seen)) for _, tensor in some],
            "are_parameters": [id(tensor) in parameters for _, tensor in some],
        }


def _dtype(tensor: Any) -> str:
    name = str(tensor.dtype).removeprefix("torch.")
    return name_of_torch(name) or name.upper()

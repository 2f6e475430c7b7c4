"""Adapters as PEFT saves them: `adapter_config.json` beside `adapter_model.safetensors` or `.bin`.

Format: https://huggingface.co/docs/peft/developer_guides/checkpoint. AdapterHub's `pytorch_adapter.bin` has a config of
the same name.
"""

from __future__ import annotations

from typing import Any

from core.checkpoint.config import ModelConfig
from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Source
from core.files.folder import Folder
from core.files.json_file import read_json_object
from core.text.escape import escaped
from core.text.width import shortened

ADAPTER_CONFIG = "adapter_config.json"
_STARTS = ("adapter_model.", "pytorch_adapter.")
_MODELS = ("model", "pytorch_model", "consolidated", "diffusion_pytorch_model")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".index.json")
_SHOWN = 4

# PEFT's names of methods (its PeftType), where people write them otherwise.
_METHODS = {
    "LORA": "LoRA",
    "ADALORA": "AdaLoRA",
    "LOHA": "LoHa",
    "LOKR": "LoKr",
    "IA3": "IA³",
    "VERA": "VeRA",
    "PROMPT_TUNING": "prompt tuning",
    "PREFIX_TUNING": "prefix tuning",
    "P_TUNING": "p-tuning",
    "LN_TUNING": "layer norm tuning",
    "TRAINABLE_TOKENS": "trainable tokens",
    "FOURIERFT": "FourierFT",
    "RANDLORA": "RandLoRA",
    "VBLORA": "VB-LoRA",
    "SHIRA": "SHiRA",
    "DELORA": "DeLoRA",
}


def is_adapter_name(name: str) -> bool:
    """Whether a file is an adapter's by its name."""
    return name.startswith(_STARTS)


def model_names(names: list[str]) -> list[str]:
    """Of a folder with an adapter's config, the names without the adapter's where a whole model is there too."""
    if any((name.startswith(_MODELS) and name.endswith(_WEIGHTS)) or name.endswith(".gguf") for name in names):
        return [name for name in names if not is_adapter_name(name)]
    return [name for name in names if is_adapter_name(name)]


def described(source: Source, folder: Folder) -> Source:
    """The source of an adapter that is read with what its config says: `peft_type`, and a note before all others."""
    config: dict[str, Any] = {}
    try:
        config = read_json_object(folder, ADAPTER_CONFIG)
        note = f"an adapter: {adapter_text(config)}; its parameters are not in this file"
    except CheckpointError as error:
        note = f"an adapter, its base model not known: {error.sentence()}"
    told = ModelConfig.of({"peft_type": config.get("peft_type") or "unknown", "adapter_config": config})
    return source.replaced(config=told, notes=(note, *source.notes))


def with_adapter_beside(source: Source, names: list[str]) -> Source:
    """The source of a model that is read with a note of the adapter that lies beside it, if one does."""
    files = [name for name in names if is_adapter_name(name)]
    if not files:
        return source
    return source.with_notes(f"{escaped(files[0])} beside it is an adapter and not counted; name that file to count it")


def lone_config(source: str, folder: Folder) -> CheckpointError:
    """What to say of a folder that has an adapter's config and no tensors."""
    advice = "download its adapter_model.safetensors too"
    try:
        text = adapter_text(read_json_object(folder, ADAPTER_CONFIG))
    except CheckpointError as error:
        return error
    return CheckpointError(source, f"an adapter's config ({text}) and no tensors", advice=advice)


def adapter_text(config: dict[str, Any]) -> str:
    """`LoRA, r = 16, on q_proj, v_proj; base model org/name`, of an adapter's config."""
    method = config.get("peft_type")
    text = _METHODS.get(method, shortened(escaped(method), 40)) if isinstance(method, str) else "of no method of PEFT"
    if method == "LORA" and config.get("use_dora") is True:
        text = "DoRA"
    text += _rank_text(config)
    if type(tokens := config.get("num_virtual_tokens")) is int:
        text += f", {tokens:,} virtual tokens"
    if where := _list_text(config.get("target_modules")):
        text += f", on {where}"
    if whole := _list_text(config.get("modules_to_save")):
        text += f", with {whole} trained whole"
    base = config.get("base_model_name_or_path") or config.get("model_name")
    named = shortened(escaped(base), 100) if isinstance(base, str) else "not named"
    return f"{text}; base model {named}"


def _rank_text(config: dict[str, Any]) -> str:
    # AdaLoRA cuts its first rank down in training; the r beside is LoRA's default and means nothing.
    keys = ("init_r", "target_r") if config.get("peft_type") == "ADALORA" else ("r",)
    ranks = [str(rank) for rank in map(config.get, keys) if type(rank) is int and rank > 0]
    others = " and others" if config.get("rank_pattern") and len(keys) == 1 else ""
    return f", r = {' to '.join(ranks)}{others}" if ranks else ""


def _list_text(value: object) -> str:
    if isinstance(value, str):
        return shortened(escaped(value), 60)
    if not isinstance(value, list):
        return ""
    names = sorted({shortened(escaped(name.rpartition(".")[2]), 40) for name in value if isinstance(name, str)})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

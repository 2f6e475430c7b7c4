"""Which files PyTorch wrote, by their names and first bytes, without what reads them."""

from __future__ import annotations

from collections.abc import Iterable

TORCH_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pth.tar")
TORCH_INDEX_SUFFIX = ".bin.index.json"
METADATA = ".metadata"
"""What a folder of torch.distributed.checkpoint has beside its `*.distcp` files."""
DISTRIBUTED_SUFFIX = ".distcp"

# Written beside a model by transformers' Trainer, accelerate, Lightning and others; no models.
_BESIDE = (
    *("optimizer", "scheduler", "scaler", "rng_state", "random_states", "training_args", "trainer_state"),
    *("optim.", "optim_", "optim-", "lr_scheduler", "extra_state_world_size", "exp_avg", "distrib_optim"),
)
_TRAINERS = {"train.pt", "trainer.pt", "training_state.pt"}
"""A trainer's state, where an optimizer's lies beside it (OLMo)."""
_BESIDE_ENDINGS = tuple(
    f"{word}{suffix}" for word in ("optim_states", "_optimizer", "_optim", "_scheduler") for suffix in TORCH_SUFFIXES
)
_ZIP = b"PK\3\4"
_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def is_torch_name(name: str) -> bool:
    """Whether a file is one of PyTorch by its name."""
    return name.lower().endswith(TORCH_SUFFIXES) and not name.startswith(".")


def is_model_name(name: str) -> bool:
    """Whether it is one that may hold a model, not an optimizer's state or a trainer's arguments."""
    low = name.lower()
    return is_torch_name(name) and not low.startswith(_BESIDE) and not low.endswith(_BESIDE_ENDINGS)


def is_distributed(names: list[str]) -> bool:
    """Whether the files of a folder are those of torch.distributed.checkpoint."""
    return METADATA in names or any(name.endswith(DISTRIBUTED_SUFFIX) for name in names)


def models_in(names: Iterable[str]) -> list[str]:
    """Of some files of a folder those that may hold a model, with indexes and parts of distributed checkpoints."""
    names = list(names)
    found = [name for name in names if is_model_name(name) or name.endswith((TORCH_INDEX_SUFFIX, DISTRIBUTED_SUFFIX))]
    if any(name.startswith("optim") for name in names):
        found = [name for name in found if name not in _TRAINERS]
    return found


def kind_of(start: bytes, size: int) -> str:
    """What a file is by its first bytes: `pytorch`, `safetensors`, `gguf`, or "" where they tell none of them.

    Args:
        start: its first bytes, 16 or more where it has them.
        size: its length in bytes.
    """
    if start.startswith(b"GGUF"):
        return "gguf"
    if start.startswith((_ZIP, _LEGACY)):
        return "pytorch"
    believable = len(start) > 8 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size - 8
    return "safetensors" if believable else ""


def is_pickle(start: bytes) -> bool:
    """Whether a file begins as a pickle does, with the opcode PROTO; so may the length of a safetensors header."""
    return start[:1] == b"\x80" and start[1:2] in {b"\2", b"\3", b"\4", b"\5"}


def torch_shards(names: list[str]) -> tuple[list[str], str]:
    """The files of the PyTorch models in a folder, and the name of the index of one of them or "".

    Args:
        names: the folder's files.
    """
    if "pytorch_model.bin" in names:
        return ["pytorch_model.bin"], ""
    indexes = [name for name in names if name.endswith(TORCH_INDEX_SUFFIX) and not name.startswith(".")]
    index = "pytorch_model.bin.index.json"
    if indexes and (index in indexes or len(indexes) == 1):
        return [], index if index in indexes else indexes[0]
    files = indexes or [name for name in models_in(names) if is_model_name(name)]
    return files, ""

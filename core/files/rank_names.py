"""Which files several GPUs wrote of one model, by their names, and what each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from core.files.rank_hints import has_hint

Layout = Literal["consolidated", "layers", "experts", "zero3", "states", "world", "flat"]

# consolidated: Meta's (llama/generation.py). layers, experts, zero3, states: DeepSpeed's engine.py and pipe/module.py.
# world: verl's fsdp_checkpoint_manager.py. flat: DINOv2's fsdp/__init__.py, and others that name the rank alone.
_PATTERNS: tuple[tuple[Layout, re.Pattern[str]], ...] = (
    ("consolidated", re.compile(r"consolidated\.(?P<rank>\d{2})\.(pth|pt)", re.ASCII)),
    ("layers", re.compile(r"layer_(?P<layer>\d{1,6})-model_(?P<rank>\d{1,4})-model_states\.pt", re.ASCII)),
    (
        "experts",
        re.compile(
            r"(layer_(?P<layer>\d{1,6})_)?expert_(?P<expert>\d{1,6})_mp_rank_(?P<rank>\d{1,4})_model_states\.pt",
            re.ASCII,
        ),
    ),
    (
        "zero3",
        re.compile(r"(bf16_)?zero_pp_rank_(?P<part>\d{1,6})_mp_rank_(?P<rank>\d{1,4})_model_states\.pt", re.ASCII),
    ),
    ("states", re.compile(r"mp_rank_(?P<rank>\d{1,4})_model_states\.pt", re.ASCII)),
    ("world", re.compile(r"model_world_size_(?P<size>\d{1,6})_rank_(?P<rank>\d{1,6})\.pt", re.ASCII)),
    ("flat", re.compile(r".+[._-]rank[._-]?(?P<rank>\d{1,6})\.(pth|pt|bin)", re.ASCII)),
)
_MEGATRON = re.compile(r"mp_rank_(?P<rank>\d{2,4})(_(?P<stage>\d{3}))?(_(?P<expert>\d{3}))?", re.ASCII)
MEGATRON_FILES = ("model_optim_rng.pt", "model_rng.pt")


class RankFile(NamedTuple):
    """A file that one of several GPUs wrote.

    Attributes:
        layout: of which kind.
        rank: of which slice of its tensors.
        layer: the layer that it holds; -1 where its name does not say.
        expert: the expert that it holds; -1 likewise.
        part: which part of a slice's state it holds, where a name says that too; else 0.
        size: of how many, where its name says that; else 0.
        name: its name.
    """

    layout: Layout
    rank: int
    layer: int
    expert: int
    part: int
    size: int
    name: str


class MegatronFolder(NamedTuple):
    """A folder of Megatron's with one GPU's file in it: `mp_rank_01`, `mp_rank_01_000` with pipeline stages."""

    rank: int
    stage: int
    expert: int
    name: str


def rank_file(name: str) -> RankFile | None:
    """What a file's name says; None for one that is not of these."""
    if not has_hint(name):
        return None
    for layout, pattern in _PATTERNS:
        if match := pattern.fullmatch(name):
            told = match.groupdict()
            rank, layer, expert, part, size = (
                int(told.get(key) or default)
                for key, default in (("rank", 0), ("layer", -1), ("expert", -1), ("part", 0), ("size", 0))
            )
            return RankFile(layout, rank, layer, expert, part, size, name)
    return None


def rank_files(names: Iterable[str]) -> list[RankFile]:
    """Those of a folder, by layer, expert, part and rank; of optimizers none."""
    models = [name for name in names if "optim" not in name and "extra_state" not in name]
    found = [one for one in map(rank_file, models) if one]
    return sorted(found, key=lambda one: (one.layer, one.expert, one.part, one.rank, one.name))


def megatron_folders(names: Iterable[str]) -> list[MegatronFolder]:
    """Megatron's folders among some, stage by stage."""
    found: list[MegatronFolder] = []
    for name in names:
        if match := _MEGATRON.fullmatch(name):
            told = match.groupdict()
            found.append(MegatronFolder(int(told["rank"]), int(told["stage"] or 0), int(told["expert"] or 0), name))
    return sorted(found, key=lambda one: (one.stage, one.expert, one.rank))


def are_one_naming(names: Iterable[str]) -> bool:
    """Whether names are the same but for the rank at their end."""
    return len({re.sub(r"\d+(\.\w+)$", r"\1", name) for name in names}) == 1

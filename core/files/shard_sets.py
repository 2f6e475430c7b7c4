"""Which files of a folder are shards of one checkpoint, by their names alone, and which of its shards are missing.

A name counts either with its total (`model-00001-of-00002.safetensors`, as transformers, Megatron and torchtune write
them) or without (`out-00000.safetensors`, `hf_model_0001_0.pt` of torchtune's first versions).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

_OF = re.compile(r"(.*?)(\d{1,9})([-_]of[-_])(\d{1,9})(.*)", re.DOTALL | re.ASCII)
_TORCHTUNE = re.compile(r"(.*_)(\d{4})(_\d+\.\w+)", re.DOTALL | re.ASCII)
_RUN = re.compile(r"\d+", re.ASCII)
_MAX_MISSING_FILES = 10_000
"""Missing names that are made; a hostile name may speak of a billion shards."""
_MAX_NAMED_FILES = 4
_MAX_DIGITS = 9
_LAYER = re.compile(r"(.*\.)?(layers|blocks|h)\.\d+\.\w+", re.DOTALL | re.ASCII)
"""A file of one layer, where every module was saved into a file of its own, as AirLLM does."""


class ShardSet(NamedTuple):
    """Shards of one checkpoint.

    Attributes:
        files: those that are there, in their order.
        missing: names of those that are not, at most 10,000.
        total: how many it has.
        told: whether the names tell the total.
    """

    files: tuple[str, ...]
    missing: tuple[str, ...] = ()
    total: int = 1
    told: bool = False

    def place(self, name: str) -> int:
        """Which of them a file is, from 1."""
        number = _number_of(name)
        if not self.told or number is None:
            ordered = sorted((*self.files, *self.missing), key=lambda one: [int(run) for run in _RUN.findall(one)])
            return ordered.index(name) + 1
        return number + 1 if any(_number_of(file) == 0 for file in (*self.files, *self.missing)) else number

    @property
    def stem(self) -> str:
        """The name that they share, without the numbers of shards."""
        match = _OF.fullmatch(self.files[0]) if self.told else None
        return match.group(1).rstrip("-_") + match.group(5) if match else self.files[0]

    @property
    def missing_text(self) -> str:
        """The missing ones as a sentence names them."""
        more = self.total - len(self.files) - _MAX_NAMED_FILES
        return ", ".join(self.missing[:_MAX_NAMED_FILES]) + (f" and {more:,} more" if more > 0 else "")


def shard_sets(names: Iterable[str]) -> list[ShardSet]:
    """The checkpoints among some files: the shards of each together, every other file as one of its own.

    Args:
        names: files of one folder and one format.
    """
    counted: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    runs: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    loose: list[str] = []
    for name in sorted(set(names)):
        if match := _OF.fullmatch(name):
            before, number, of, total, after = match.groups()
            counted[before, str(len(number)), of, total, after].append(name)
        elif match := _TORCHTUNE.fullmatch(name):
            runs[match.group(1), match.group(3)].append(name)
        elif _RUN.search(name):
            runs[(_RUN.sub("#", name),)].append(name)
        else:
            loose.append(name)
    found = [_counted_set(key, files) for key, files in counted.items()]
    for files in runs.values():
        found += _sequences(files, loose)
    return _by_module(sorted([*found, *(ShardSet((name,)) for name in loose)]))


def set_of(name: str, names: Iterable[str]) -> ShardSet:
    """The set that one file belongs to, of itself alone where it belongs to none.

    Args:
        name: the file.
        names: those in its folder, of its format.
    """
    return next(one for one in shard_sets([name, *names]) if name in one.files)


def _counted_set(key: tuple[str, ...], files: list[str]) -> ShardSet:
    before, width, of, total, after = key
    there = {number for number in map(_number_of, files) if number is not None}
    # transformers counts from 1, JAX's programs from 0.
    first = 0 if 0 in there else 1
    if max(there) >= first + int(total):
        return ShardSet(tuple(files), total=len(files))
    numbers = _lacking(there, first, first + int(total))
    missing = tuple(f"{before}{number:0{width}}{of}{total}{after}" for number in numbers)
    return ShardSet(tuple(files), missing, int(total), told=True)


def _number_of(name: str) -> int | None:
    match = _OF.fullmatch(name)
    return int(match.group(2)) if match else None


def _lacking(there: set[int], first: int, end: int) -> list[int]:
    """The numbers of a range that are not there, as many as are named at most."""
    return list(islice((number for number in range(first, end) if number not in there), _MAX_MISSING_FILES))


def _sequences(files: list[str], loose: list[str]) -> list[ShardSet]:
    """Files whose names are the same but for their digits: one set where a single number runs through them.

    Args:
        files: their names.
        loose: files without a number, of which one may be the first of them; it is taken out.
    """
    numbers = [_RUN.findall(name) for name in files]
    varying = [place for place, values in enumerate(zip(*numbers)) if len(set(values)) > 1]
    if len(varying) > 1 or max(len(number) for values in numbers for number in values) > _MAX_DIGITS:
        return [ShardSet((name,)) for name in files]
    of_torchtune = _TORCHTUNE.fullmatch(files[0]) is not None  # whose last number is the epoch's
    place = varying[0] if varying else len(numbers[0]) - (2 if of_torchtune else 1)
    numbered = {int(values[place]): name for values, name in zip(numbers, files)}
    run = list(_RUN.finditer(files[0]))[place]
    before, width, after = files[0][: run.start()], len(run.group()), files[0][run.end() :]
    lowest = min(numbered)
    first = before.rstrip("-_.") + after
    if first in loose and lowest in {1, 2}:
        loose.remove(first)
        numbered[lowest - 1] = first
    if len(numbered) < 2 and not (of_torchtune and lowest > 1):
        return [ShardSet((name,)) for name in files]
    begin, end = 0 if _LAYER.fullmatch(files[0]) else min(*numbered, 1), max(numbered) + 1
    missing = tuple(f"{before}{number:0{width}}{after}" for number in _lacking(set(numbered), begin, end))
    return [ShardSet(tuple(numbered[number] for number in sorted(numbered)), missing, end - begin)]


def _by_module(sets: list[ShardSet]) -> list[ShardSet]:
    """The sets, but one of all files where each layer has one: `model.layers.0.safetensors`, `lm_head.safetensors`."""
    layers = [one for one in sets if len(one.files) > 1 and _LAYER.fullmatch(one.files[0])]
    if len(layers) != 1 or any(one.told for one in sets):
        return sets
    files = tuple(name for one in sets for name in one.files)
    return [ShardSet(files, layers[0].missing, len(files) + len(layers[0].missing))]

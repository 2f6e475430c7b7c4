"""Mutated files against torch's own restricted unpickler, and pickles grown by a grammar within a limit of memory."""

from __future__ import annotations

import io
import random
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.command import run_process
from tests.support.pickles import archive, text
from tests.support.torch_reference import expect_agreement


def samples() -> list[Any]:
    base = torch.arange(24.0)
    flat = OrderedDict({"a.weight": torch.zeros(3, 4), "a.bias": base[:5], "b.weight": base.view(4, 6)})
    optimizer = {"state": {0: {"step": torch.tensor(1.0), "exp_avg": torch.zeros(3, 4)}}, "param_groups": [{"lr": 0.1}]}
    return [
        flat,
        {"state_dict": flat, "epoch": 3, "optimizer": optimizer},
        {
            "model": {"x.y": torch.zeros(2, dtype=torch.int64), "z": {"deep": torch.zeros(7).bfloat16()}},
            "args": [1, None],
        },
        {"half.weight": torch.nn.Parameter(torch.zeros(2, 3).half()), "flag": torch.tensor(True)},
    ]


def saved(value: Any, legacy_form: bool) -> bytes:
    made = io.BytesIO()
    torch.save(value, made, _use_new_zipfile_serialization=not legacy_form)
    return made.getvalue()


def mutated(choice: random.Random, content: bytes, end: int) -> bytes:
    """A pickle with some bytes before `end` changed, taken out, put in or copied."""
    data = bytearray(content)
    for _ in range(choice.choice((1, 1, 1, 2))):
        at = choice.randrange(2, min(end, len(data)))
        kind = choice.randrange(5)
        if kind == 0:
            data[at] = max(0, min(255, data[at] + choice.choice((-2, -1, 1, 2))))
        elif kind == 1:
            data[at] ^= 1 << choice.randrange(8)
        elif kind == 2:
            del data[at : at + choice.randint(1, 12)]
        elif kind == 3:
            start = choice.randrange(2, end)
            data[at:at] = content[start : start + choice.randint(1, 60)]
        else:
            data[at] = content[choice.randrange(2, end)]
    return bytes(data)


def with_pickle(whole: bytes, pickled: bytes) -> bytes:
    """An archive of torch.save with another pickle, its checksum right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, pickled if name.endswith("/data.pkl") else source.read(name))
    return made.getvalue()


@pytest.mark.parametrize("legacy_form", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_have_the_tensors_that_torch_finds_or_are_refused(
    seed: int, legacy_form: bool, tmp_path: Path
) -> None:
    choice = random.Random(seed)
    path = tmp_path / "a.pt"
    whole = saved(samples()[seed], legacy_form)
    with zipfile.ZipFile(io.BytesIO(saved(samples()[seed], False))) as source:
        pickled = source.read("archive/data.pkl")
    path.write_bytes(whole)
    assert expect_agreement(path)
    both = 0
    for _ in range(150):
        if legacy_form:
            path.write_bytes(mutated(choice, whole, len(whole) - 100))
        else:
            path.write_bytes(with_pickle(whole, mutated(choice, pickled, len(pickled))))
        both += expect_agreement(path)
    assert 0 < both < 150


WHOLE = (
    b"ctorch._utils\n_rebuild_tensor_v2\n(("
    + text(b"storage")
    + b"ctorch\nFloatStorage\n"
    + text(b"0")
    + text(b"cpu")
    + b"K\6tQK\0K\2K\3\x86K\3K\1\x86\x89NtR"
)


class Grower:
    """Makes pickled values out of values that the pickle has already: wide, deep, copied, wrapped, called, shared."""

    def __init__(self, choice: random.Random) -> None:
        self.choice = choice
        self.known = 1
        self.kinds = (
            lambda: text(b"%d." % self.known * self.many(9000)),
            lambda: b"(" + self.any_one() * self.many(50_000) + b"t",
            lambda: b"](" + self.any_one() * self.many(50_000) + b"e",
            lambda: self.entries(b"k%d.w", self.many(5000)) + b"u",
            self.calls,
            self.wrapped,
            lambda: (
                b"](" + (b"cany\nClass\n" + self.any_one() + b"\x85R" + self.any_one() + b"b") * self.many(9000) + b"e"
            ),
            lambda: b"}" + text(b"d" * self.many(60_000)) + self.any_one() + b"s",
            lambda: b"](" + b"\x8a\xff" + bytes(255) + b"e",
        )

    def any_one(self) -> bytes:
        return b"j" + self.choice.randrange(self.known).to_bytes(4, "little")

    def many(self, most: int) -> int:
        return self.choice.choice((1, 2, 8, 100, most))

    def entries(self, name: bytes, count: int) -> bytes:
        return b"}(" + b"".join(text(name % n) + self.any_one() for n in range(count))

    def calls(self) -> bytes:
        name = self.choice.choice(
            (b"collections\nOrderedDict", b"collections\ndeque", b"torch\nSize", b"builtins\ntuple")
        )
        return b"](" + (b"c" + name + b"\n" + self.any_one() + b"\x85R") * self.many(20_000) + b"e"

    def wrapped(self) -> bytes:
        wrapped = b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_wrapper_subclass\nca\nb\n"
        wrapped += b"(ca\nb\nctorch\nfloat32\nK\2K\3\x86t" + self.any_one() + b"tR"
        return b"](" + wrapped * self.many(3000) + b"e"

    def value(self) -> bytes:
        value = self.kinds[self.choice.randrange(len(self.kinds))]()
        self.known += 1
        return value


def grown(choice: random.Random) -> bytes:
    """A pickle whose values are made of values that it has."""
    grower = Grower(choice)
    made = [grower.value() + b"\x940" for _ in range(choice.randint(4, 25))]
    whole = grower.entries(b"e%d", grower.many(3000)) + b"u."
    return b"".join([b"\x80\x04", WHOLE, b"\x940", *made, whole])


@pytest.mark.parametrize("seed", range(3))
def test_grown_pickles_are_read_or_refused_in_bounded_memory(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    paths = []
    for number in range(12):
        path = tmp_path / f"{number}.pt"
        path.write_bytes(archive(grown(choice), {"archive/data/0": bytes(24)}))
        paths.append(path)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({300 << 20},) * 2)"
    result = run_process(*paths, "--by", "category", "--csv", before=limit, timeout=300)
    assert result.status in {0, 1}
    lines = result.err.splitlines()
    assert all(line.startswith(f"gpt2-explore: {tmp_path}") for line in lines), result.err


def test_a_file_earns_by_its_length_what_its_names_take(tmp_path: Path) -> None:
    """As 300,000 names do, which take more than any file may; here that is next to nothing."""
    path = tmp_path / "a.pt"
    base = torch.zeros(10_000)
    torch.save({f"layers.{n}.weight": base[n : n + 1] for n in range(10_000)}, path)
    nothing = "import core.readers.unpickle.budget as budget; budget.MIN_MEMORY_BYTES = budget.MIN_STEPS = 1 << 16"
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({80 << 20},) * 2)"
    result = run_process(path, "--json", before=f"{nothing}; {limit}", timeout=600)
    assert result.status == 0, result.err
    assert result.model["parameters"] == 10_000

"""The table of dtypes against torch's own sizes."""

from __future__ import annotations

import torch

from core.checkpoint.dtypes import DTYPES, TORCH_IN_BYTES, name_of_torch


def test_every_name_and_number_stands_once() -> None:
    names = [dtype.name for dtype in DTYPES]
    numbers = [dtype.ggml for dtype in DTYPES if dtype.ggml is not None]
    of_torch = [name for dtype in DTYPES for name in dtype.torch]
    for each in (names, numbers, [*of_torch, *TORCH_IN_BYTES]):
        assert len(set(each)) == len(each)


def test_values_of_torchs_dtypes_take_what_torch_says() -> None:
    asked = {name: dtype for dtype in DTYPES for name in dtype.torch if hasattr(torch, name) and dtype.bits >= 8}
    assert len(asked) > 20
    for name, dtype in asked.items():
        assert dtype.bits == 8 * getattr(torch, name).itemsize, name


def test_bits_of_blocks_are_no_whole_number() -> None:
    assert {dtype.bits for dtype in DTYPES if dtype.kind == "packed"} == {0}
    assert {dtype.name: dtype.bits for dtype in DTYPES if dtype.name in {"F4", "F6_E2M3", "U2", "BOOL", "C64"}} == {
        "F4": 4,
        "F6_E2M3": 6,
        "U2": 2,
        "BOOL": 8,
        "C64": 64,
    }


def test_a_dtype_is_shown_by_torchs_name() -> None:
    assert [name_of_torch(name) for name in ("bfloat16", "half", "uint4", "float9")] == ["BF16", "F16", "U4", ""]

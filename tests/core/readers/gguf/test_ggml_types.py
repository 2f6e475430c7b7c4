"""ggml's types as the gguf package knows them."""

from __future__ import annotations

import gguf
import pytest

from core.readers.gguf.ggml_types import GGML_TYPES, REMOVED_TYPES, file_type_name

# Files of these types are about, and the package has dropped them: Q4_0 with its rows interleaved.
INTERLEAVED = {31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8"}


def test_all_types_have_the_names_and_sizes_that_the_gguf_package_has() -> None:
    theirs = {int(kind): (kind.name, *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType}
    ours = {
        number: (kind.name, kind.block, kind.nbytes) for number, kind in GGML_TYPES.items() if number not in INTERLEAVED
    }
    assert len(theirs) >= 34
    assert ours == theirs


def test_interleaved_types_are_as_large_as_the_plain_one() -> None:
    for number, name in INTERLEAVED.items():
        kind, plain = GGML_TYPES[number], GGML_TYPES[2]
        assert (kind.name, kind.block, kind.nbytes) == (name, plain.block, plain.nbytes)


def test_a_removed_type_is_no_type() -> None:
    assert not REMOVED_TYPES.keys() & GGML_TYPES.keys()
    assert max(GGML_TYPES) + 1 == len(REMOVED_TYPES) + len(GGML_TYPES)


def test_file_types_have_the_names_that_the_gguf_package_has() -> None:
    for kind in gguf.LlamaFileType:
        if kind.name != "GUESSED":
            assert file_type_name(kind) == kind.name.removeprefix("MOSTLY_").removeprefix("ALL_")


@pytest.mark.parametrize(
    ("number", "name"), [(15 | 1024, "Q4_K_M (guessed)"), (999, "999"), (999 | 1024, "2023"), (-1, "-1"), (5, "Q4_2")]
)
def test_other_file_types_are_shown_by_what_is_known(number: int, name: str) -> None:
    assert file_type_name(number) == name

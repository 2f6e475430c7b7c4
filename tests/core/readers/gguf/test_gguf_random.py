"""Random GGUF files, good and spoilt: a right answer or a refusal, and the same answer as the gguf package gives.

The package checks less: it takes values that lie over one another, any offset, rows that do not fill blocks. So
where this reader answers, the package must answer alike; where this one refuses, the package may do as it likes.
"""

from __future__ import annotations

import random
from math import prod
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.errors import CheckpointError
from core.count.counter import count
from core.locate.location import Location
from core.readers.gguf.ggml_types import GGML_TYPES
from core.readers.open_checkpoint import open_reader
from tests.support.gguf_files import Form, Value, byte_count, package_reads, write

Found = dict[str, tuple[str, tuple[int, ...], int, int]]

# What a model is refused for: Hypothesis takes words out of the code that it tests, so it comes upon these.
SPEAKING = ("general.", "split.")

NAMES = st.text(st.characters(codec="utf-8"), max_size=12)
KINDS = st.sampled_from(list(GGML_TYPES.values()))
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.booleans(),
    st.floats(width=32),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=9),
    st.lists(st.integers(-9, 9), max_size=9),
)
FORMS = st.builds(Form, st.sampled_from("<>"), st.sampled_from([2, 3]), st.just(32)) | st.builds(
    Form, st.just("<"), st.just(1), st.just(32)
)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, tuple[int, ...]]:
    kind = draw(KINDS)
    outer = draw(st.lists(st.integers(0, 4), max_size=3))
    scalar = kind.block == 1 and not outer and draw(st.booleans())
    return kind.name, () if scalar else (*outer, kind.block * draw(st.integers(0, 3)))


def ours(path: Path) -> Found | CheckpointError:
    reader = open_reader(Location(str(path), str(path)))
    try:
        tensors = [tensor for batch, _ in reader.batches() for tensor in batch]
    except CheckpointError as error:
        refusal = error
    else:
        found = {t.name: (t.dtype, t.shape, prod(t.shape), t.nbytes) for t in tensors}
        assert len(found) == len(tensors)
        assert sum(nbytes for _, _, _, nbytes in found.values()) <= path.stat().st_size
        return found
    assert refusal.sentence().isprintable()
    assert refusal.file == str(path)
    return refusal


@settings(max_examples=200)
@given(
    tensors=st.dictionaries(NAMES, layouts(), max_size=8),
    metadata=st.dictionaries(NAMES.filter(lambda key: not key.startswith(SPEAKING)), VALUES, max_size=8),
    form=FORMS,
)
def test_any_model_is_read_as_it_was_written_and_its_elements_conserved(
    tensors: dict[str, tuple[str, tuple[int, ...]]],
    metadata: dict[str, Value],
    form: Form,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "any.gguf", tensors, metadata, form)
    expected = {name: (*layout, prod(layout[1]), byte_count(*layout)) for name, layout in tensors.items()}
    assert ours(path) == expected
    totals = count(open_reader(Location("x", str(path)))).totals
    left = sum(part.elements for part in totals.not_counted.values())
    assert totals.parameters + left == sum(prod(shape) for _, shape in tensors.values())


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_behind_the_magic_give_an_answer_or_a_refusal(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.gguf"
    for start in (b"GGUF", b"GGUF\3\0\0\0", Form().start(1, 1), Form().start(1, 0), b""):
        path.write_bytes(start + content)
        ours(path)


SAMPLE: dict[str, tuple[str, tuple[int, ...]]] = {
    "token_embd.weight": ("F16", (5, 16)),
    "blk.0.ffn_up.weight": ("Q8_0", (3, 32)),
    "blk.0.attn_q.bias": ("F32", (8,)),
    "läyer\n": ("Q4_K", (2, 1, 256)),
    "empty": ("F32", (0, 8)),
    "scalar": ("F32", ()),
}
METADATA: dict[str, Value] = {
    "general.architecture": "llama",
    "general.alignment": 32,
    "llama.block_count": 1,
    "llama.expert_count": 8,
    "f": 0.5,
    "t": True,
    "tokenizer.ggml.tokens": ["a", "bc", "", "ü"],
    "tokenizer.ggml.token_type": [1, 2, 3],
}


def assert_agreement(path: Path) -> bool:
    """Whether the file was read; the gguf package must then read the same."""
    mine = ours(path)
    if isinstance(mine, CheckpointError):
        return False
    count(open_reader(Location("x", str(path))))
    if any(GGML_TYPES[n].name == dtype for n in (31, 32, 33) for dtype, *_ in mine.values()):
        return True  # which the package does not know
    try:
        theirs = package_reads(path)
    except (ValueError, KeyError, IndexError, OverflowError, UnicodeDecodeError):
        return True
    assert mine == theirs
    return True


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_and_cuts_give_a_right_answer_or_a_refusal(seed: int, order: str, tmp_path: Path) -> None:
    choice = random.Random(seed)
    form = Form(order)
    whole = write(tmp_path / "whole.gguf", SAMPLE, METADATA, form).read_bytes()
    header = len(form.head(SAMPLE, METADATA)[0])
    path = tmp_path / "x.gguf"
    read = 0
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(choice.randint(1, 3)):
            content[choice.randrange(4, header)] = choice.choice((0, 1, 2, 4, 8, 9, 32, 127, 128, 255))
        path.write_bytes(bytes(content[: choice.choice((len(content), choice.randrange(len(content))))]))
        read += assert_agreement(path)
    assert 0 < read < 300


@pytest.mark.parametrize("seed", range(4))
def test_pieces_taken_out_put_in_and_moved_give_a_right_answer_or_a_refusal(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    whole = write(tmp_path / "whole.gguf", SAMPLE, METADATA).read_bytes()
    header = len(Form().head(SAMPLE, METADATA)[0])
    path = tmp_path / "x.gguf"
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(choice.randint(1, 3)):
            start = choice.randrange(4, header)
            stop = start + choice.choice((0, 1, 4, 8, 12, 30))
            other = choice.randrange(header)
            content[start:stop] = choice.choice((b"", bytes(8), b"\xff" * 8, whole[other : other + stop - start]))
        path.write_bytes(content)
        assert_agreement(path)


EXTREMES = (0, 1, 3, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("seed", range(3))
def test_extreme_counts_lengths_and_offsets_give_a_right_answer_or_a_refusal(
    seed: int, order: str, tmp_path: Path
) -> None:
    choice = random.Random(seed)
    form = Form(order)
    whole = write(tmp_path / "whole.gguf", SAMPLE, METADATA, form).read_bytes()
    header = len(form.head(SAMPLE, METADATA)[0])
    path = tmp_path / "x.gguf"
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(choice.randint(1, 2)):
            wide = choice.random() < 0.7
            field = form.pack("Q", choice.choice(EXTREMES)) if wide else form.pack("I", choice.choice(EXTREMES[:6]))
            at = choice.randrange(8, header)
            content[at : at + len(field)] = field
        path.write_bytes(content)
        assert_agreement(path)


REPEATED: list[tuple[str, Value]] = [
    ("general.alignment", 32),
    ("general.alignment", 64),
    ("llama.block_count", 1),
    ("nothing", "text"),
]


@pytest.mark.parametrize("seed", range(3))
def test_keys_and_tensors_twice_over_each_other_and_out_of_order(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    path = tmp_path / "x.gguf"
    read = 0
    for _ in range(300):
        alignment = choice.choice((0, 1, 3, 8, 32, 64, 1 << 31))
        pairs: list[tuple[str, Value]] = choice.choices(REPEATED, k=choice.randrange(4))
        if choice.random() < 0.3:
            pairs.append(("general.alignment", alignment))
        tensors = [
            Form().tensor(
                choice.choice("abcd"),
                choice.choice(("F32", "Q8_0", "I8")),
                choice.choice(((32,), (2, 32), (0,), (3, 0, 32), (), (1 << 40, 1 << 23))),
                choice.choice((0, 32, 64, 128, 256, 1 << 63)),
            )
            for _ in range(choice.randrange(4))
        ]
        path.write_bytes(Form().file([Form().pair(*pair) for pair in pairs], tensors, choice.choice((0, 600))))
        read += assert_agreement(path)
    assert 0 < read < 300


@pytest.mark.parametrize("order", "<>")
def test_a_file_whose_version_alone_has_the_other_byte_order_is_refused(order: str, tmp_path: Path) -> None:
    form, other = Form(order), Form("<" if order == ">" else ">")
    content = bytearray(write(tmp_path / "whole.gguf", SAMPLE, METADATA, form).read_bytes())
    content[4:8] = other.pack("I", 3)
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    assert isinstance(ours(path), CheckpointError)

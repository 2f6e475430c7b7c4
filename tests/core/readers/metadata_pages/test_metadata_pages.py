"""A file's own metadata: in the JSON shortened, on the page whole, read where it lies."""

from __future__ import annotations

import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoint.errors import CheckpointError
from core.checkpoint.metadata import MAX_KEYS, MAX_TEXT_CHARACTERS, Metadata
from core.count.counter import count
from core.locate.location import locate
from core.readers.metadata_pages.book import MetadataBook
from core.readers.metadata_pages.entry import Entry
from core.readers.metadata_pages.pages import Cancelled, Pages, find
from core.readers.open_checkpoint import open_reader
from tests.support.checkpoints import Tensors, write, write_raw
from tests.support.command import Command
from tests.support.gguf_files import ARRAY, FLOAT32, LITTLE, STRING, Form, Value, write_split
from tests.support.gguf_files import write as write_gguf

ONE: Tensors = {"h.0.mlp.weight": ("F32", (2, 2))}
ONE_GGUF = {"blk.0.ffn_up.weight": ("F32", (2, 32))}
TOKENS = 256_000


def metadata_of(path: Path) -> Metadata:
    return count(open_reader(locate(str(path)))).source.metadata


def book_of(path: Path) -> MetadataBook:
    return MetadataBook(metadata_of(path))


def never() -> None:
    pass


def test_json_has_the_files_own_words(tmp_path: Path, command: Command) -> None:
    said = {"format": "pt", "note": "naïve \x1b[31m\n", "": "x", "empty": ""}
    path = write(tmp_path / "x.safetensors", ONE, said)
    assert command(path, "--json").model["metadata"] == said
    assert command(write(tmp_path / "y.safetensors", ONE), "--json").model["metadata"] == {}
    assert command("gpt2", "--json").model["metadata"] == {}


def test_json_has_ggufs_keys_but_arrays_shortened(tmp_path: Path, command: Command) -> None:
    keys: dict[str, Value] = {
        "general.architecture": "llama",
        "general.quantized": True,
        "llama.block_count": 1,
        "llama.rope.freq_base": 0.5,
        "tokenizer.chat_template": "x" * 10_000,
        "tokenizer.ggml.tokens": ["a", "b"],
        "general.name": "y" * 1_000,
    }
    path = write_gguf(tmp_path / "x.gguf", ONE_GGUF, keys)
    told = command(path, "--json").model["metadata"]
    assert list(told) == [key for key in keys if key != "tokenizer.ggml.tokens"]
    assert told["general.quantized"] is True
    assert (told["llama.block_count"], told["llama.rope.freq_base"]) == (1, 0.5)
    assert told["tokenizer.chat_template"] == "x" * MAX_TEXT_CHARACTERS + "…"
    assert told["general.name"] == "y" * MAX_TEXT_CHARACTERS + "…"


def test_a_number_that_is_none_is_null(tmp_path: Path, command: Command) -> None:
    pair = LITTLE.raw_pair("a.b", FLOAT32, LITTLE.pack("f", float("nan")))
    (tmp_path / "x.gguf").write_bytes(LITTLE.file([pair], [LITTLE.tensor("t", "F32", (4,), 0)], 16))
    result = command(tmp_path / "x.gguf", "--json")
    assert result.model["metadata"] == {"a.b": None}
    assert "NaN" not in result.out


def test_shards_that_repeat_each_other_are_told_once_and_others_with_theirs(tmp_path: Path, command: Command) -> None:
    for number, said in enumerate([{"format": "pt"}, {"format": "pt"}, {"format": "tf", "b": "2"}]):
        name = f"model-0000{number + 1}-of-00003.safetensors"
        write(tmp_path / name, {f"h.{number}.mlp.weight": ("F32", (2, 2))}, said)
    assert command(tmp_path, "--json").model["metadata"] == {"format": "pt", "b": "2"}
    book = book_of(tmp_path)
    assert book.rows(0, 9) == ["format\tpt", "format\ttf", "b\t2"]
    assert [Path(book.file_of(n)).name[:11] for n in range(3)] == ["model-00001", "model-00003", "model-00003"]


def test_parts_of_a_split_gguf_each_have_theirs(tmp_path: Path, command: Command) -> None:
    parts: list[dict[str, tuple[str, tuple[int, ...]]]] = [{f"blk.{n}.ffn_up.weight": ("F32", (2, 32))} for n in (0, 1)]
    first, _ = write_split(tmp_path, "m", parts, {"general.architecture": "llama"})
    told = command(first, "--json").model["metadata"]
    assert told == {"general.architecture": "llama", "split.no": 0, "split.count": 2, "split.tensors.count": 2}
    assert [row.partition("\t")[0] for row in book_of(first).rows(0, 99)] == [
        *("general.architecture", "split.no", "split.count", "split.tensors.count"),
        *("split.no", "split.count", "split.tensors.count"),
    ]


@settings(max_examples=60, deadline=None)
@given(said=st.dictionaries(st.text(max_size=30), st.text(max_size=400), min_size=1, max_size=12), indent=st.booleans())
def test_every_key_and_value_of_a_safetensors_file_is_there(
    said: dict[str, str], indent: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("x")
    header = {"__metadata__": said, "t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    head = json.dumps(header, indent=2 if indent else None, ensure_ascii=indent).encode("utf-8", "surrogatepass")
    path = write_raw(folder / "x.safetensors", head, 4)
    book = book_of(path)
    assert [book.entry(n) for n in range(len(book))] == [Entry(key, value, True) for key, value in said.items()]


@pytest.mark.parametrize("form", [LITTLE, Form(">"), Form("<", 1)], ids=["little", "big", "version 1"])
def test_every_kind_of_value_of_a_gguf_file_is_there(form: Form, tmp_path: Path) -> None:
    tokens = [f"token {n} é" for n in range(3_000)]
    nested = form.pack("I", ARRAY) + form.length(2)
    inner = form.pack("I", STRING) + form.length(2) + form.text("a") + form.text("b")
    pairs = [
        form.pair("general.architecture", "llama"),
        form.pair("numbers", list(range(5_000))),
        form.pair("tokens", tokens),
        form.raw_pair("nested", ARRAY, nested + inner + inner),
        form.pair("yes", True),
        form.pair("half", 0.5),
        form.pair("text", "first\nsecond \x1b[31m\n" + "word " * 40),
    ]
    path = tmp_path / "x.gguf"
    path.write_bytes(form.file(pairs, [form.tensor("t", "F32", (4,), 0)], 16))
    book = book_of(path)
    assert book.rows(0, 6) == [
        "general.architecture\tllama",
        "numbers\t[5,000 numbers]",
        "tokens\t[3,000 texts]",
        "nested\t[2 arrays]",
        "yes\ttrue",
        "half\t0.5",
    ]
    numbers, texts, arrays = (book.opened(n, 40) for n in (1, 2, 3))
    assert numbers.rows(4_998, 10) == ["4,998", "4,999"]
    for start in (2_990, 0, 1_023, 1_024, 1_025, 2_047):
        assert texts.rows(start, 20) == tokens[start : start + 20]
    assert arrays.rows(0, 5) == ["[2 elements]", "[2 elements]"]
    assert texts.rows(3_000, 5) == []
    assert book.opened(6, 40).rows(0, 3) == ["first", "second \\x1b[31m", " ".join(["word"] * 8)]
    assert (texts.numbered, book.opened(6, 40).numbered) == (True, False)
    assert book.opened(4, 40).rows(0, 3) == ["true"]


def test_searching_goes_both_ways_and_round(tmp_path: Path) -> None:
    tokens = ["Needle" if n in {10, 9_000} else f"t{n}" for n in range(10_000)]
    path = write_gguf(tmp_path / "x.gguf", ONE_GGUF, {"tokens": tokens})
    pages = book_of(path).opened(0, 40)
    assert [find(pages, "needle", at, 1, never) for at in (0, 10, 8_999, 9_000, 9_999)] == [10, 9_000, 9_000, 10, 10]
    assert [find(pages, "needle", at, -1, never) for at in (0, 10, 11, 9_000, 9_001)] == [9_000, 9_000, 10, 10, 9_000]
    assert find(pages, "t77", 77, 1, never) == 770
    assert find(pages, "nowhere", 5, -1, never) is None
    only = write_gguf(tmp_path / "y.gguf", ONE_GGUF, {"tokens": ["a", "b"]})
    assert find(book_of(only).opened(0, 40), "a", 0, -1, never) == 0

    def cancelled() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find(pages, "nowhere", 0, 1, cancelled)


def test_256_000_tokens_take_no_more_room_than_a_page(tmp_path: Path) -> None:
    tokens = [f"{n * 2654435761 % 2**32:x}" for n in range(TOKENS)]
    path = write_gguf(tmp_path / "x.gguf", ONE_GGUF, {"general.architecture": "llama", "tokens": tokens})
    metadata = metadata_of(path)
    tracemalloc.start()
    try:
        pages: Pages = MetadataBook(metadata).opened(1, 80)
        assert len(pages) == TOKENS
        assert pages.rows(TOKENS - 2, 256) == tokens[-2:]
        assert pages.rows(128_000, 3) == tokens[128_000:128_003]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
    assert find(pages, tokens[200_000], 0, 1, never) == tokens.index(tokens[200_000])


def test_pieces_of_an_array_are_right_whichever_threads_read_them(tmp_path: Path) -> None:
    tokens = [f"t{n}" for n in range(60_000)]
    book = book_of(write_gguf(tmp_path / "x.gguf", ONE_GGUF, {"tokens": tokens}))
    for _ in range(5):
        pages = book.opened(len(book) - 1, 80)
        with ThreadPoolExecutor(8) as threads:
            starts = [50_000 - 500 * n for n in range(16)]
            assert list(threads.map(pages.rows, starts, repeat(2))) == [tokens[n : n + 2] for n in starts]


def test_a_million_keys_are_bounded_and_each_is_on_the_page(tmp_path: Path, command: Command) -> None:
    said = {f"k{n}": "" for n in range(400_000)}
    path = write(tmp_path / "x.safetensors", ONE, said)
    model = command(path, "--json").model
    assert len(model["metadata"]) == MAX_KEYS
    assert "of 400,000 keys of metadata the first 1,000 are told" in model["notes"]
    book = book_of(path)
    assert len(book) == 400_000
    assert book.entry(399_999) == Entry("k399999", "", True)


def test_a_huge_value_is_shown_in_part_and_says_so(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "x.gguf", ONE_GGUF, {"text": "ab " * 1_000_000})
    rows = book_of(path).opened(0, 60)
    assert rows.rows(len(rows) - 1, 1) == ["… 2.0 MB more of it are not shown"]
    assert all(len(row) <= 60 for row in rows.rows(0, len(rows)))


@pytest.mark.parametrize("ending", ["safetensors", "gguf"])
def test_a_file_that_changed_or_went_is_told_in_a_sentence(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{ending}"
    if ending == "gguf":
        write_gguf(path, ONE_GGUF, {"tokens": ["a"] * 3_000, "general.name": "n"})
    else:
        write(path, ONE, {"format": "pt"})
    metadata = metadata_of(path)
    path.write_bytes(b"\xff" * path.stat().st_size)
    with pytest.raises(CheckpointError) as changed:
        MetadataBook(metadata).entry(0)
    assert str(path) in str(changed.value)
    path.unlink()
    with pytest.raises(CheckpointError, match="there is no such file"):
        MetadataBook(metadata).entry(0)

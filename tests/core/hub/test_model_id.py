from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hub.model_id import HubName, hub_name, tags_of, with_tag


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gpt2", HubName("gpt2")),
        ("org/name", HubName("org/name")),
        ("org/name@v1.0", HubName("org/name", "v1.0")),
        ("org/name@refs/pr/1", HubName("org/name", "refs/pr/1")),
        ("org/name/model.gguf", HubName("org/name", "", "model.gguf")),
        ("org/name/a b/model.gguf@dev", HubName("org/name", "dev", "a b/model.gguf")),
        ("org/name:Q4_K_M", HubName("org/name", "", "", "Q4_K_M")),
        ("org/name:q8_0@dev", HubName("org/name", "dev", "", "q8_0")),
        ("hf.co/org/name:Q4_K_M", HubName("org/name", "", "", "Q4_K_M")),
        ("huggingface.co/org/name", HubName("org/name")),
        ("https://huggingface.co/org/name", HubName("org/name")),
        ("https://huggingface.co/org/name/", HubName("org/name")),
        ("https://huggingface.co/org/name/tree/v1", HubName("org/name", "v1")),
        ("https://huggingface.co/org/name/tree/refs%2Fpr%2F1", HubName("org/name", "refs/pr/1")),
        ("https://huggingface.co/org/name/blob/main/a%20b/x.gguf", HubName("org/name", "main", "a b/x.gguf")),
        ("https://huggingface.co/org/name/resolve/main/x.gguf?download=true", HubName("org/name", "main", "x.gguf")),
    ],
)
def test_what_people_write(written: str, meant: HubName) -> None:
    assert hub_name(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        *("", "/", "a//b", "org/", "/org/name", "./x", "../x", "a b/c", "org/näme", "\x1b[31m/x", "a\0b"),
        *("org/na..me", "org/na--me", "org/-name", "org/" + "n" * 200, "x" * 2000),
        *("org/name@", "org/name@a..b", "org/name@/etc", "org/name@a b"),
        *("org/name/../x", "org/name/./x", "org/name:", "org/name/x:Q4", "https://example.com/org/name"),
    ],
)
def test_what_can_be_no_model_of_the_hub(written: str) -> None:
    assert hub_name(written) is None


@given(st.text())
def test_any_text_is_a_name_that_says_itself_or_none(text: str) -> None:
    name = hub_name(text)
    if name and not text.startswith(("hf.co/", "huggingface.co/", "www.", "http")):
        assert name.written == text
        assert ".." not in name.written.split("/")


@given(st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}(/[a-z]{1,5}){0,2}(@[a-z]{1,5}(/[a-z0-9]{1,3})?)?", fullmatch=True))
def test_a_name_is_read_as_it_is_written(text: str) -> None:
    name = hub_name(text)
    assert name
    assert name.written == text


FILES = ["m-Q4_K_M.gguf", "m.Q8_0.gguf", "m-f16.gguf", "m-UD-Q4_K_XL.gguf", "README.md", "m-Q4_K_M.safetensors"]


@pytest.mark.parametrize(
    ("tag", "files"),
    [
        ("Q4_K_M", ["m-Q4_K_M.gguf"]),
        ("q4_k_m", ["m-Q4_K_M.gguf"]),
        ("Q8_0", ["m.Q8_0.gguf"]),
        ("F16", ["m-f16.gguf"]),
        ("UD-Q4_K_XL", []),
        ("Q4", []),
        ("m", ["m-Q4_K_M.gguf", "m.Q8_0.gguf", "m-f16.gguf", "m-UD-Q4_K_XL.gguf"]),
    ],
)
def test_a_quantisation_names_files(tag: str, files: list[str]) -> None:
    assert with_tag(FILES, tag) == files


def test_every_file_that_can_be_named_by_a_tag_has_one_that_names_it_alone() -> None:
    tags = tags_of(FILES)
    assert tags == ["Q4_K_M", "Q8_0", "f16", "Q4_K_XL"]
    assert [len(with_tag(FILES, tag)) for tag in tags] == [1, 1, 1, 1]

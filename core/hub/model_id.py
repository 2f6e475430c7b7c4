"""The id of a model on the hub, as people write it: what is meant by it, without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoint.record import Record
from core.files.gguf_names import SUFFIX as GGUF_SUFFIX
from core.files.gguf_names import is_gguf, split_of

_HOSTS = ("huggingface.co/", "hf.co/", "www.huggingface.co/")
# What stands in a page's address between the model and the revision.
_VIEWS = ("tree", "blob", "resolve", "raw", "commit")


class HubName(Record):
    """A model of the hub, or something in it.

    Attributes:
        repo: `org/name`, or a name alone as the first models have.
        revision: a branch, a tag or a commit; "" for the main branch.
        path: a file or folder in it; "" for the whole.
        tag: of several GGUF files the one with this quantisation in its name, as in `org/name:Q4_K_M`; "" for none.
    """

    __slots__ = ("path", "repo", "revision", "tag")

    def __init__(self, repo: str, revision: str = "", path: str = "", tag: str = "") -> None:
        self.repo = repo
        self.revision = revision
        self.path = path
        self.tag = tag

    @property
    def written(self) -> str:
        """The shortest way to write it."""
        below = f"/{self.path}" if self.path else ""
        return self.repo + below + (f":{self.tag}" if self.tag else "") + (f"@{self.revision}" if self.revision else "")

    @property
    def download(self) -> str:
        """The command that brings it into the hub cache."""
        return f"hf download {self.repo}" + (f" --revision {self.revision}" if self.revision else "")

    @property
    def folder(self) -> str:
        """Its folder's name in the hub cache."""
        return "models--" + self.repo.replace("/", "--")


def hub_name(model: str) -> HubName | None:
    """What a text means as a model of the hub; None where it can be none.

    `name`, `org/name`, `org/name@revision`, `org/name/path`, `org/name/path@revision`, `org/name:Q4_K_M` (as llama.cpp
    and Ollama take it), and addresses of the hub's pages.
    """
    if "\0" in model or len(model) > 1000:
        return None
    bare = model.removeprefix("https://").removeprefix("http://")
    for host in _HOSTS:
        if bare.startswith(host):
            return _from_address(bare.removeprefix(host))
    return _from_parts(*_split_revision(model)) if bare == model else None


def _split_revision(model: str) -> tuple[list[str], str]:
    name, at, revision = model.partition("@")
    # An @ without a revision is no id.
    return name.split("/"), revision if revision or not at else "/"


def _from_address(address: str) -> HubName | None:
    from urllib.parse import unquote  # 5 ms, which a name that is no address need not wait for

    parts = address.partition("?")[0].partition("#")[0].rstrip("/").split("/")
    if len(parts) > 3 and parts[2] in _VIEWS:
        return _from_parts(parts[:2] + [unquote(part) for part in parts[4:]], unquote(parts[3]))
    return _from_parts(*_split_revision("/".join(parts)))


def _from_parts(parts: list[str], revision: str) -> HubName | None:
    *before, last = parts
    last, colon, tag = last.partition(":")
    parts = [*before, last]
    repo, below = parts[:2], parts[2:]
    if not all(map(_is_word, repo)) or (colon and (below or not _is_word(tag))):
        return None
    if any(part in ("", ".", "..") for part in below) or (revision and not _is_revision(revision)):
        return None
    return HubName("/".join(repo), revision, "/".join(below), tag)


def _is_word(text: str) -> bool:
    plain = text.isascii() and text.replace("-", "_").replace(".", "_").replace("_", "x").isalnum()
    return plain and ".." not in text and "--" not in text and text[0] not in "-." and len(text) <= 128


def _is_revision(text: str) -> bool:
    # Git's own rules for the name of a reference (git-check-ref-format) refuse more.
    fine = text.isprintable() and not any(c in " ~^:?*[\\" for c in text)
    return fine and ".." not in text and not text.startswith(("/", "-")) and not text.endswith("/")


def with_tag(names: Sequence[str], tag: str) -> list[str]:
    """The GGUF files among some that have a quantisation in their name, in any case: `Q4_K_M`, `q8_0`, `F16`."""
    wanted = tag.lower()
    return [name for name in names if wanted in map(str.lower, _words(name))]


def tags_of(names: Sequence[str]) -> list[str]:
    """A word for each of some GGUF files that names it alone; files for which there is none are left out."""
    own = ([word for word in _words(name) if len(with_tag(names, word)) == 1 and _is_word(word)] for name in names)
    # The quantisation stands last.
    return [words[-1] for words in own if words]


def _words(name: str) -> list[str]:
    """All that a tag may be: the whole of a file's name, and what stands between dots and dashes in it."""
    base = name.rpartition("/")[2]
    if not is_gguf(base):
        return []
    split = split_of(base)
    base = split.prefix if split else base[: -len(GGUF_SUFFIX)]
    return [base, *(word for part in base.split(".") for word in part.split("-"))]

"""What the hub says of a model's repository: its commit and its files, from an answer that may be anybody's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from core.hub.errors import Asked, HubError, no_hub
from core.hub.model_id import HubName, hub_name

_MAX_LIST_VALUES = 1_000_000
"""In a list of files; a file has ten of them. A list of empty lists would take twenty times its bytes."""
_MAX_NAME_CHARACTERS = 1000


class Listing(NamedTuple):
    """What is in a repository at one commit.

    Attributes:
        repo: its id as the hub spells it.
        commit: in full.
        files: names with their lengths in bytes, None where the hub does not tell.
        parameters: how many its page says that there are, by its safetensors files; 0 where it does not.
    """

    repo: str
    commit: str
    files: dict[str, int | None]
    parameters: int = 0


def listing_of(content: bytes, asked: Asked, headers: Mapping[str, str]) -> Listing:
    """What the hub's answer says of a repository.

    Args:
        content: the body of the answer, JSON.
        asked: what was asked for.
        headers: those of the answer, by which another server's answer is told.

    Raises:
        HubError: where it is no list of files, or too long a one.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > _MAX_LIST_VALUES:
        raise HubError(asked.file, f"its list of files has more than {_MAX_LIST_VALUES:,} values")
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise no_hub(asked, headers, content[:64].decode(errors="replace")) from error
    commit = answer.get("sha") if isinstance(answer, dict) else None
    siblings = answer.get("siblings") if isinstance(answer, dict) else None
    if not isinstance(commit, str) or not _is_commit(commit) or not isinstance(siblings, list):
        raise no_hub(asked, headers, "")
    files: dict[str, int | None] = {}
    for sibling in siblings:
        name = sibling.get("rfilename") if isinstance(sibling, dict) else None
        if isinstance(name, str) and _is_path(name):
            length = sibling.get("size")
            files[name] = length if isinstance(length, int) and 0 <= length < 1 << 63 else None
    repo, tensors = answer.get("id"), answer.get("safetensors")
    total = tensors.get("total") if isinstance(tensors, dict) else None
    parameters = total if type(total) is int and 0 < total < 1 << 62 else 0
    named = isinstance(repo, str) and "/" in repo and hub_name(repo) == HubName(repo)
    return Listing(repo if named else asked.repo, commit, files, parameters)


def _is_path(name: str) -> bool:
    """Whether a file in a repository may be called so."""
    parts = name.split("/")
    if len(name) > _MAX_NAME_CHARACTERS or "\0" in name or "" in parts or "." in parts or ".." in parts:
        return False
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _is_commit(text: str) -> bool:
    return 7 <= len(text) <= 64 and all(c in "0123456789abcdef" for c in text)

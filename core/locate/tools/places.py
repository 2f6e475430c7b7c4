"""Folders as the environment names them, for the modules on tools beside this one."""

from __future__ import annotations

import os
from collections.abc import Mapping


def home_folder(environment: Mapping[str, str], *below: str) -> str:
    """A folder in the user's home."""
    return os.path.join(environment.get("HOME") or os.path.expanduser("~"), *below)


def cache_folder(environment: Mapping[str, str], *below: str) -> str:
    """A folder in the user's cache: `XDG_CACHE_HOME`, or `~/.cache`."""
    base = environment.get("XDG_CACHE_HOME") or home_folder(environment, ".cache")
    return os.path.join(base, *below)


def named_folder(environment: Mapping[str, str], variable: str) -> str:
    """The folder that a variable names, with `~` and other variables in it resolved; "" where it names none."""
    return os.path.expandvars(os.path.expanduser(environment.get(variable, "")))


def distinct(folders: list[str]) -> list[str]:
    """Folders without those that are named twice, or are the same by links; "" is none."""
    found: dict[str, str] = {}
    for folder in folders:
        if folder and "\0" not in folder:
            found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())

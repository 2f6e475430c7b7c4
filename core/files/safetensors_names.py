"""How safetensors files and the indexes of such are named, without what reads them."""

from __future__ import annotations

SUFFIX = ".safetensors"
INDEX_SUFFIX = ".safetensors.index.json"

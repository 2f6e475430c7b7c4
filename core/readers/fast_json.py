"""msgspec, imported without the module `inspect`, which takes longer than all the rest of it.

Modules that need it import it from here; they are imported themselves only where there is much to decode.
"""

from __future__ import annotations

import sys

if "typing_extensions" in sys.modules or "inspect" in sys.modules:
    import msgspec
else:
    # It asks typing_extensions, which imports `inspect`, for three things and where that is not installed takes them
    # from `typing`, or goes without those that Python 3.10 lacks and no type of ours has (msgspec 0.22, `_utils.py`).
    # None in this place tells it so. No other thread sees it: a screen or a notebook has imported `inspect` before.
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec
    finally:
        del sys.modules["typing_extensions"]

__all__ = ["msgspec"]

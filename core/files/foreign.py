"""Files that are no checkpoint, known by their first bytes: what they are, and what to do with them."""

from __future__ import annotations

from core.checkpoint.errors import AGAIN, CheckpointError

# What the first bytes say a file is, whatever its name; the advice follows the reason.
_FOREIGN = (
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself",
        "fetch the file with: git lfs pull",
    ),
    (b"GGUF", "a GGUF file under a {wanted} name", "rename it to .gguf"),
    (b"PK\x03\x04", "a zip archive (a PyTorch file, it may be), not {wanted}", "see how it was saved"),
    (b"\x80\x02", "a Python pickle, not {wanted}", "see how it was saved"),
    (b"Entry not found", "a server's answer (Entry not found), not the file", AGAIN),
)
# The magics of ggml's older formats: numbers of 32 bits that spell their names, little-endian as files have them.
_OLD_GGML = {
    b"lmgg": "a model in the old format GGML",
    b"fmgg": "a model in the old format GGMF",
    b"tjgg": "a model in the old format GGJT",
    b"algg": "a LoRA adapter in the old format GGLA",
}
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head")


def foreign(start: bytes, file: str, wanted: str = "safetensors") -> CheckpointError | None:
    """What a file is by its first bytes, if that is something well known that only bears the name.

    Args:
        start: its first bytes, 64 or more where it has them; some formats are known by their first 512 only.
        file: what the error calls it.
        wanted: the format that its name or place says it has.
    """
    from core.files.foreign_formats import by_content

    if other := by_content(start):
        return other.refusal(file)
    for magic, what, advice in _FOREIGN:
        if start.startswith(magic):
            return CheckpointError(file, f"this is {what.replace('{wanted}', wanted)}", advice=advice)
    if wanted != "safetensors" and start[8:9] == b"{" and not start[4:8].strip(b"\0"):
        return CheckpointError(
            file, f"this is a safetensors file under a {wanted} name", advice="rename it to .safetensors"
        )
    if problem := old_ggml(start, file):
        return problem
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGES):
        return CheckpointError(
            file, "this is a web page (HTML), not the file", advice="download it again, signed in where needed"
        )
    if text.startswith(b"{"):
        return CheckpointError(
            file, "this is JSON text (a server's error answer, it may be), not the file", advice=AGAIN
        )
    return None


def old_ggml(start: bytes, file: str) -> CheckpointError | None:
    """Whether a file is of a format that GGUF has replaced, whose files have all kinds of names.

    Args:
        start: its first bytes.
        file: what the error calls it.
    """
    what = _OLD_GGML.get(start[:4])
    if what is None:
        return None
    advice = "get it as GGUF, or convert it with llama.cpp's convert_llama_ggml_to_gguf.py"
    return CheckpointError(file, f"this is {what}, from before GGUF", advice=advice)

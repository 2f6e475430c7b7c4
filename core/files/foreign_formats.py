"""Files that are no checkpoint that can be read: what they are, and what to do instead.

What the first bytes say comes first, as names may lie; then what the name says.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

from core.checkpoint.errors import CheckpointError
from core.checkpoint.record import Record

_SAFETENSORS = "take the same model's safetensors"
_SOURCE = "take the checkpoint that it was made from"
_OLD_TRANSFORMERS = "take its safetensors, or convert it with transformers below version 5"
_UNPACK = "unpack it and name what is in it"
_NAME_MODEL = "name the folder or file of a model"


class OtherFormat(Record):
    """A kind of file.

    Attributes:
        what: its name, with an article.
        advice: what to do.
        endings: how names of such files end, in lower case.
        magics: how such files begin: bytes, each with their place.
        model: whether a model lies in it.
    """

    __slots__ = ("advice", "endings", "magics", "model", "what")

    def __init__(
        self,
        what: str,
        advice: str,
        endings: tuple[str, ...] = (),
        magics: tuple[tuple[int, bytes], ...] = (),
        model: bool = True,
    ) -> None:
        self.what = what
        self.advice = advice
        self.endings = endings
        self.magics = magics
        self.model = model

    def refusal(self, file: str) -> CheckpointError:
        """The error for a file of it.

        Args:
            file: what the error calls it.
        """
        return CheckpointError(file, f"this is {self.what}", advice=self.advice)


# Sources of the magics: each format's specification, and file(1)'s magic/Magdir for the general ones.
FORMATS = (
    OtherFormat("an ONNX model", _SAFETENSORS, (".onnx", ".onnx_data", ".onnx.data", ".ort"), ((4, b"ORTM"),)),
    OtherFormat(
        "a file of Keras or TensorFlow weights (HDF5)",
        _OLD_TRANSFORMERS,
        (".h5", ".hdf5"),
        ((0, b"\x89HDF\r\n\x1a\n"),),
    ),
    OtherFormat("a Keras model", "load it with keras, and save its weights as safetensors", (".keras",)),
    OtherFormat("a TensorFlow Lite model", _SOURCE, (".tflite",), ((4, b"TFL3"),)),
    OtherFormat("a TensorFlow graph", _SOURCE, ("saved_model.pb", ".pb", ".pbtxt")),
    OtherFormat(
        "a TensorFlow checkpoint",
        _OLD_TRANSFORMERS,
        (".index", ".meta", ".data-00000-of-00001", ".data-00000-of-00002"),
    ),
    OtherFormat("a file of Flax weights", _OLD_TRANSFORMERS, (".msgpack",)),
    OtherFormat("an Orbax checkpoint (JAX)", "restore it with orbax, and save it as safetensors", ("manifest.ocdbt",)),
    OtherFormat(
        "an array of NumPy, which has no names of tensors",
        "save the arrays by name: safetensors.numpy.save_file",
        (".npy",),
        ((0, b"\x93NUMPY"),),
    ),
    OtherFormat(
        "a file of NumPy arrays (npz), as MLX saved weights too",
        "save them as safetensors: mlx.core.save_safetensors, or safetensors.numpy.save_file",
        (".npz",),
    ),
    OtherFormat("a TensorRT engine, built for one GPU", _SOURCE, (".engine", ".plan", ".trt"), ((0, b"ftrt"),)),
    OtherFormat("a Core ML model", _SOURCE, (".mlmodel", ".mlpackage", ".mlmodelc")),
    OtherFormat("an ExecuTorch program", _SOURCE, (".pte",), ((4, b"ET12"),)),
    OtherFormat("an OpenVINO model", _SAFETENSORS, ("openvino_model.xml", "openvino_model.bin")),
    OtherFormat("a file of PaddlePaddle weights", _SAFETENSORS, (".pdparams", ".pdmodel", ".pdiparams")),
    OtherFormat("a pickle of joblib (scikit-learn, it may be)", "this program counts neural networks", (".joblib",)),
    OtherFormat("a TAR archive", _UNPACK, (".tar",), ((257, b"ustar"),)),
    OtherFormat("a ZIP archive", _UNPACK, (".zip",)),
    OtherFormat("compressed (gzip)", "unpack it with gunzip", (".tar.gz", ".tgz", ".gz"), ((0, b"\x1f\x8b"),)),
    OtherFormat("compressed (7-Zip)", "unpack it with 7z x", (".7z",), ((0, b"7z\xbc\xaf\x27\x1c"),)),
    OtherFormat("compressed (Zstandard)", "unpack it with unzstd", (".zst",), ((0, b"\x28\xb5\x2f\xfd"),)),
    OtherFormat("compressed (xz)", "unpack it with unxz", (".xz",), ((0, b"\xfd7zXZ\0"),)),
    OtherFormat("compressed (bzip2)", "unpack it with bunzip2", (".bz2",), ((0, b"BZh"),)),
    OtherFormat("a RAR archive", _UNPACK, (".rar",), ((0, b"Rar!"),)),
    OtherFormat(
        "a Xet pointer, not the file itself", "fetch the file with: git xet pull", (), ((0, b"# xet version"),)
    ),
    OtherFormat("a dataset (Parquet)", _NAME_MODEL, (".parquet",), ((0, b"PAR1"),), model=False),
    OtherFormat("a dataset (Arrow)", _NAME_MODEL, (".arrow", ".feather"), ((0, b"ARROW1"),), model=False),
    OtherFormat("a dataset", _NAME_MODEL, (".jsonl", ".csv", ".tsv"), model=False),
    OtherFormat("a PNG picture", _NAME_MODEL, (".png",), ((0, b"\x89PNG"),), model=False),
    OtherFormat("a JPEG picture", _NAME_MODEL, (".jpg", ".jpeg"), ((0, b"\xff\xd8\xff"),), model=False),
    OtherFormat("a GIF picture", _NAME_MODEL, (".gif",), ((0, b"GIF8"),), model=False),
    OtherFormat("a WebP picture", _NAME_MODEL, (".webp",), ((8, b"WEBP"),), model=False),
    OtherFormat("a PDF document", _NAME_MODEL, (".pdf",), ((0, b"%PDF"),), model=False),
    OtherFormat("a program or library (ELF)", _NAME_MODEL, (".so",), ((0, b"\x7fELF"),), model=False),
    OtherFormat("a llamafile, a program with a GGUF model in it", _SOURCE, (".llamafile",), ((0, b"MZqFpD"),)),
    OtherFormat("a database (SQLite)", _NAME_MODEL, (".sqlite", ".db"), ((0, b"SQLite format 3\0"),), model=False),
    OtherFormat(
        "a tokenizer", _NAME_MODEL, ("spiece.model", "tokenizer.model", "vocab.txt", "merges.txt"), model=False
    ),
)
# What lies in every folder and tells nothing of it.
_TEXTS = (
    OtherFormat("a script", _NAME_MODEL, (".py", ".sh"), ((0, b"#!"),)),
    OtherFormat("plain text", _NAME_MODEL, (".md", ".txt", ".yaml", ".yml", ".toml", ".log")),
)
START_BYTES = 512
"""So many of a file's first bytes are looked at."""

# Files by which a folder as a whole is known, before its single files are.
_FOLDERS = (
    ("saved_model.pb", "a TensorFlow SavedModel", _SOURCE),
    ("keras_metadata.pb", "a Keras SavedModel", _SOURCE),
    ("_CHECKPOINT_METADATA", "an Orbax checkpoint (JAX)", "restore it with orbax, and save it as safetensors"),
    ("_METADATA", "an Orbax checkpoint (JAX)", "restore it with orbax, and save it as safetensors"),
)


def by_content(start: bytes) -> OtherFormat | None:
    """What a file is by its first bytes; None where they do not tell.

    Args:
        start: its first bytes, `START_BYTES` or more where it has them.
    """
    for kind in (*FORMATS, *_TEXTS):
        if any(start[place : place + len(magic)] == magic for place, magic in kind.magics):
            return kind
    if start.startswith(b"PK\x03\x04"):
        # A zip's first entry: its name's length lies at byte 26, its name at byte 30 (APPNOTE.TXT, 4.3.7).
        name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
        return by_name("x.npz") if name.endswith(b".npy") else by_name("x.keras") if name in _IN_KERAS else None
    if start[:1] == b"\x08" and start[2:3] == b"\x12" and start[3:4] not in {b"", b"\0"}:
        return _protobuf(start)
    return (
        by_name("openvino_model.xml") if b"<net " in start[:START_BYTES] and start.lstrip().startswith(b"<") else None
    )


_IN_KERAS = {b"metadata.json", b"config.json", b"model.weights.h5"}


def _protobuf(start: bytes) -> OtherFormat | None:
    """ONNX and TensorFlow: a version, then field 2, the producer's name (onnx.proto) or a graph (saved_model.proto)."""
    producer = start[4 : 4 + start[3]]
    if start[3] < 64 and producer.isascii() and producer.decode("ascii", "replace").isprintable():
        return by_name("x.onnx")
    return by_name("saved_model.pb") if start[1] == 1 else None


def by_name(name: str) -> OtherFormat | None:
    """What a file is by its name; None where that does not tell."""
    lower = name.lower()
    return next((kind for kind in (*FORMATS, *_TEXTS) if lower.endswith(kind.endings)), None)


def known_as(start: bytes, name: str) -> OtherFormat | None:
    """What a file is by its first bytes, or by its name; None where neither tells."""
    return by_content(start) or by_name(name)


def refused(start: bytes, name: str, file: str) -> CheckpointError | None:
    """The error for a file that is of another format; None for one that may be a checkpoint, or anything.

    Args:
        start: its first bytes, `START_BYTES` or more where it has them.
        name: its name.
        file: what the error calls it.
    """
    kind = known_as(start, name) or (_TEXTS[-1] if _is_text(start) else None)
    return kind.refusal(file) if kind else None


def _is_text(start: bytes) -> bool:
    try:
        # A character cut at the end is none at fault.
        text = getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(c.isprintable() or c in "\t\r\n" for c in text)


def refused_folder(path: str, names: list[str], models: bool) -> CheckpointError | None:
    """The error for a folder in which there is no checkpoint; None where its names tell nothing.

    Args:
        path: what the error calls it.
        names: its files.
        models: whether to tell of models of other formats; else of what is no model.
    """
    known = _model_folder(path, names) if models else _folder_of_configs(path, names)
    if known:
        return known
    for kind in FORMATS:
        if kind.model != models or not kind.endings:
            continue
        if found := next((name for name in names if name.lower().endswith(kind.endings)), ""):
            able, advice = "", kind.advice
            if models:
                able = " that can be read"
                advice += (
                    ", or name its config.json to count the model that it describes" if "config.json" in names else ""
                )
            return CheckpointError(path, f"no checkpoint{able} in it; {found} is {kind.what}", advice=advice)
    return None


def _model_folder(path: str, names: list[str]) -> CheckpointError | None:
    """The error for a folder whose files are of another format; None where it is of none that is known."""
    for name, what, advice in _FOLDERS:
        if name in names:
            return CheckpointError(path, f"this is {what}", advice=advice)
    if path.rstrip("/").endswith(".mlpackage"):
        return CheckpointError(path, "this is a Core ML model", advice=_SOURCE)
    return None


def _folder_of_configs(path: str, names: list[str]) -> CheckpointError | None:
    """The error for a folder with a config, a tokenizer or the like; None where there is nothing of the kind."""
    for name, what in _CONFIGS.items():
        if name in names:
            return CheckpointError(path, f"no checkpoint in it; {name} is {what}", advice=_NAME_MODEL)
    return None


_CONFIGS = {
    "model_index.json": "the list of a diffusers pipeline's models, which lie in folders of their own",
    "params.json": "a config of the model's own code, and its weights are not there",
    "tokenizer.json": "a tokenizer",
    "tokenizer_config.json": "a tokenizer's config",
    "vocab.json": "a tokenizer's vocabulary",
    "dataset_info.json": "a dataset's",
    "preprocessor_config.json": "an image or feature processor's config",
    "generation_config.json": "how text is to be made, and nothing of the model",
}

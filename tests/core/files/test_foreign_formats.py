"""Files that are no checkpoint that can be read: each by its right name, with what to do."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files.foreign_formats import START_BYTES, by_content, refused, refused_folder
from tests.support.checkpoints import header, write
from tests.support.command import Command


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return data.getvalue()


def tarred() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as file:
        file.addfile(tarfile.TarInfo("model.safetensors"))
    return data.getvalue()


def npy() -> bytes:
    import numpy

    data = io.BytesIO()
    numpy.save(data, numpy.zeros(3))
    return data.getvalue()


def npz() -> bytes:
    import numpy

    data = io.BytesIO()
    numpy.savez(data, weights=numpy.zeros(3))
    return data.getvalue()


# How files of a format begin, and what they are called, whatever their names say.
CONTENTS = {
    "ONNX": (b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:\xb0\x01\n", "this is an ONNX model; take the same model's"),
    "ORT": (b"\x20\0\0\0ORTM" + bytes(60), "this is an ONNX model"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(60), "a file of Keras or TensorFlow weights (HDF5); take its safetensors"),
    "npy": (npy(), "this is an array of NumPy"),
    "npz": (npz(), "this is a file of NumPy arrays (npz), as MLX saved weights too; save them as safetensors"),
    "Keras": (zipped("metadata.json", "config.json", "model.weights.h5"), "this is a Keras model"),
    "TFLite": (b"\x1c\0\0\0TFL3" + bytes(60), "this is a TensorFlow Lite model"),
    "SavedModel": (b"\x08\x01\x12\xa0\x05\n\x10" + bytes(60), "this is a TensorFlow graph"),
    "TensorRT": (b"ftrt" + bytes(60), "this is a TensorRT engine"),
    "OpenVINO": (b'<?xml version="1.0"?>\n<net name="Model0" version="11">', "this is an OpenVINO model"),
    "tar": (tarred(), "this is a TAR archive; unpack it"),
    "gzip": (b"\x1f\x8b\x08" + bytes(60), "this is compressed (gzip); unpack it with gunzip"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "this is compressed (7-Zip)"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(60), "this is compressed (Zstandard)"),
    "Parquet": (b"PAR1" + bytes(60), "this is a dataset (Parquet)"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(60), "this is a PNG picture"),
    "ELF": (b"\x7fELF\x02\x01\x01" + bytes(60), "this is a program or library (ELF)"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "this is a Git LFS pointer"),
    "Xet": (b"# xet version 0\nfilesize = 548105171\n", "this is a Xet pointer"),
    "HTML": (b"<!DOCTYPE html><html></html>", "this is a web page (HTML)"),
    "JSON": (b'{"error": "Repository not found"}', "this is JSON text (a server's error answer"),
}


@pytest.mark.parametrize("name", ["x", "model.onnx", "model.safetensors"])
@pytest.mark.parametrize("case", list(CONTENTS))
def test_what_the_first_bytes_say_comes_before_the_name(case: str, name: str, tmp_path: Path, command: Command) -> None:
    content, expected = CONTENTS[case]
    (tmp_path / name).write_bytes(content)
    if case == "tar" and name == "model.safetensors":
        content = content[:64]  # a name and zeros: the reader of safetensors looks at no more
        expected = "its header"
    assert expected in command(tmp_path / name).complaint


NAMES = {
    "model.onnx": "this is an ONNX model",
    "flax_model.msgpack": "this is a file of Flax weights",
    "tf_model.h5": "this is a file of Keras or TensorFlow weights",
    "model.keras": "this is a Keras model",
    "saved_model.pb": "this is a TensorFlow graph",
    "model.ckpt-1000.index": "this is a TensorFlow checkpoint",
    "weights.npz": "this is a file of NumPy arrays",
    "model.engine": "this is a TensorRT engine",
    "model.mlmodel": "this is a Core ML model",
    "model.pdparams": "this is a file of PaddlePaddle weights",
    "model.JOBLIB": "this is a pickle of joblib",
}


@pytest.mark.parametrize("start", [b"\0" * 100, b"\x80\x04\x95\x10", zipped("x")], ids=["zeros", "pickle", "zip"])
@pytest.mark.parametrize("name", list(NAMES))
def test_where_the_bytes_do_not_tell_the_name_does(name: str, start: bytes, tmp_path: Path, command: Command) -> None:
    (tmp_path / name).write_bytes(start)
    complaint = command(tmp_path / name).complaint
    assert complaint.startswith(f"gpt2-explore: {tmp_path / name}: {NAMES[name]}")
    assert "; " in complaint


def test_an_empty_file_is_empty_whatever_its_name(tmp_path: Path, command: Command) -> None:
    (tmp_path / "model.onnx").touch()
    assert "the file is empty" in command(tmp_path / "model.onnx").complaint


def test_plain_text_is_told(tmp_path: Path, command: Command) -> None:
    (tmp_path / "x").write_bytes(("é" * 1000).encode())
    assert "this is plain text" in command(tmp_path / "x").complaint
    (tmp_path / "y").write_bytes(b"a" + ("é" * 1000).encode())
    assert "this is plain text" in command(tmp_path / "y").complaint


def test_a_safetensors_file_of_another_name_is_read(tmp_path: Path, command: Command) -> None:
    for name in ("blob", "x.md", "x.onnx"):
        path = write(tmp_path / name, {"x": ("F32", (5,))})
        assert command(path, "--json").model["parameters"] == 5


FOLDERS: dict[str, tuple[list[str], str]] = {
    "SavedModel": (["saved_model.pb", "fingerprint.pb"], "this is a TensorFlow SavedModel"),
    "Orbax": (["_METADATA", "manifest.ocdbt"], "this is an Orbax checkpoint (JAX)"),
    "TF checkpoint": (["checkpoint", "m.ckpt-1.index", "m.ckpt-1.data-00000-of-00001"], "is a TensorFlow checkpoint"),
    "Flax": (["flax_model.msgpack", "README.md"], "flax_model.msgpack is a file of Flax weights; take its safetensors"),
    "with a config": (["config.json", "model.onnx"], "or name its config.json to count the model that it describes"),
    "dataset": (["train.parquet", "README.md"], "no checkpoint in it; train.parquet is a dataset (Parquet)"),
    "tokenizer": (["tokenizer.json", "merges.txt"], "no checkpoint in it; tokenizer.json is a tokenizer"),
    "pipeline": (["model_index.json"], "model_index.json is the list of a diffusers pipeline's models"),
    "params": (["params.json", "tokenizer.model"], "params.json is a config of the model's own code"),
    "pictures": (["a.png"], "no checkpoint in it; a.png is a PNG picture"),
    "nothing": ([], "no checkpoint in it; name a"),
}


@pytest.mark.parametrize("case", list(FOLDERS))
def test_a_folder_says_what_it_has(case: str, tmp_path: Path, command: Command) -> None:
    names, expected = FOLDERS[case]
    for name in names:
        (tmp_path / name).write_text("{}")
    result = command(tmp_path, "--json")
    assert result.status == 1
    assert expected in result.complaint


def test_checkpoints_below_come_before_what_is_no_model(tmp_path: Path, command: Command) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    write(tmp_path / "unet" / "model.safetensors", {"x": ("F32", (5,))})
    assert "name one of its folders: unet" in command(tmp_path).complaint


@given(st.binary(max_size=2 * START_BYTES), st.text(max_size=20))
def test_no_bytes_and_no_name_break_it(start: bytes, name: str) -> None:
    problems = [refused(start, name, "x"), refused_folder("x", [name], True), refused_folder("x", [name], False)]
    assert all(problem.sentence().isprintable() for problem in problems if problem)


@given(st.binary(max_size=40).map(lambda rest: header({rest.hex(): ("F32", (2,))})))
def test_a_good_header_is_nothing_else(head: bytes) -> None:
    assert by_content(len(head).to_bytes(8, "little") + head) is None

"""Files that mean harm: one sentence each, nothing run, in bounded time and memory."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.pickles import archive, expect_bounded, legacy, text

CANARY = "canary"
RUN = f"touch {CANARY}".encode()


def called(module: bytes, name: bytes, argument: bytes = RUN) -> bytes:
    """A call of one function with one text."""
    return b"c" + module + b"\n" + name + b"\n" + text(argument) + b"\x85R"


def stack_global(module: bytes, name: bytes) -> bytes:
    return b"\x8c" + bytes((len(module),)) + module + b"\x8c" + bytes((len(name),)) + name + b"\x93"


CALLS = {
    "os.system": called(b"os", b"system"),
    "posix.system": called(b"posix", b"system"),
    "subprocess.Popen": called(b"subprocess", b"Popen"),
    "builtins.eval": called(b"__builtin__", b"eval", b"__import__('os').system('touch canary')"),
    "builtins.exec": called(b"builtins", b"exec", b"open('canary', 'w')"),
    "runpy._run_code": called(b"runpy", b"_run_code"),
    "importlib.import_module": called(b"importlib", b"import_module"),
    "torch.hub.load": called(b"torch.hub", b"load"),
    "torch.hub": b"ctorch\nhub.load\n" + text(RUN) + b"\x85R",
    "shutil.rmtree": called(b"shutil", b"rmtree"),
    "webbrowser.open": called(b"webbrowser", b"open"),
    "pty.spawn": called(b"pty", b"spawn"),
    "ctypes.CDLL": called(b"ctypes", b"CDLL"),
    "operator.attrgetter": called(b"operator", b"attrgetter", b"system"),
    "sys.modules": b"csys\nmodules\n",
    "socket.socket": called(b"socket", b"socket"),
    "pickle.loads": called(b"_pickle", b"loads"),
    "dotted": stack_global(b"torch.serialization", b"os.system") + text(RUN) + b"\x85R",
    "dunders": stack_global(b"torch.nn", b"Module.__init__.__globals__.get") + text(b"os") + b"\x85R",
    "INST": b"(" + text(RUN) + b"ios\nsystem\n",
    "OBJ": b"(cos\nsystem\n" + text(RUN) + b"o",
    "NEWOBJ": b"csubprocess\nPopen\n" + text(RUN) + b"\x85\x81",
    "NEWOBJ_EX": b"csubprocess\nPopen\n" + text(RUN) + b"\x85}\x92",
    "getattr": b"cbuiltins\ngetattr\nctorch\nTensor\n" + text(b"__class__") + b"\x86R" + text(RUN) + b"\x85R",
    "REDUCE chain": b"cbuiltins\ngetattr\ncbuiltins\ngetattr\nctorch\nnn\n"
    + text(b"_x")
    + b"\x86R"
    + text(b"b")
    + b"\x86R",
    "persistent id": called(b"os", b"system") + b"Q",
    "in a state dict": b"}" + text(b"w.weight") + called(b"os", b"system") + b"s",
}


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("case", list(CALLS))
def test_code_in_a_pickle_is_named_and_not_run(
    case: str, form: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickled = b"\x80\x04" + CALLS[case] + b"."
    Path("evil.pt").write_bytes(archive(pickled) if form == "zip" else legacy(pickled))
    result = command("evil.pt", "--print")
    assert result.status == 1
    assert "it calls " in result.complaint
    assert "which no checkpoint needs; it was not run" in result.complaint
    assert not Path(CANARY).exists()


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_a_class_that_is_on_no_list_is_not_run_either(
    form: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil_module.py").write_text(f"open({CANARY!r}, 'w').close()\ndef make(*_): open({CANARY!r}, 'w').close()")
    pickled = b"\x80\x02" + called(b"evil_module", b"make") + b"."
    Path("evil.pt").write_bytes(archive(pickled) if form == "zip" else legacy(pickled))
    result = command("evil.pt", "--print")
    assert result.status == 1
    assert "an object of evil_module.make was pickled here, not a state dict" in result.complaint
    assert not Path(CANARY).exists()


MANY = 3_000_000
BOMBS: dict[str, bytes] = {
    "nested lists": b"]" * MANY,
    "nested tuples": b")" + b"\x85" * MANY,
    "nested marks": b"(" * MANY,
    "nested dicts": b"}U\x01a" * MANY,
    "many dicts": b"}" * MANY,
    "many references": b"}q\0" + b"h\0" * 4 * MANY,
    "a memo of millions": b"N" + b"\x94" * MANY,
    "memo indexes far apart": b"N" + b"".join(b"r" + (n << 11).to_bytes(4, "little") for n in range(1 << 21)),
    "a memo index of 2^60": b"Np1152921504606846976\n.",
    "text of 2^63 bytes": b"\x8d" + b"\xff" * 7 + b"\x7f",
    "text of 4 GB": b"X\xff\xff\xff\xff",
    "bytes of 2^63": b"\x8e" + b"\xff" * 7 + b"\x7f",
    "a number of 2 GB": b"\x8b\xff\xff\xff\x7f" + b"\1" * 1000,
    "a number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "a line without an end": b"S'" + b"a" * MANY,
    "a frame of 2^63 bytes": b"\x95" + b"\xff" * 8,
    "a copied list": b"(" + b"N" * 1_000_000 + b"lq\0" + b"ccollections\ndeque\nq\x010" + b"h\x01h\0\x85R" * 100_000,
    "a copied text": b"ctorch\nSize\nq\x01" + text(b"a" * 65_000) + b"q\0" + b"h\x01h\0\x85R" * 100_000,
    "bytes of text, again": b"c_codecs\nencode\nq\x01" + text(b"a" * 65_000) + b"q\0" + b"h\x01h\0\x85R" * 100_000,
    "dicts of one dict": b"}(" + b"K\1K\1" * 100_000 + b"uq\0ccollections\nOrderedDict\nq\1" + b"h\1h\0\x85R" * 100_000,
}


@pytest.mark.parametrize("case", list(BOMBS))
def test_a_bomb_is_given_up_in_bounded_memory_and_time(case: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    path.write_bytes(archive(b"\x80\x04" + BOMBS[case]))
    expect_bounded(path)


def repeated(levels: int) -> bytes:
    """Dicts of which each has the one before twice: 2^levels tensors, were they told one by one."""
    made = b"}" + text(b"a.b") + b"K\1s"
    for level in range(levels):
        made += (
            b"q" + bytes((level,)) + b"}(" + text(b"a") + b"h" + bytes((level,)) + text(b"b") + b"h" + bytes((level,))
        )
        made += b"u"
    return made


def test_dicts_that_repeat_each_other_end(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(archive(b"\x80\x02" + repeated(200) + b"."))
    assert "there is not one tensor in it" in expect_bounded(path)


def test_a_container_that_lies_under_millions_of_keys_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    inner = b"](" + b"N" * 500_000 + b"eq\0"
    path.write_bytes(archive(b"\x80\x02" + inner + b"0](" + b"h\0" * 500_000 + b"e."))
    assert "it repeats its containers more often than a checkpoint does" in expect_bounded(path)


WHOLE = (
    b"ctorch._utils\n_rebuild_tensor_v2\n(("
    + text(b"storage")
    + b"ctorch\nFloatStorage\n"
    + text(b"0")
    + text(b"cpu")
    + b"K\6tQK\0K\2K\3\x86K\3K\1\x86\x89NtR"
)
"""A tensor of 2 × 3."""
WRAPPED = (
    b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_wrapper_subclass\n"
    b"ca\nb\n(ca\nb\nctorch\nfloat32\nK\2K\3\x86t"
)
SPARSE = b"ctorch._utils\n_rebuild_sparse_tensor\n(ctorch\nsparse_coo\n("


def of_the_one_before(opening: bytes, repeated: bytes, closing: bytes, levels: int) -> bytes:
    """Tensors of which each is made of the one before, several times."""
    made = WHOLE + b"q\0"
    for _ in range(levels):
        made += b"0" + opening + repeated * 64 + closing + b"q\0"
    return b"}" + text(b"a.weight") + made + b"s."


MADE_OF_EACH_OTHER = {
    "wide": of_the_one_before(WRAPPED + b"}(", b"h\0h\0", b"utR", 7),
    "deep": of_the_one_before(WRAPPED + b"}(", b"h\0h\0", b"utR", 3000),
    "sparse": of_the_one_before(SPARSE + b"h\0h\0", b"", b"K\2K\3\x86ttR", 40),
}


@pytest.mark.parametrize("case", list(MADE_OF_EACH_OTHER))
def test_tensors_made_of_each_other_end(case: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(archive(b"\x80\x02" + MADE_OF_EACH_OTHER[case], {"archive/data/0": bytes(24)}))
    assert "it is made of more tensors than a tensor is" in expect_bounded(path)


def test_a_sparse_tensor_without_a_size_is_damaged(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    pickled = b"\x80\x02}" + text(b"a.weight") + SPARSE + WHOLE + WHOLE + b"ttRs."
    path.write_bytes(archive(pickled, {"archive/data/0": bytes(24)}))
    assert "_rebuild_sparse_tensor is called with what it does not take: its shape is none" in command(path).complaint


def test_lists_are_not_copied_behind_a_tensor_of_a_subclass(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    copied = b"ctorch._tensor\n_rebuild_from_type_v2\n(cbuiltins\ntuple\nNh\0\x85NtR"
    path.write_bytes(archive(b"\x80\x02(](" + b"N" * 1_000_000 + b"eq\0" + copied * 500 + b"l."))
    assert "it repeats its containers more often than a checkpoint does" in expect_bounded(path)


LONG = text(b"a" * 65_000) + b"q\1" + b"0"
KEYS = {
    "bytes": (b"B\xe8\xfd\0\0" + b"a" * 65_000 + b"q\2" + b"0", [b"h\2"] * 2_000_000),
    "tuples": (LONG + b"(" + b"h\1" * 8 + b"tq\2" + b"0", [b"h\2"] * 1_000_000),
    "tuples that differ": (LONG, [b"J" + n.to_bytes(4, "little") + b"h\1\x86" for n in range(500_000)]),
    "numbers": (b"", [b"J" + n.to_bytes(4, "little") for n in range(1_000_000)]),
}


@pytest.mark.parametrize("case", list(KEYS))
def test_keys_that_are_no_text_take_bounded_memory_and_time(case: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    before, keys = KEYS[case]
    pickled = WHOLE + b"q\0" + b"0" + before + b"}(" + b"h\0".join(keys) + b"h\0u."
    path.write_bytes(archive(b"\x80\x02" + pickled, {"archive/data/0": bytes(24)}))
    assert "its names are longer than a checkpoint's" in expect_bounded(path)


def test_an_archive_that_would_be_inflated_to_gigabytes_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    for claimed, content in ((None, b"\x80\x02" + b"N" * 200_000_000), (1 << 40, b"\x80\x02N.")):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            target.writestr("archive/data.pkl", content)
        data = made.getvalue()
        if claimed:
            at = data.rindex(b"PK\1\2")
            data = data[: at + 24] + struct.pack("<L", 0xFFFFFFF0) + data[at + 28 :]
        path.write_bytes(data)
        expect_bounded(path)

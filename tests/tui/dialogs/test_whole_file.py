"""A file is there in whole or not at all, and nothing but files is written to."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui.dialogs.whole_file import NotAFile, write_whole_file


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files may have so many bytes at most, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_new_file_has_its_text_as_it_is(tmp_path: Path) -> None:
    write_whole_file(str(tmp_path / "x.csv"), "é\r\n", overwrite=False)
    assert (tmp_path / "x.csv").read_bytes() == "é\r\n".encode()


def test_a_file_that_exists_is_replaced_only_where_that_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("before")
    file.chmod(0o640)
    with pytest.raises(FileExistsError):
        write_whole_file(str(file), "after", overwrite=False)
    assert file.read_text() == "before"
    write_whole_file(str(file), "after", overwrite=True)
    assert file.read_text() == "after"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_is_refused(tmp_path: Path, overwrite: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to-pipe").symlink_to(tmp_path / "pipe")
    for path, what in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder"), (Path("/dev/full"), "a device")):
        with pytest.raises(NotAFile, match=what):
            write_whole_file(str(path), "text", overwrite)
    with pytest.raises(NotAFile, match="a pipe"):
        write_whole_file(str(tmp_path / "to-pipe"), "text", overwrite)


@pytest.mark.parametrize("overwrite", [False, True])
def test_links_to_devices_and_files_of_the_system_are_refused(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "to-device").symlink_to("/dev/full")
    (tmp_path / "to-itself").symlink_to("to-itself")
    with pytest.raises(NotAFile, match="a device"):
        write_whole_file(str(tmp_path / "to-device"), "text", overwrite)
    for path in (tmp_path / "to-itself", "/proc/self/mem", "/proc/sys/kernel/x", "/dev/fd/99"):
        with pytest.raises(OSError, match=r"."):
            write_whole_file(str(path), "text", overwrite)
    assert sorted(os.listdir(tmp_path)) == ["to-device", "to-itself"]


def test_a_folder_that_may_not_be_written_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left open or half there, a new file or an old one."""
    (tmp_path / "old").write_text("before")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    # Tests may run as root, whom no mode keeps out.
    monkeypatch.setattr("tui.dialogs.whole_file.open", refuse, raising=False)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    for name, overwrite in (("new", False), ("old", True)):
        with pytest.raises(OSError, match="Read-only"):
            write_whole_file(str(tmp_path / name), "text", overwrite)
    assert os.listdir(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "before"


@pytest.mark.parametrize("name", ["a\nb.csv", "\x1b[2J.csv", " .csv", "é注.csv", "-rf", "a\tb"])
def test_odd_names_are_written_as_they_are(tmp_path: Path, name: str) -> None:
    write_whole_file(str(tmp_path / name), "text", overwrite=False)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a\0b", "\ud800.csv"])
def test_names_that_none_can_have_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"null|surrogates"):
        write_whole_file(str(tmp_path / name), "text", overwrite=False)
    assert os.listdir(tmp_path) == []


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to("target")
    with pytest.raises(FileExistsError):
        write_whole_file(str(link), "after", overwrite=False)
    assert target.read_text() == "precious"
    write_whole_file(str(link), "after", overwrite=True)
    assert target.read_text() == "after"
    assert link.is_symlink()


def test_a_link_that_leads_nowhere_is_asked_for_too(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        write_whole_file(str(link), "text", overwrite=False)
    assert not (tmp_path / "nowhere").exists()
    write_whole_file(str(link), "text", overwrite=True)
    assert (tmp_path / "nowhere").read_text() == "text"


def test_a_full_disk_leaves_no_new_file(tmp_path: Path) -> None:
    with room_for(1000), pytest.raises(OSError, match="File too large"):
        write_whole_file(str(tmp_path / "x.csv"), "x" * 5000, overwrite=False)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_an_old_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("before")
    with room_for(1000), pytest.raises(OSError, match="File too large"):
        write_whole_file(str(file), "x" * 5000, overwrite=True)
    assert file.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.csv"]

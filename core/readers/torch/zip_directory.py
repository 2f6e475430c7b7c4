"""The central directory of a zip archive: which members it has, where they lie, how long they are.

Format: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.4. The standard library's zipfile takes 10 ms to import, a third of
a whole count, and asks for a remote file's bytes in many small pieces.
"""

from __future__ import annotations

import struct

from core.checkpoint.errors import AGAIN, CheckpointError, from_os_error
from core.checkpoint.record import Record
from core.readers.unpickle.budget import Budget, OverBudgetError
from core.readers.unpickle.byte_source import InflatedPieces, PickleBytes, Pieces
from core.text.width import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, NoReturn

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_TAIL_BYTES = 1 << 16
_AHEAD_BYTES = 1 << 17
_MAX_DIRECTORY_BYTES = 1 << 26
"""Bytes of a directory; some 1,000,000 members as torch names them."""
_MAX_INFLATED_BYTES = 1 << 28
"""Bytes that a compressed member may be inflated to."""
_MEMBER_BYTES = 330
"""What a member takes in the list of them, beside its name."""
_STORED, _DEFLATED = 0, 8
_NO_MEMBER = "this member is not where the zip archive's directory says"


class Member(Record):
    """One file in the archive.

    Attributes:
        offset: of its local header.
        stored: bytes that it takes in the archive.
        size: bytes that it has.
        method: how it is compressed; 0 is not.
    """

    __slots__ = ("method", "offset", "size", "stored")

    def __init__(self, offset: int, stored: int, size: int, method: int) -> None:
        self.offset = offset
        self.stored = stored
        self.size = size
        self.method = method


class ZipDirectory:
    """The members of an archive.

    Attributes:
        members: by their names.
    """

    def __init__(self, opened: BinaryIO, size: int, file: str, budget: Budget) -> None:
        """
        Args:
            opened: the archive.
            size: its length in bytes.
            file: what an error calls it.
            budget: what may be made of it.

        Raises:
            CheckpointError: where the archive is cut off, damaged, or not what an honest program writes.
        """
        self._opened = opened
        self._size = size
        self._file = file
        self._budget = budget
        self._tail_start = size
        self._tail = b""
        self._window_start = 0
        self._window = b""
        start = max(0, size - _TAIL_BYTES)
        self._tail = self._read(start, size)
        self._tail_start = start
        count, start, end = self._end_record()
        self._start = start
        budget.earn(end - start)
        try:
            self.members = self._entries(count, self._read(start, end))
        except OverBudgetError as error:
            raise self._fault("its zip archive has more members than a checkpoint", "see how it was saved") from error

    def _fault(self, reason: str, advice: str = AGAIN, place: str = "") -> CheckpointError:
        return CheckpointError(self._file, reason, place=place, advice=advice)

    def _damaged(self, what: str) -> NoReturn:
        raise self._fault(f"its zip archive is damaged: {what}")

    def _read(self, start: int, end: int) -> bytes:
        if start >= self._tail_start:
            return self._tail[start - self._tail_start : end - self._tail_start]
        if self._window_start <= start and end <= self._window_start + len(self._window):
            return self._window[start - self._window_start : end - self._window_start]
        try:
            self._opened.seek(start)
            content = self._opened.read(end - start)
        except OSError as error:
            raise from_os_error(error, self._file) from error
        if len(content) < end - start:
            self._damaged("it ended while it was read")
        return content

    def _end_record(self) -> tuple[int, int, int]:
        """How many members there are, and where the directory begins and ends."""
        tail = self._tail
        at = tail.rfind(b"PK\5\6")
        if at < 0 or len(tail) - at < _END.size:
            raise self._fault("its zip archive is cut off: the directory at its end is missing")
        _, disk, first_disk, here, count, length, start, comment = _END.unpack_from(tail, at)
        end = self._tail_start + at
        if end + _END.size + comment > self._size:
            raise self._fault("its zip archive is cut off: its end record is not whole")
        locator = at - _LOCATOR64.size
        if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":
            _, _, place, disks = _LOCATOR64.unpack_from(tail, locator)
            end = self._tail_start + locator
            if not self._size - _TAIL_BYTES <= place <= end - _END64.size or disks > 1:
                self._damaged("its 64-bit end record is not where it should be")
            record = self._read(place, place + _END64.size)
            magic, _, _, _, disk, first_disk, here, count, length, start = _END64.unpack(record)
            if magic != b"PK\6\6":
                self._damaged("its 64-bit end record is none")
            end = place
        if disk or first_disk or here != count:
            self._damaged("it is one of several volumes")
        if start + length != end:
            self._damaged("its directory is not where its end record says")
        if length > _MAX_DIRECTORY_BYTES:
            raise self._fault(
                f"its zip directory of {length:,} bytes is more than the {_MAX_DIRECTORY_BYTES:,} that are read"
            )
        return count, start, end

    def _entries(self, count: int, directory: bytes) -> dict[str, Member]:
        members: dict[str, Member] = {}
        at = 0
        while at < len(directory):
            if len(directory) - at < _ENTRY.size:
                self._damaged("an entry of its directory is cut off")
            fields = _ENTRY.unpack_from(directory, at)
            flags, method = fields[5], fields[6]
            stored, size, name_length, extra_length, comment_length = fields[10:15]
            disk, offset = fields[15], fields[18]
            name_end = at + _ENTRY.size + name_length
            following = name_end + extra_length + comment_length
            if fields[0] != b"PK\1\2" or following > len(directory):
                self._damaged("an entry of its directory is none")
            name = directory[at + _ENTRY.size : name_end].decode("utf-8" if flags & 0x800 else "cp437", "replace")
            if 0xFFFFFFFF in (stored, size, offset):
                stored, size, offset = _wide(directory[name_end : name_end + extra_length], stored, size, offset)
            self._budget.spend(_MEMBER_BYTES + 4 * len(name))
            self._check(name, Member(offset, stored, size, method), flags, disk)
            if name in members:
                raise self._fault("its zip archive has this member twice", AGAIN, f"member {_shown(name)}")
            members[name] = Member(offset, stored, size, method)
            at = following
        if len(members) != count & 0xFFFFFFFFFFFFFFFF:
            self._damaged(f"its directory has {len(members):,} members and its end record says {count:,}")
        return members

    def _check(self, name: str, member: Member, flags: int, disk: int) -> None:
        place = f"member {_shown(name)}"
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or "\0" in name:
            raise self._fault("its zip archive has a member that would lie outside it", "do not unpack it", place)
        if flags & 1:
            raise self._fault("its zip archive is encrypted", "decrypt it first", place)
        if disk not in (0, 0xFFFF):
            self._damaged("it is one of several volumes")
        if member.offset + _LOCAL.size + member.stored > self._start or (
            member.method == _STORED and member.stored != member.size
        ):
            raise self._fault("a member of its zip archive is longer than the file has room for", AGAIN, place)

    def open(self, name: str, ahead: int = _AHEAD_BYTES) -> PickleBytes:
        """The bytes of a member.

        Args:
            name: the member's.
            ahead: how many bytes to read at once, of its header and what follows it.

        Raises:
            CheckpointError: where it is compressed in a way that is not read, or is too large to be inflated.
        """
        member = self.members[name]
        place = f"member {_shown(name)}"
        # The header and, behind it, most often the whole of the member: of a remote file that is one request.
        begins = self._read(member.offset, min(member.offset + ahead, self._start))
        if len(begins) > len(self._window):
            self._window_start, self._window = member.offset, begins
        start = member.offset + _header_length(begins)
        if start == member.offset:
            raise self._fault(_NO_MEMBER, AGAIN, place)
        end = start + member.stored
        if end > self._start:
            raise self._fault("this member is longer than the file has room for", AGAIN, place)
        first = b""
        if member.method == _STORED:
            first = begins[start - member.offset : end - member.offset]
            pieces = Pieces(self._opened, start + len(first), end)
        elif member.method == _DEFLATED:
            if member.size > _MAX_INFLATED_BYTES:
                reason = f"this member would be inflated to {member.size:,} bytes, more than a checkpoint's names take"
                raise self._fault(reason, "see how it was saved", place)
            pieces = InflatedPieces(self._opened, start, end, member.size)
        else:
            raise self._fault(f"this member is compressed by a method (number {member.method}) that is not read")
        return PickleBytes(pieces, self._file, self._budget, name.rpartition("/")[2], first)


def data_start(opened: BinaryIO, header: int, file: str) -> int:
    """The first byte of a member's data.

    Args:
        opened: the archive.
        header: the first byte of the member's local header.
        file: what an error calls the archive.

    Raises:
        CheckpointError: where there is no such header.
    """
    try:
        opened.seek(header)
        length = _header_length(opened.read(_LOCAL.size))
    except OSError as error:
        raise from_os_error(error, file) from error
    if not length:
        raise CheckpointError(file, _NO_MEMBER, place=f"byte {header}", advice=AGAIN)
    return header + length


def _header_length(begins: bytes) -> int:
    """Bytes of a member's local header with all its fields; 0 where it is none."""
    if len(begins) < _LOCAL.size or not begins.startswith(b"PK\3\4"):
        return 0
    *_, name_length, extra_length = _LOCAL.unpack_from(begins)
    return _LOCAL.size + int(name_length) + int(extra_length)


def _wide(extra: bytes, *narrow: int) -> list[int]:
    """Sizes and offset, those that are all ones replaced by the 64-bit ones in an entry's extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = [int.from_bytes(extra[p : p + 8], "little") for p in range(at + 4, at + 4 + length - 7, 8)]
            # In the record the size comes before the stored size.
            stored, size, offset = narrow
            fields = [size, stored, offset]
            for n, value in enumerate(fields):
                if value == 0xFFFFFFFF and wide:
                    fields[n] = wide.pop(0)
            return [fields[1], fields[0], fields[2]]
        at += 4 + length
    return list(narrow)


def _shown(name: str) -> str:
    return shortened(name, 120) or "(no name)"

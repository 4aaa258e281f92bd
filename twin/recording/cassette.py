"""The file itself: magic, then frames of compressed entries, each with its length and checksum.

A frame is `length u32 | crc32 u32 | zlib(msgpack)`. The first frame is the header. A frame that was being written when
the power went is recognised by its length or checksum: what stands before it is whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec

from twin.domain.errors import DataTooPoor
from twin.recording.entries import Entry, Header

MAGIC = b"thermotwin cassette 1\n"
FORMAT = 1
MAX_FRAME_BYTES = 64 * 1024 * 1024
_FRAME = struct.Struct("<II")
_FRAME_BYTES = 512 * 1024  # about as much is gathered before it is packed
_T = TypeVar("_T")


class CassetteWriter:
    """Appends entries; whole frames only, so that a reader never meets half an entry."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._file: BinaryIO = path.open("wb")
        self._file.write(MAGIC)
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._write_frame(self._encoder.encode(header))
        self._file.flush()

    def append(self, entry: Entry) -> None:
        """Queue one entry; a full frame is written at once."""
        self._pending.append(self._encoder.encode(entry))
        self._pending_bytes += len(self._pending[-1])
        if self._pending_bytes >= _FRAME_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is queued as one frame."""
        if self._pending:
            self._write_frame(self._encoder.encode([msgspec.Raw(entry) for entry in self._pending]))
            self._pending.clear()
            self._pending_bytes = 0
        self._file.flush()

    def close(self) -> None:
        """Write the rest and close. Harmless when repeated."""
        if not self._file.closed:
            self.flush()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_frame(self, body: bytes) -> None:
        packed = zlib.compress(body, 1)
        self._file.write(_FRAME.pack(len(packed), zlib.crc32(packed)) + packed)


class CassetteReader:
    """Reads a cassette from the start; `torn` tells after reading whether the end was cut off."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise DataTooPoor(
                f"cannot open the cassette: {error.strerror}",
                where=str(path),
                fix="name a file made by twin record or --record",
            ) from error
        if self._file.read(len(MAGIC)) != MAGIC:
            self._file.close()
            raise DataTooPoor(
                "this is not a cassette", where=str(path), fix="name a file made by twin record or --record"
            )
        first = self._frame()
        if first is None:
            raise DataTooPoor("the cassette ends before its header", where=str(path), fix="record again")
        self.header = self._decoded(first, msgspec.msgpack.Decoder(Header))
        if self.header.format != FORMAT:
            raise DataTooPoor(
                f"cassette format {self.header.format} is not known to this version",
                where=str(path),
                fix=f"replay it with thermotwin {self.header.version}",
            )

    @property
    def done_frac(self) -> float:
        """How much of the file was read."""
        return 1.0 if self._file.closed else self._file.tell() / max(self.path.stat().st_size, 1)

    def entries(self) -> Iterator[Entry]:
        """Every whole entry, in the order it happened."""
        decoder = msgspec.msgpack.Decoder(list[Entry])
        with self._file:
            while (frame := self._frame()) is not None:
                yield from self._decoded(frame, decoder)

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._file.close()

    def _frame(self) -> bytes | None:
        head = self._file.read(_FRAME.size)
        if len(head) < _FRAME.size:
            self.torn = bool(head)
            return None
        length, checksum = _FRAME.unpack(head)
        packed = self._file.read(min(length, MAX_FRAME_BYTES))
        if len(packed) != length or zlib.crc32(packed) != checksum:
            self.torn = True
            return None
        inflater = zlib.decompressobj()
        body = inflater.decompress(packed, MAX_FRAME_BYTES)
        if inflater.unconsumed_tail:
            raise DataTooPoor(
                f"a frame unpacks to more than {MAX_FRAME_BYTES} bytes",
                where=str(self.path),
                fix="do not trust this file",
            )
        return body

    def _decoded(self, body: bytes, decoder: msgspec.msgpack.Decoder[_T]) -> _T:
        try:
            return decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise DataTooPoor(
                f"the cassette holds something else than entries: {error}", where=str(self.path), fix="record again"
            ) from error

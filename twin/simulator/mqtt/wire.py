"""The primitives of the MQTT wire: integers, variable-length integers, text, binary data."""

from __future__ import annotations

from twin.simulator.mqtt.reasons import malformed

MAX_VARINT = 268_435_455  # four bytes of seven bits


def varint_bytes(value: int) -> bytes:
    """A variable byte integer, 0..268,435,455 (MQTT 5.0, section 1.5.5)."""
    if value < 0x80:
        return bytes((value,))
    if value > MAX_VARINT:
        raise malformed(f"{value} does not fit a variable byte integer")
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        if not value:
            out.append(low)
            return bytes(out)
        out.append(low | 0x80)


def text_bytes(text: str) -> bytes:
    """UTF-8 text with its two-byte length."""
    return blob_bytes(text.encode())


def blob_bytes(blob: bytes) -> bytes:
    """Binary data with its two-byte length."""
    if len(blob) > 0xFFFF:
        raise malformed(f"{len(blob)} bytes do not fit a two-byte length")
    return len(blob).to_bytes(2) + blob


def read_text(blob: bytes) -> str:
    """Text of the wire. Raises: ProtocolViolation: not UTF-8, a surrogate, or U+0000 inside."""
    try:
        text = blob.decode()
    except UnicodeDecodeError as error:
        raise malformed("text is not UTF-8") from error
    if "\0" in text:
        raise malformed("text holds U+0000")
    return text


class Cursor:
    """Reads one packet's body from the left; every overrun is a malformed packet, never an IndexError."""

    __slots__ = ("data", "pos", "stop")

    def __init__(self, data: bytes, pos: int = 0, stop: int | None = None) -> None:
        self.data = data
        self.pos = pos
        self.stop = len(data) if stop is None else stop

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return self.stop - self.pos

    def take(self, count: int) -> bytes:
        start, self.pos = self.pos, self.pos + count
        if self.pos > self.stop:
            raise malformed("the packet ends inside a field")
        return self.data[start : self.pos]

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2))

    def u32(self) -> int:
        return int.from_bytes(self.take(4))

    def varint(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise malformed("a variable byte integer is longer than four bytes")

    def blob(self) -> bytes:
        return self.take(self.u16())

    def text(self) -> str:
        return read_text(self.blob())

    def finish(self) -> None:
        """Raises: ProtocolViolation: bytes are left over."""
        if self.left:
            raise malformed(f"{self.left} bytes too many")

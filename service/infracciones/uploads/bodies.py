"""The bytes of an upload: read in pieces, unpacked in pieces, and never all there at once."""

import hashlib
import time
import zlib
from collections.abc import Iterator
from typing import Protocol

PIECE = 256 * 1024  # bytes that are read, and unpacked, at a time
MOST_MEMBERS = 10_000  # of a gzip file; a program that appends to one makes a member each time
SECONDS = (
    60.0  # that a file may take from its first byte to its last: it is whole on the disk before anybody reads it here
)


class BodyError(ValueError):
    """The body does not end as it should; the message says what to do."""


class TooLarge(ValueError):
    """The body holds more than an upload may."""


class TooSlow(TimeoutError):
    """The body took longer than it may: the file is made to be slow, or the host is busy."""


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes: ...


class Body:
    """An upload's body, of `announced` bytes; unpacked it has at most `most` bytes.

    `size` and `sha256` are of the bytes as they came, once all were read.
    """

    def __init__(self, stream: Stream, *, announced: int, packed: bool, most: int) -> None:
        self._stream, self._announced, self._packed, self._most = stream, announced, packed, most
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def pieces(self) -> Iterator[bytes]:
        """The content, in pieces of at least PIECE bytes but for the last: what comes in crumbs is not looked at crumb by crumb.

        Raises:
            BodyError: it was cut off, or is no whole gzip file.
            TooLarge: it holds more than it may.
            TooSlow: it takes longer than it may.
        """
        given, kept, deadline = 0, bytearray(), time.monotonic() + SECONDS
        for piece in self._unpacked() if self._packed else self._read():
            given += len(piece)
            if given > self._most:
                raise TooLarge
            if time.monotonic() > deadline:
                raise TooSlow
            kept += piece
            if len(kept) >= PIECE:
                yield bytes(kept)
                kept.clear()
        if kept:
            yield bytes(kept)

    def _read(self) -> Iterator[bytes]:
        while self.size < self._announced:
            piece = self._stream.read(min(PIECE, self._announced - self.size))
            if not piece:
                raise BodyError("El archivo llegó incompleto: envíelo otra vez.")
            self.size += len(piece)
            self._digest.update(piece)
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        """What gzip packed; a file may have several members, one after the other (RFC 1952)."""
        member, members, begun = zlib.decompressobj(wbits=31), 1, False
        try:
            for piece in self._read():
                left, content = piece, b""
                # A few bytes may unpack to very many: no more than a piece of them at a time.
                while left or len(content) == PIECE:
                    if member.eof:
                        left = left.lstrip(b"\0")  # what fills a block after the last member, as gzip itself allows
                        if not left:
                            break
                        members += 1
                        if members > MOST_MEMBERS:
                            raise TooLarge
                        member = zlib.decompressobj(wbits=31)
                    content, begun = member.decompress(left, PIECE), True
                    left = member.unused_data if member.eof else member.unconsumed_tail
                    if content:
                        yield content
                    if member.eof and not left:
                        break
        except zlib.error:
            raise BodyError("El archivo gzip está dañado: envíelo otra vez.") from None
        if begun and not member.eof:
            raise BodyError("El archivo gzip está cortado: envíelo otra vez.")

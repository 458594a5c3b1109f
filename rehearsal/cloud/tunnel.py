"""Leads AWS's own host names to the front where no resolver can: clients take it for a proxy of HTTPS."""

from __future__ import annotations

import asyncio
import contextlib
import re

_NAME = re.compile(rb"^CONNECT (?:[a-z0-9-]+\.)*amazonaws\.com:443 HTTP/1\.[01]\r\n", re.IGNORECASE)


class Tunnel:
    """Joins whoever asks for a name under amazonaws.com with a port of the front's address, and refuses all other names."""

    def __init__(self, front: int, *, address: str = "127.0.0.1") -> None:
        self._front, self._address = front, address
        self._open: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None] | None] = set()

    async def start(self) -> int:
        """Listens on a free port of the loopback; returns the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Takes no more, and lets go of all that are joined."""
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._served), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self._served.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            asked = await reader.readuntil(b"\r\n\r\n")
            if not _NAME.match(asked):
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                behind, onward = await asyncio.open_connection(self._address, self._front)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._open.add(onward)
                await asyncio.gather(_pass(reader, onward), _pass(behind, writer))
                self._open.discard(onward)
        writer.close()
        self._open.discard(writer)
        self._served.discard(asyncio.current_task())


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await source.read(65536):
            target.write(part)
            await target.drain()
    with contextlib.suppress(OSError):
        target.close()

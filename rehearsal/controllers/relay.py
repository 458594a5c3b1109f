"""Passes connections on, from an address of a node's own to one of the rehearsal's: python -m rehearsal.controllers.relay FROM TO.

Both are host:port. It is what a node has of an agent whose work is done elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def serve(source: str, target: str) -> None:
    host, _, port = target.rpartition(":")

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            out = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, out[1]), _copy(out[0], writer))

    own, _, number = source.rpartition(":")
    server = await asyncio.start_server(passed, own, int(number))
    async with server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))

"""The tunnel leads AWS's names to the front, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from rehearsal.cloud.tunnel import Tunnel


async def _ask(first_line: str) -> bytes:
    """What a client gets that asks for a name and then says «hello» to it; the front repeats what it hears."""

    async def front(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(front, "127.0.0.1", 0)
    port = await Tunnel(server.sockets[0].getsockname()[1]).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{first_line}\r\nHost: any\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"hello")
    answer += await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("host", ["ssm.us-east-1.amazonaws.com", "a.b.s3.us-east-1.amazonaws.com", "S3.AMAZONAWS.COM"])
def test_a_name_of_aws_leads_to_the_front(host: str) -> None:
    answer = asyncio.run(_ask(f"CONNECT {host}:443 HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"hello")


@pytest.mark.parametrize(
    "line",
    [
        "CONNECT example.org:443 HTTP/1.1",
        "CONNECT amazonaws.com.example.org:443 HTTP/1.1",
        "CONNECT notamazonaws.com:443 HTTP/1.1",
        "CONNECT ssm.us-east-1.amazonaws.com:80 HTTP/1.1",
        "GET http://ssm.us-east-1.amazonaws.com/ HTTP/1.1",
    ],
)
def test_every_other_name_is_refused(line: str) -> None:
    answer = asyncio.run(_ask(line))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"hello" not in answer


def test_a_tunnel_that_is_stopped_lets_go_of_who_is_joined() -> None:
    async def joined() -> bytes:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        tunnel = Tunnel(server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", await tunnel.start())
        writer.write(b"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait_for(tunnel.stop(), 5)
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(reader.read(), 5)
        return b""

    assert asyncio.run(joined()) == b""

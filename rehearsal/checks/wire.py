"""Requests byte by byte: what no well-behaved client sends."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

from rehearsal.checks import Subject

# Ports that something might listen on: all the well-known ones, and those of databases, caches, containers and agents.
TRIED = sorted(
    {
        *range(1, 1025),
        3306,
        5353,
        5432,
        6379,
        8000,
        8080,
        8404,
        *range(8101, 8117),
        *range(8201, 8217),
        9090,
        9100,
        10250,
        27017,
    }
)


def connected(subject: Subject) -> ssl.SSLSocket:
    """A connection to the host; whose certificate it has is another check's, so no authorities are read for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection((subject.address, 443), timeout=30)
    return context.wrap_socket(plain, server_hostname=subject.domain)


def head(subject: Subject, path: str, token: str | None, size: int) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {subject.domain}",
        "Content-Type: application/x-ndjson" if "infracciones" in path else "Content-Type: application/json",
        f"Content-Length: {size}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answers(address: str, port: int) -> bool:
    """Whether somebody takes a connection there."""
    try:
        socket.create_connection((address, port), timeout=1.5).close()
    except OSError:
        return False
    return True


def answering(address: str) -> set[int]:
    """The ports of TRIED at which somebody takes a connection."""
    with ThreadPoolExecutor(600) as pool:
        found = pool.map(lambda port: answers(address, port), TRIED)
        return {port for port, open in zip(TRIED, found, strict=True) if open}

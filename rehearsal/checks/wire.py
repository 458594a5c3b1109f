"""Requests byte by byte: what no well-behaved client sends."""

from __future__ import annotations

import socket
import ssl

from rehearsal.checks import Subject


def connected(subject: Subject) -> ssl.SSLSocket:
    """A connection to the host; whose certificate it has is another check's."""
    context = ssl.create_default_context()
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

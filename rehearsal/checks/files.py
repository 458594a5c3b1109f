"""Files as devices upload them: rows of NDJSON, packed with gzip; and what an answer to one must say."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from rehearsal.checks import CheckError
from rehearsal.checks.answers import answered
from rehearsal.checks.people import People

_HEADERS = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}


def packed(rows: Iterable[bytes]) -> bytes:
    return gzip.compress(b"\n".join(rows) + b"\n")


def posted(people: People, officer: int, content: bytes, *, slash: bool = False) -> httpx.Response:
    """The answer to a file, whatever it is; with a slash at the address's end, which is the same address."""
    with people.client(timeout=120) as client:
        return client.post(
            f"/cargar_infracciones{'/' * slash}", content=content, headers=people.bearer(officer) | _HEADERS
        )


def sent(people: People, officer: int, content: bytes) -> dict[str, Any]:
    """What an answer to a file that is taken says."""
    found: dict[str, Any] = answered(posted(people, officer, content), 200).json()
    return found


def cut_off(people: People, officer: int, content: bytes) -> None:
    """Sends half of what was announced, and goes away.

    Raises:
        CheckError: that was answered.
    """

    def half() -> Iterator[bytes]:
        yield content[: len(content) // 2]
        raise ConnectionAbortedError

    headers = people.bearer(officer) | _HEADERS | {"Content-Length": str(len(content))}
    with people.client() as client:
        try:
            answer = client.post("/cargar_infracciones", content=half(), headers=headers)
        except (ConnectionAbortedError, httpx.HTTPError):
            return
    raise CheckError(f"half a file was answered {answer.status_code}")


def must_add_up(answer: dict[str, Any], **expected: int) -> None:
    """Raises when the counts of an answer do not fit each other, or what must be: new, repeated, refused."""
    names = {"new": "nuevas", "repeated": "repetidas", "refused": "rechazadas"}
    counts = {name: answer[names[name]] for name in names}
    if sum(counts.values()) != answer["recibidas"] or len(answer["detalle"]) != counts["refused"]:
        raise CheckError(f"{counts} do not add up to {answer['recibidas']}, of which {len(answer['detalle'])} are told")
    if wrong := {name: counts[name] for name in expected if counts[name] != expected[name]}:
        raise CheckError(f"the answer says {wrong}, it should be {expected}")

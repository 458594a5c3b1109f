"""Clients that hold on to a connection and hardly send: nobody else waits for them."""

from __future__ import annotations

import json
import ssl
import time
import uuid

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.people import People
from rehearsal.checks.wire import connected, head

_SECONDS = 5
_UPLOADS = 4  # that an officer may have on the way at a time


@check("single", beside=True)
def two_hundred_connections_that_send_a_byte_a_second_harm_nobody(subject: Subject) -> str:
    people = People.make(subject, officers=3, owners=2)  # of whom two are slow
    slow: list[ssl.SSLSocket] = []
    sent = time.monotonic()
    try:
        for number in range(200):
            path = "/cargar_infracciones" if number < 2 * _UPLOADS else "/cargar_infraccion"
            connection = connected(subject)
            slow.append(connection)
            connection.sendall(head(subject, path, people.tokens[number % 2], 1000))
            if time.monotonic() - sent > 1:  # the first ones do not wait until the last one is there
                sent = _send(slow)
        times = []
        with people.client() as client:
            for second in range(_SECONDS):
                _send(slow)
                for _ in range(10):
                    began = time.monotonic()
                    fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "x"}
                    try:
                        answer = client.post("/cargar_infraccion", json=fine, headers=people.bearer(second % 2))
                    except httpx.HTTPError as error:
                        raise CheckError(f"beside them a fine got no answer: {type(error).__name__}") from error
                    times.append(time.monotonic() - began)
                    if answer.status_code != 200:
                        raise CheckError(f"beside them a fine was answered {answer.status_code}: {answer.text[:120]}")
                time.sleep(1)
            uploads = [_upload(client, people, officer) for officer in range(3)]
    finally:
        for connection in slow:
            connection.close()
    # The service may have taken as many of others' as it takes at a time: that passes, and is not for the slow ones' sake.
    if uploads[:2] != [429, 429] or uploads[2] not in {200, 503}:
        raise CheckError(f"beside them the uploads of two officers who are sending and of one who is not: {uploads}")
    times.sort()
    if times[-1] > _SECONDS:  # whoever waits behind one of them waits until it ends
        raise CheckError(f"beside them a fine took {times[-1]:.1f} s")
    return f"{len(times)} fines beside them: median {times[len(times) // 2] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms"


def _upload(client: httpx.Client, people: People, officer: int) -> int:
    """The status of an upload of one row."""
    row = {
        "id": str(uuid.uuid4()),
        "placa_patente": people.plates[0],
        "timestamp": round(time.time(), 3),
        "comentarios": "x",
    }
    headers = people.bearer(officer) | {"Content-Type": "application/x-ndjson"}
    try:
        return client.post("/cargar_infracciones", content=json.dumps(row), headers=headers).status_code
    except httpx.HTTPError as error:
        raise CheckError(f"beside them an upload got no answer: {type(error).__name__}") from error


def _send(slow: list[ssl.SSLSocket]) -> float:
    """Sends a byte on each of the connections; returns when, as time.monotonic() has it."""
    for number, connection in enumerate(slow):
        try:
            connection.sendall(b" ")
        except OSError as error:
            raise CheckError(f"beside them number {number} of {len(slow)} slow ones was cut off: {error}") from error
    return time.monotonic()

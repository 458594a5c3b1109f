"""Clients that hold on to a connection and hardly send: nobody else waits for them."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
import uuid

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.people import People
from rehearsal.checks.wire import connected, head

_SECONDS = 5
_MEDIAN = 0.5  # seconds that a fine may take in the median beside them; alone it takes a few thousandths
_UPLOADS = 4  # that an officer may have on the way at a time
_SLOW = 6  # officers of one station who send as many files as they may, as slowly as they can
_STRANGERS = 40  # connections of somebody with tokens that nobody issued
_AGAIN = 5  # times that an upload is sent again whose turn has not come


@check("single", beside=True)
def two_hundred_connections_that_send_a_byte_a_second_harm_nobody(subject: Subject) -> str:
    people = People.make(subject, officers=_SLOW + 1, owners=2)
    slow: list[ssl.SSLSocket] = []
    strangers: list[ssl.SSLSocket] = []
    sent = time.monotonic()
    try:
        for number in range(200):
            connection = connected(subject)
            if number < _STRANGERS:
                strangers.append(connection)
                connection.sendall(head(subject, "/cargar_infracciones", uuid.uuid4().hex + "x" * 11, 1000))
            else:
                uploads = number < _STRANGERS + _SLOW * _UPLOADS
                path = "/cargar_infracciones" if uploads else "/cargar_infraccion"
                slow.append(connection)
                connection.sendall(head(subject, path, people.tokens[number % _SLOW], 1000))
            if time.monotonic() - sent > 1:  # the first ones do not wait until the last one is there
                sent = _send(slow, strangers)
        times = []
        with people.client() as client:
            for second in range(_SECONDS):
                _send(slow, strangers)
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
            _send(slow, strangers)
            sent_files = [_upload(client, people, officer) for officer in (0, 1, _SLOW)]
    finally:
        for connection in (*slow, *strangers):
            connection.close()
    if sent_files != [429, 429, 200]:
        raise CheckError(f"beside them the uploads of two officers who are sending and of one who is not: {sent_files}")
    times.sort()
    if times[-1] > _SECONDS or times[len(times) // 2] > _MEDIAN:  # whoever waits behind one of them waits until it ends
        raise CheckError(
            f"beside them a fine took {times[len(times) // 2]:.2f} s in the median, {times[-1]:.1f} s at most"
        )
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
    for _ in range(_AGAIN):
        try:
            answer = client.post("/cargar_infracciones", content=json.dumps(row), headers=headers)
        except httpx.HTTPError as error:
            raise CheckError(f"beside them an upload got no answer: {type(error).__name__}") from error
        if answer.status_code != 503:  # the service has as many of others' as it takes at a time: that passes
            break
        time.sleep(1)
    return answer.status_code


def _send(slow: list[ssl.SSLSocket], strangers: list[ssl.SSLSocket]) -> float:
    """Sends a byte on each of the connections; returns when, as time.monotonic() has it. Strangers may be cut off."""
    for connection in strangers:
        with contextlib.suppress(OSError):
            connection.sendall(b" ")
    for number, connection in enumerate(slow):
        try:
            connection.sendall(b" ")
        except OSError as error:
            raise CheckError(f"beside them number {number} of {len(slow)} slow ones was cut off: {error}") from error
    return time.monotonic()

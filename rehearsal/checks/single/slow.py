"""Clients that hold on to a connection and hardly send: nobody else waits for them."""

from __future__ import annotations

import ssl
import time

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.people import People
from rehearsal.checks.wire import connected, head

_SECONDS = 5


@check("single", beside=True)
def two_hundred_connections_that_send_a_byte_a_second_harm_nobody(subject: Subject) -> str:
    people = People.make(subject, officers=2, owners=2)
    slow: list[ssl.SSLSocket] = []
    try:
        for number in range(200):
            path = "/cargar_infracciones" if number % 25 == 0 else "/cargar_infraccion"
            connection = connected(subject)
            slow.append(connection)
            connection.sendall(head(subject, path, people.tokens[number % 2], 1000))
        times = []
        with people.client() as client:
            for second in range(_SECONDS):
                try:
                    for connection in slow:
                        connection.sendall(b" ")
                except OSError as error:
                    raise CheckError(f"beside them one was cut off after {second} s: {error}") from error
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
    finally:
        for connection in slow:
            connection.close()
    times.sort()
    if times[-1] > _SECONDS:  # whoever waits behind one of them waits until it ends
        raise CheckError(f"beside them a fine took {times[-1]:.1f} s")
    return f"{len(times)} fines beside them: median {times[len(times) // 2] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms"

"""Fines without a key, each held up in the database for a while: whoever stops a container too soon breaks one."""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import httpx

from rehearsal.checks import Subject
from rehearsal.checks.people import People
from rehearsal.machines.inside import CommandError

_HELD = 1.5  # seconds: about what a container has to wait for a request that it began
_AT_ONCE = 4  # requests that are held up together, so that each container has one
_LOCK = "BEGIN; LOCK TABLE infracciones_infraccion IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep({seconds})"


class InFlight:
    """Posts such fines for the length of a block; `answers` are their statuses, or what went wrong."""

    def __init__(self, subject: Subject, people: People) -> None:
        self.answers: list[str] = []
        self._subject, self._people = subject, people
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="in flight")

    def __enter__(self) -> InFlight:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def broken(self) -> list[str]:
        return [answer for answer in self.answers if answer != "200"]

    def _go_on(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE + 1) as pool, self._people.client(timeout=40) as client:
            while not self._over.is_set():
                held = pool.submit(self._hold)
                time.sleep(0.3)
                posts = [pool.submit(self._post, client, officer) for officer in range(_AT_ONCE)]
                self.answers += [post.result() for post in posts]
                held.result()

    def _hold(self) -> None:
        statement = _LOCK.format(seconds=_HELD)
        words = ("runuser", "-u", "postgres", "--", "psql", "-qtAX", "fines", "-c", statement)
        try:
            self._subject.host.run(*words)
        except (CommandError, OSError, subprocess.SubprocessError) as error:
            self.answers.append(f"nothing could be held up: {error}")

    def _post(self, client: httpx.Client, officer: int) -> str:
        plate = self._people.plates[officer % len(self._people.plates)]
        fine = {"placa_patente": plate, "timestamp": round(time.time(), 3), "comentarios": "sin clave"}
        try:
            answer = client.post("/cargar_infraccion", json=fine, headers=self._people.bearer(officer))
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(answer.status_code)

"""Officers who post fines at the same time, and their own ledger of what was acknowledged to them."""

from __future__ import annotations

import itertools
import math
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypedDict

import httpx

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.people import People
from rehearsal.checks.reports import Entry, reported

MOST = 20_000  # fines of one load, whatever its length


class Fine(TypedDict):
    """What an officer posts; the moment in seconds since 1970."""

    placa_patente: str
    timestamp: float
    comentarios: str


@dataclass
class Ledger:
    """What was acknowledged, by key; and what was not: a sentence and the time it was seen."""

    acknowledged: dict[str, Entry] = field(default_factory=dict)
    untrue: list[str] = field(default_factory=list)  # acknowledgements of another fine than was posted
    moments: list[float] = field(default_factory=list)
    took: list[tuple[float, float]] = field(default_factory=list)  # when each acknowledgement came, and after how long
    refused: list[tuple[float, str]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)  # never acknowledged, however often they were sent
    # requests that met the server's close of a connection kept idle; docs/decisions/idle-connections.md
    closed_idle: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def longest_silence(self) -> float:
        """The longest time, in seconds, between two acknowledgements."""
        moments = sorted(self.moments)
        return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)

    def ninety_ninth(self, *, since: float = 0.0, until: float = math.inf) -> float:
        """What 99 of 100 acknowledgements between two moments took at most, in seconds.

        Raises:
            CheckError: there are fewer than a hundred.
        """
        took = sorted(seconds for moment, seconds in self.took if since <= moment < until)
        if len(took) < 100:
            raise CheckError(f"{len(took)} acknowledgements say nothing of the slowest in a hundred")
        return took[math.ceil(0.99 * len(took)) - 1]


class Load:
    """Officers posting in threads for the length of a block; each repeats what was not answered with the same key."""

    def __init__(
        self, people: People, *, officers: int, fines: int = MOST, pause: float = 0.0, patience: float = 10.0
    ) -> None:
        self.ledger = Ledger()
        self._people, self._officers, self._pause, self._patience = people, officers, pause, patience
        self._left, self._stop = min(fines, MOST), threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(n,), name=f"officer {n}") for n in range(officers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or self._left == MOST:
            self._stop.set()
        self.join()

    def stop(self) -> None:
        """Lets the officers end the fine that each has in hand, and no more."""
        self._stop.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def await_acknowledged(self, count: int, *, seconds: float) -> None:
        """Waits until so many fines more were acknowledged than now."""
        goal, deadline = len(self.ledger.acknowledged) + count, time.monotonic() + seconds
        while len(self.ledger.acknowledged) < goal:
            if time.monotonic() > deadline:
                raise CheckError(
                    f"{count} more fines were not acknowledged within {seconds:.0f} s; the last refusal: {self.ledger.refused[-1:]}"
                )
            time.sleep(0.05)

    def _post(self, officer: int) -> None:
        client = self._people.client(timeout=self._patience)
        number, kept = 0, False  # kept: the connection has answered before and was idle since
        while not self._stop.is_set():
            with self.ledger.lock:
                if self._left == 0:
                    break
                self._left -= 1
            key = uuid.uuid4().hex
            plate = self._people.plates[(officer + number) % len(self._people.plates)]
            fine: Fine = {"placa_patente": plate, "timestamp": round(time.time(), 3), "comentarios": f"carga {key}"}
            number += 1
            while True:
                sent = time.monotonic()
                try:
                    answer = client.post(
                        "/cargar_infraccion", json=fine, headers=self._people.bearer(officer) | {"Idempotency-Key": key}
                    )
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                    if kept:
                        with self.ledger.lock:
                            self.ledger.closed_idle += 1
                        kept = False
                        continue  # at once, under the same key, on a connection of its own
                    self.ledger.refused.append((time.monotonic(), f"{type(error).__name__} on a new connection"))
                except httpx.HTTPError as error:
                    kept = False
                    self.ledger.refused.append(
                        (time.monotonic(), f"{type(error).__name__} after {time.monotonic() - sent:.1f} s")
                    )
                else:
                    kept = True
                    if answer.status_code == 200:
                        with self.ledger.lock:
                            self._note(key, fine, officer, answer.json()["infraccion"])
                            self.ledger.moments.append(now := time.monotonic())
                            self.ledger.took.append((now, now - sent))
                        break
                    self.ledger.refused.append((time.monotonic(), f"{answer.status_code} {answer.text[:120]}"))
                    if 400 <= answer.status_code < 500 and answer.status_code != 429:
                        self.ledger.given_up.append(f"{key}: {self.ledger.refused[-1][1]}")
                        break  # it would be refused again
                if self._stop.is_set():
                    self.ledger.given_up.append(f"{key}: the load ended before it was acknowledged")
                    break
                time.sleep(0.2)
            time.sleep(self._pause)
        client.close()

    def _note(self, key: str, fine: Fine, officer: int, told: Mapping[str, Any]) -> None:
        """Keeps an acknowledged fine as it was posted, under the id that it was given."""
        plate, number = fine["placa_patente"], self._people.number_of(officer)
        owner = self._people.owner_of(plate)
        posted = Entry(owner, told["id"], plate, fine["timestamp"], fine["comentarios"], number)
        if Entry.read(owner, told) != posted:
            self.ledger.untrue.append(f"{posted} was answered with {dict(told)}")
        self.ledger.acknowledged[key] = posted


def missing_or_doubled(ledger: Ledger, people: People, *, patience: float = 0.0) -> list[str]:
    """A sentence for each acknowledged fine that is not exactly once in its owner's report, as it was posted, and in no other."""
    found: dict[str, list[Entry]] = {}
    for entry in reported(people, patience=patience):
        found.setdefault(entry.comment, []).append(entry)
    wrong = []
    for key, fine in ledger.acknowledged.items():
        there = found.get(fine.comment, [])
        if there != [fine]:
            others = "; ".join(map(str, there)) or "nowhere"
            wrong.append(f"fine {fine.id} (key {key}) is {there.count(fine)} times in the report: {fine} is {others}")
    return wrong


def must_all_be_acknowledged(ledger: Ledger) -> None:
    """Raises when a fine failed for good: to repeat it under its key did not help."""
    if ledger.given_up:
        raise CheckError(f"{len(ledger.given_up)} fines failed although they were repeated: {ledger.given_up[0]}")


def none_failed(ledger: Ledger, *, closed: int = 0) -> None:
    """Raises when a request failed, or when more than `closed` met the close of an idle connection.

    A load balancer closes none in a minute; a host's own NGINX one an officer where it reloads (docs/decisions/idle-connections.md).
    """
    if ledger.refused:
        raise CheckError(f"{len(ledger.refused)} requests failed, the first: {ledger.refused[0][1]}")
    if ledger.closed_idle > closed:
        raise CheckError(
            f"{ledger.closed_idle} requests met the close of an idle connection: {closed} at most are expected"
        )


def must_be_there_once(ledger: Ledger, people: People, subject: Subject, *, patience: float = 0.0) -> None:
    """Raises when an acknowledged fine is lost, doubled, or another than was posted; `patience` is that of `reported`."""
    if ledger.untrue:
        raise CheckError(f"{len(ledger.untrue)} fines were acknowledged as others: {ledger.untrue[0]}")
    if wrong := missing_or_doubled(ledger, people, patience=patience):
        raise CheckError(
            f"{len(wrong)} of {len(ledger.acknowledged)} acknowledged fines are not there exactly once: {wrong[0]}"
        )

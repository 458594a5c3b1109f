"""What reports say: each fine of each owner, read page by page as the office reads them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from rehearsal.checks import CheckError
from rehearsal.checks.people import People


@dataclass(frozen=True)
class Entry:
    """A fine as the contract has it, in somebody's report; `at` in seconds since 1970, to the millisecond."""

    owner: str
    id: int
    plate: str
    at: float
    comment: str
    officer: str

    @classmethod
    def read(cls, owner: str, fine: Mapping[str, Any]) -> Entry:
        at = round(datetime.fromisoformat(fine["timestamp"]).timestamp(), 3)
        return cls(owner, fine["id"], fine["placa_patente"], at, fine["comentarios"], fine["oficial"])


def reported(people: People, *, patience: float = 0.0) -> Iterator[Entry]:
    """All that is in the owners' reports, as often as it is there.

    For so many seconds who is told to come again does: some containers still miss their database when others have it again.
    """
    with people.client() as client:
        for owner in people.owners:
            after = None
            while True:
                parameters = {"correo": owner, "limite": "500"} | ({"desde": after} if after else {})
                answer = _asked(client, people, parameters, patience)
                if answer.status_code != 200:
                    raise CheckError(
                        f"the report of {owner} was answered with {answer.status_code}: {answer.text[:200]}"
                    )
                page = answer.json()
                yield from (Entry.read(owner, fine) for fine in page["infracciones"])
                after = page["siguiente"]
                if after is None:
                    break


def _asked(client: httpx.Client, people: People, parameters: dict[str, str], patience: float) -> httpx.Response:
    deadline = time.monotonic() + patience
    while True:
        # with a token, as the office has one: the limit for strangers is another check's
        answer = client.get("/generar_informe", params=parameters, headers=people.reader)
        if answer.status_code != 503 or "Retry-After" not in answer.headers or time.monotonic() >= deadline:
            return answer
        time.sleep(1)


def marked(people: People, mark: str) -> Iterator[Entry]:
    """The fines in the reports whose comment begins with the mark.

    Raises:
        CheckError: such a fine is in another report than that of its vehicle's owner.
    """
    for entry in reported(people):
        if entry.comment.startswith(mark):
            if entry.owner != people.owner_of(entry.plate):
                raise CheckError(f"the fine {entry.id} of {entry.plate} is in the report of {entry.owner}")
            yield entry


def _told(entry: Entry) -> tuple[str, float, str, str]:
    """What of an entry its device knows: plate, moment, comment and the officer's number."""
    return entry.plate, entry.at, entry.comment, entry.officer


def written(row: bytes, officer: str) -> tuple[str, float, str, str]:
    """The same of a row that a device wrote, with its time in seconds."""
    fine = json.loads(row)
    return fine["placa_patente"], fine["timestamp"], fine["comentarios"], officer


def must_be_as_written(people: People, mark: str, rows: Iterable[tuple[str, float, str, str]]) -> None:
    """Raises CheckError unless the reports have each of the rows once, as it was written, and no other with the mark."""
    found, wanted = Counter(map(_told, marked(people, mark))), Counter(rows)
    if missing := wanted - found:
        beside = next(iter(found - wanted), None)
        first = next(iter(missing))
        raise CheckError(
            f"{missing.total()} of {wanted.total()} rows are not in the reports as they were written: {first}"
            + (f"; there is {beside} instead" if beside else "")
        )
    if more := found - wanted:
        raise CheckError(
            f"{more.total()} rows are in the reports more than once, or were never written: {next(iter(more))}"
        )

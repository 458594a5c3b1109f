"""What reports say: each fine of each owner, read page by page as the office reads them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
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


def reported_of(people: People, mark: str) -> Counter[str]:
    """How often each comment that begins with the mark is in the reports.

    Raises:
        CheckError: such a fine is in another report than that of its vehicle's owner.
    """
    found: Counter[str] = Counter()
    for entry in reported(people):
        if entry.comment.startswith(mark):
            if entry.owner != people.owner_of(entry.plate):
                raise CheckError(f"the fine {entry.id} of {entry.plate} is in the report of {entry.owner}")
            found[entry.comment] += 1
    return found

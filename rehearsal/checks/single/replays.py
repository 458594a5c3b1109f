"""A fine that is sent again, and a report that is read page by page while others write."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.containers import answered_by
from rehearsal.checks.people import People

_TWINS, _TIMES = 12, 8
_FINES, _PAGE = 60, 25
_NAMES = ("correo", "email", "correo_electronico")  # by which a person's address is given


@check("single")
def twins_under_one_key_make_one_fine_and_another_fine_under_it_is_refused(subject: Subject) -> str:
    people = People.make(subject, officers=2, owners=1)
    for _ in range(_TIMES):  # the balance goes by chance: all may come to one, which shows nothing of two
        key, fine = {"Idempotency-Key": uuid.uuid4().hex}, _fine(people, "gemelas")
        answers = _twins(people, fine, key)
        made = {answer.json()["infraccion"]["id"] for answer in answers}
        if len(where := answered_by(subject, {answer.headers["X-Request-Id"] for answer in answers})) > 1:
            break
    else:
        raise CheckError(f"{_TIMES} times all of the {_TWINS} twins came to {where}: two containers were to decide")
    other = _posted(people, fine | {"comentarios": "otra"}, people.bearer(0) | key)
    if other.status_code != 409:
        raise CheckError(f"another fine under the key was answered {other.status_code}, not 409: {other.text[:120]}")
    theirs = _posted(people, fine, people.bearer(1) | key)
    if theirs.status_code != 200 or theirs.json()["infraccion"]["id"] in made:
        raise CheckError(
            f"another officer's fine under the same key was answered {theirs.status_code}: {theirs.text[:120]}"
        )
    return f"{_TWINS} twins at {len(where)} containers made fine {made.pop()}; another under its key: 409; another officer's: a fine of its own"


def _twins(people: People, fine: dict[str, Any], key: dict[str, str]) -> list[httpx.Response]:
    """The answers to one fine that was posted under one key many times at once.

    Raises:
        CheckError: not all were acknowledged, or not as one fine that was new once.
    """
    with ThreadPoolExecutor(_TWINS) as pool:
        answers = list(pool.map(lambda _: _posted(people, fine, people.bearer(0) | key), range(_TWINS)))
    made = {answer.json()["infraccion"]["id"] for answer in answers if answer.status_code == 200}
    first = [answer for answer in answers if "Idempotent-Replayed" not in answer.headers]
    if len(made) != 1 or len(first) != 1 or any(answer.status_code != 200 for answer in answers):
        statuses = sorted(answer.status_code for answer in answers)
        raise CheckError(
            f"{_TWINS} twins were answered {statuses}, made fines {sorted(made)}, {len(first)} of them as new"
        )
    return answers


@check("single")
def pages_of_a_report_neither_repeat_nor_hide_a_fine_while_others_arrive(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=7)
    mark, owner, pages = uuid.uuid4().hex, people.owners[6], 0
    plate = people.plates[6]
    seen: list[str] = []
    ids: list[int] = []
    with people.client() as client:
        for number in range(_FINES):
            fine = {"placa_patente": plate, "timestamp": 1_790_000_000 + number // 3, "comentarios": f"{mark} {number}"}
            answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0)), 200)
        after: str | None = ""
        while after is not None:
            words = {_NAMES[pages % len(_NAMES)]: owner, "limite": str(_PAGE)} | ({"desde": after} if after else {})
            page = answered(client.get("/generar_informe", params=words, headers=people.reader), 200).json()
            seen += [entry["comentarios"] for entry in page["infracciones"] if entry["comentarios"].startswith(mark)]
            ids += [entry["id"] for entry in page["infracciones"]]
            after, pages = page["siguiente"], pages + 1
            # newer than all that is to be read, and in the middle of it
            for moment in (round(time.time(), 3), 1_790_000_000 + _FINES // 6):
                late = {"placa_patente": plate, "timestamp": moment, "comentarios": "tarde"}
                answered(client.post("/cargar_infraccion", json=late, headers=people.bearer(0)), 200)
    expected = [f"{mark} {number}" for number in reversed(range(_FINES))]
    twice = len(ids) - len(set(ids))
    if seen != expected or twice:
        missing = set(expected) - set(seen)
        raise CheckError(
            f"of {_FINES} fines {len(missing)} are on no page, and {twice} are on two; {pages} pages were read"
        )
    return f"{_FINES} fines on {pages} pages, each once and newest first; {2 * pages} came meanwhile"


def _fine(people: People, comment: str) -> dict[str, Any]:
    return {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": comment}


def _posted(people: People, fine: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    """The answer on a connection of its own, which NGINX leads to either container."""
    with people.client() as client:
        return client.post("/cargar_infraccion", json=fine, headers=headers)

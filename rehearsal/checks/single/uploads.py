"""Files that devices upload: each row is taken once however the file comes, and a stranger's file is not even read."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.database import ask
from rehearsal.checks.load import reported
from rehearsal.checks.people import People
from rehearsal.checks.wire import connected, head

_ROWS = 3000
_TYPE = {"Content-Type": "application/x-ndjson"}
_SOON = 5.0  # seconds within which a refusal comes that waits for no body


@check("single")
def an_offline_upload_cut_off_repeated_and_sent_three_times_at_once_takes_each_row_once(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=5)
    mark = uuid.uuid4().hex
    rows = _rows(people, mark)
    content = _packed(rows)
    _cut_off(people, content)
    if found := _count(people, mark):
        raise CheckError(f"a file that was cut off half-way left {len(found)} fines")
    resumed = _sent(people, _packed(rows[: _ROWS // 3]))
    _adds_up(resumed, new=_ROWS // 3, repeated=0, refused=0)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: _sent(people, content), range(3)))
    for answer in answers:
        _adds_up(answer, refused=3)
    if (new := sum(answer["nuevas"] for answer in answers)) != _ROWS - _ROWS // 3:
        raise CheckError(f"three at once were told of {new} new fines, {_ROWS - _ROWS // 3} are")
    expected = {"la fila no se puede leer", "no hay un vehículo", "ese id ya pertenece"}
    said = {each["mensaje"].lower() for each in answers[0]["detalle"]}
    if missing := [reason for reason in expected if not any(reason in sentence for sentence in said)]:
        raise CheckError(f"nobody was told {missing}: {sorted(said)}")
    found = _count(people, mark)
    doubled = sum(times > 1 for times in found.values())
    if len(found) != _ROWS or doubled:
        raise CheckError(f"{len(found)} of {_ROWS} rows are in the reports, {doubled} of them more than once")
    made = f"(SELECT carga_id FROM infracciones_infraccion WHERE comentarios LIKE '{mark}%')"  # noqa: S608  the mark is ours
    recorded = ask(subject, f"SELECT count(*), sum(nuevas) FROM infracciones_carga WHERE id IN {made}")  # noqa: S608
    if recorded.split("|")[1] != str(_ROWS):
        raise CheckError(f"the records of the uploads (how many, new fines) say {recorded}, {_ROWS} were made")
    spread = " + ".join(str(answer["nuevas"]) for answer in answers)
    return f"{_ROWS} rows there once: {resumed['nuevas']} by a part, {spread} by three at once; 3 refused each time"


@check("single")
def a_file_of_a_stranger_or_of_a_gibibyte_is_refused_before_it_is_read(subject: Subject) -> str:
    people = People.make(subject, officers=1, owners=1)
    seen = []
    for name, token, size, status in (
        ("a stranger's", "nobody", 2**20, 401),
        ("no", None, 2**20, 401),
        ("an officer's, a GiB", people.tokens[0], 2**30, 413),
    ):
        began = time.monotonic()
        answer = _announced(subject, token, size)
        seconds = time.monotonic() - began
        if f" {status} " not in answer.partition("\r\n")[0] or '"mensaje"' not in answer:
            raise CheckError(f"{name} token: {answer[:200]!r}, {status} was due")
        if seconds > _SOON:
            raise CheckError(f"{name} token: the answer came after {seconds:.0f} s")
        seen.append(f"{name}: {status}")
    return "; ".join(seen) + "; not a byte of a body was sent"


def _rows(people: People, mark: str) -> list[bytes]:
    """Rows that can be taken, and at the end three that cannot: no JSON, an unknown plate, another fine's id."""
    now = time.time() - _ROWS
    fines: list[dict[str, Any]] = [
        {
            "id": str(uuid.uuid4()),
            "placa_patente": people.plates[number % len(people.plates)],
            "timestamp": round(now + number, 3),
            "comentarios": f"{mark} {number}",
        }
        for number in range(_ROWS)
    ]
    wrong = [
        b'{"id": ',
        json.dumps(fines[0] | {"id": str(uuid.uuid4()), "placa_patente": "NADIE0"}).encode(),
        json.dumps(fines[1] | {"comentarios": "otra"}).encode(),
    ]
    return [json.dumps(fine).encode() for fine in fines] + wrong


def _packed(rows: list[bytes]) -> bytes:
    return gzip.compress(b"\n".join(rows) + b"\n")


def _sent(people: People, content: bytes) -> dict[str, Any]:
    headers = people.bearer(0) | _TYPE | {"Content-Encoding": "gzip"}
    with people.client(timeout=120) as client:
        answer = answered(client.post("/cargar_infracciones", content=content, headers=headers), 200)
    found: dict[str, Any] = answer.json()
    return found


def _cut_off(people: People, content: bytes) -> None:
    """Sends half of what was announced, and goes away."""

    def half() -> Iterator[bytes]:
        yield content[: len(content) // 2]
        raise ConnectionAbortedError

    headers = people.bearer(0) | _TYPE | {"Content-Encoding": "gzip", "Content-Length": str(len(content))}
    with people.client() as client:
        try:
            answer = client.post("/cargar_infracciones", content=half(), headers=headers)
        except (ConnectionAbortedError, httpx.HTTPError):
            return
    raise CheckError(f"half a file was answered {answer.status_code}")


def _adds_up(answer: dict[str, Any], **expected: int) -> None:
    """The counts of an answer against each other, and against what must be."""
    names = {"new": "nuevas", "repeated": "repetidas", "refused": "rechazadas"}
    counts = {name: answer[names[name]] for name in names}
    if sum(counts.values()) != answer["recibidas"] or len(answer["detalle"]) != counts["refused"]:
        raise CheckError(f"{counts} do not add up to {answer['recibidas']}, of which {len(answer['detalle'])} are told")
    if wrong := {name: counts[name] for name in expected if counts[name] != expected[name]}:
        raise CheckError(f"the answer says {wrong}, it should be {expected}")


def _count(people: People, mark: str) -> Counter[str]:
    """How often each comment that begins with the mark is in the reports."""
    found: Counter[str] = Counter()
    for (_, comment), times in reported(people).items():
        if comment.startswith(mark):
            found[comment] += times
    return found


def _announced(subject: Subject, token: str | None, size: int) -> str:
    """The answer to a file of which the head alone was sent."""
    with connected(subject) as connection:
        connection.sendall(head(subject, "/cargar_infracciones", token, size))
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
            if b"}" in part:
                break
    return b"".join(parts).decode(errors="replace")

"""A token that is revoked opens nothing any more, and what was under way with it is not taken."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.database import ask
from rehearsal.checks.people import People, manage
from rehearsal.checks.reports import marked
from rehearsal.machines.inside import CommandError

_NDJSON = {"Content-Type": "application/x-ndjson"}
_HELD_SECONDS = 30  # at most: it is let go once the token is revoked
_LET_GO = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'held'"
_VEHICLE = """
INSERT INTO infracciones_vehiculo (placa_patente, marca, color, persona_id)
SELECT '{plate}', 'Prueba', 'gris', id FROM infracciones_persona WHERE correo = '{mail}'
"""
_HELD = f"""
BEGIN; SET LOCAL application_name = 'held'; SELECT FROM infracciones_vehiculo WHERE placa_patente = '{{plate}}' FOR UPDATE;
SELECT pg_sleep({_HELD_SECONDS})
"""
_HOLDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'held' AND wait_event = 'PgSleep'"
_WAITS = "SELECT count(*) FROM pg_locks w JOIN pg_stat_activity a ON a.application_name = 'held' AND a.pid = ANY (pg_blocking_pids(w.pid))"
_REVOCATIONS = """
SELECT count(*) FROM django_admin_log WHERE object_repr LIKE '{number}%' AND change_message LIKE '%Revocado%'
"""
_END = """
UPDATE infracciones_token SET {how} = now()
WHERE revocado IS NULL AND oficial_id = (SELECT id FROM infracciones_oficial WHERE numero = '{number}')
"""


@check("single", beside=True)
def a_revoked_token_opens_nothing_and_an_upload_in_whose_midst_it_is_revoked_is_not_taken(subject: Subject) -> str:
    people, mark, number = People.make(subject, officers=1, owners=1), uuid.uuid4().hex, f"R{uuid.uuid4().hex[:6]}"
    manage(subject, "crear_oficial", number, "Oficial de prueba")
    own = {"Authorization": f"Bearer {manage(subject, 'crear_token', number).split()[-1]}"}

    def rows() -> Iterator[bytes]:
        yield _row(people, mark)
        said.append(manage(subject, "revocar_token", number))
        yield _row(people, mark)

    said: list[str] = []
    with people.client() as client:
        answered(client.get("/token", headers=own), 200)
        size = str(2 * len(_row(people, mark)))
        kind = own | {"Content-Type": "application/x-ndjson", "Content-Length": size}
        upload = client.post("/cargar_infracciones", content=rows(), headers=kind)
        refused = _tried(client, people, mark, own)
    if upload.status_code != 401 or not said:
        raise CheckError(
            f"an upload whose token was revoked on its way was answered {upload.status_code}: {upload.text[:160]}"
        )
    if let := _let(refused):
        raise CheckError(f"a revoked token still opens {let}")
    if found := list(marked(people, mark)):
        raise CheckError(f"{len(found)} fines of a revoked token were taken")
    if (entries := ask(subject, _REVOCATIONS.format(number=number))) != "1":
        raise CheckError(f"the history has {entries} entries of one token that was revoked")
    _must_open_nothing_when_it_expired(subject, people, number, mark)
    _must_end_while_it_is_written(subject, people, number)
    return (
        f"refused with 401: the upload on its way, one that was being written, {', '.join(refused)}; so is all that an expired "
        "token asks for; the history has the revocation"
    )


def _tried(client: httpx.Client, people: People, mark: str, own: dict[str, str]) -> dict[str, httpx.Response]:
    """What each call with a token answers."""
    return {
        "its own question": client.get("/token", headers=own),
        "a fine": client.post("/cargar_infraccion", json=_fine(people, mark), headers=own),
        "an upload": client.post("/cargar_infracciones", content=_row(people, mark), headers=own | _NDJSON),
        "a report": client.get("/generar_informe", params={"correo": people.owners[0]}, headers=own),
        "a photo": client.get("/infracciones/1/evidencia", headers=own),
    }


def _let(answers: dict[str, httpx.Response]) -> str:
    """What was not refused, and how it was answered."""
    return ", ".join(f"{what} ({each.status_code})" for what, each in answers.items() if each.status_code != 401)


def _must_open_nothing_when_it_expired(subject: Subject, people: People, number: str, mark: str) -> None:
    own = {"Authorization": f"Bearer {manage(subject, 'crear_token', number).split()[-1]}"}
    with people.client() as client:
        answered(client.get("/token", headers=own), 200)
        ask(subject, _END.format(how="vence", number=number))
        if let := _let(_tried(client, people, mark, own)):
            raise CheckError(f"an expired token still opens {let}")


def _must_end_while_it_is_written(subject: Subject, people: People, number: str) -> None:
    """The whole file is there, and its rows wait for a vehicle that somebody else has in hand, as the token is revoked."""
    own = {"Authorization": f"Bearer {manage(subject, 'crear_token', number).split()[-1]}"}
    mark, plate = uuid.uuid4().hex, f"T{uuid.uuid4().hex[:8].upper()}"
    ask(subject, _VEHICLE.format(plate=plate, mail=people.owners[0]))
    row = json.dumps({"id": str(uuid.uuid4()), "placa_patente": plate, "timestamp": 1772630430, "comentarios": mark})
    with people.client() as client, ThreadPoolExecutor(2) as pool:
        held = pool.submit(ask, subject, _HELD.format(plate=plate))
        _await(subject, _HOLDS, "nobody holds the vehicle")
        upload = pool.submit(client.post, "/cargar_infracciones", content=row, headers=own | _NDJSON)
        _await(subject, _WAITS, "the upload did not wait for the vehicle")
        ask(subject, _END.format(how="revocado", number=number))
        ask(subject, _LET_GO)
        with contextlib.suppress(CommandError):  # its connection was ended
            held.result()
    if (answer := upload.result()).status_code != 401:
        raise CheckError(
            f"an upload whose token was revoked as it was written was answered {answer.status_code}: {answer.text[:160]}"
        )
    if found := list(marked(people, mark)):
        raise CheckError(f"{len(found)} fines of a token that was revoked as they were written were taken")


def _await(subject: Subject, query: str, otherwise: str) -> None:
    deadline = time.monotonic() + _HELD_SECONDS
    while ask(subject, query) == "0":
        if time.monotonic() > deadline:
            raise CheckError(otherwise)
        time.sleep(0.1)


def _fine(people: People, mark: str) -> dict[str, object]:
    return {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": mark}


def _row(people: People, mark: str) -> bytes:
    return json.dumps(_fine(people, mark) | {"id": str(uuid.uuid4()), "timestamp": 1772630430}).encode() + b"\n"

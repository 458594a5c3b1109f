"""A token that is revoked opens nothing any more, and what was under way with it is not taken."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.database import ask
from rehearsal.checks.people import People, manage
from rehearsal.checks.reports import reported_of


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
        refused = {
            "its own question": client.get("/token", headers=own),
            "a fine": client.post("/cargar_infraccion", json=_fine(people, mark), headers=own),
            "an upload": client.post("/cargar_infracciones", content=_row(people, mark), headers=own | _NDJSON),
            "a report": client.get("/generar_informe", params={"correo": people.owners[0]}, headers=own),
        }
    if upload.status_code != 401 or not said:
        raise CheckError(
            f"an upload whose token was revoked on its way was answered {upload.status_code}: {upload.text[:160]}"
        )
    if let := [f"{what} ({each.status_code})" for what, each in refused.items() if each.status_code != 401]:
        raise CheckError(f"a revoked token still opens {', '.join(let)}")
    if found := reported_of(people, mark):
        raise CheckError(f"{len(found)} fines of a revoked token were taken")
    if (entries := ask(subject, f"SELECT count(*) FROM django_admin_log WHERE object_repr LIKE '%{number}%'")) == "0":  # noqa: S608
        raise CheckError("the history says nothing of it")
    return f"refused with 401: the upload under way, {', '.join(refused)}; {entries} entries in the history"


_NDJSON = {"Content-Type": "application/x-ndjson"}


def _fine(people: People, mark: str) -> dict[str, object]:
    return {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": mark}


def _row(people: People, mark: str) -> bytes:
    return json.dumps(_fine(people, mark) | {"id": str(uuid.uuid4()), "timestamp": 1772630430}).encode() + b"\n"

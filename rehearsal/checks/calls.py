"""A line of curl for each call of the service, to be pasted into a shell where the project lies."""

from __future__ import annotations

import json
import uuid

from rehearsal.checks import Subject
from rehearsal.checks.people import People

_PHOTO = "docs/pictures/pages/fines.png"  # any picture will do


def calls(subject: Subject, people: People) -> dict[str, str]:
    """What a call is for, and its line: of the first officer, about the first owner. They follow each other."""
    fine = {
        "placa_patente": people.plates[0],
        "timestamp": "2026-01-31T14:05:00-05:00",
        "comentarios": "Semáforo en rojo",
    }
    row = {"id": str(uuid.uuid4()), **fine}
    site = f"https://{subject.domain}"
    curl = f"curl -sk --resolve {subject.domain}:443:{subject.address}"
    officer = f"-H 'Authorization: Bearer {people.tokens[0]}'"
    asked = f"-H 'Content-Type: application/json' -d '{_text({'correo': people.owners[0]})}'"
    file = "-H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip' --data-binary @-"
    return {
        "A fine": f"{curl} {officer} -H 'Content-Type: application/json' -d '{_text(fine)}' {site}/cargar_infraccion",
        "A file of fines": f"echo '{_text(row)}' | gzip | {curl} {officer} {file} {site}/cargar_infracciones",
        "A photo of it": f"{curl} {officer} -F foto=@{_PHOTO} {site}/infracciones/{row['id']}/evidencia",
        "A link to the photo": f"{curl} {officer} {site}/infracciones/{row['id']}/evidencia",
        "An owner's report": f"{curl} '{site}/generar_informe?correo={people.owners[0]}'",
        "The same, with the address out of sight": f"{curl} {asked} {site}/generar_informe",
        "Whose token it is": f"{curl} {officer} {site}/token",
        "The contract": f"{curl} {site}/openapi.json",
        "The contract, to try": f"{curl} {site}/docs",
        "The process": f"{curl} {site}/healthz",
        "And its database": f"{curl} {site}/readyz",
    }


def _text(fine: dict[str, str]) -> str:
    return json.dumps(fine, ensure_ascii=False)

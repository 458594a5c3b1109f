"""Files of rows as a device makes them, and what an answer to one counts."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

NDJSON = "application/x-ndjson"


def fine(**fields: object) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "placa_patente": "AB123CD",
        "timestamp": "2026-03-04T10:20:30-03:00",
        "comentarios": "Luz roja",
    } | fields


def ndjson(rows: Iterable[object]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def counts(answer: Any) -> tuple[int, int, int, int]:
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["nuevas"] + found["repetidas"] + found["rechazadas"] == found["recibidas"]
    assert len(found["detalle"]) == found["rechazadas"]
    return found["recibidas"], found["nuevas"], found["repetidas"], found["rechazadas"]

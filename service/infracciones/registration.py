"""How a fine is taken: one SQL statement, so that nothing can come between looking and writing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import IntegrityError, connection

# Looks up who shows the token and whose plate it is, and writes the fine unless its key was spent. A twin that arrives
# at the same moment waits at the unique index; then it finds nothing to insert, and is looked up by a second statement.
# A number is read as text: what is prepared PostgreSQL refuses, once a migration has changed the type of what it returns.
_TAKE = """
WITH who AS (
    SELECT o.id, o.numero::text AS numero FROM infracciones_token t JOIN infracciones_oficial o ON o.id = t.oficial_id
    WHERE t.resumen = $1 AND t.revocado IS NULL AND t.vence > now()
), what AS (
    SELECT id FROM infracciones_vehiculo WHERE placa_patente = $2
), made AS (
    INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, clave, huella)
    SELECT what.id, who.id, $3::timestamptz, $4::text, $5::text, $6::bytea FROM who, what
    ON CONFLICT (oficial_id, clave) DO NOTHING
    RETURNING id
)
SELECT who.id, who.numero, what.id, made.id FROM who LEFT JOIN what ON true LEFT JOIN made ON true
"""
_SPENT = "SELECT id, huella FROM infracciones_infraccion WHERE oficial_id = $1 AND clave = $2"
_WHO = """
SELECT o.id, o.numero::text FROM infracciones_token t JOIN infracciones_oficial o ON o.id = t.oficial_id
WHERE t.resumen = $1 AND t.revocado IS NULL AND t.vence > now()
"""
# An administrator may delete the fine of a key, or the vehicle, between two of the statements above.
_TRIES = 3


@dataclass(frozen=True)
class Taken:
    """A fine that is in the database; `replayed` when its key had made it before."""

    id: int
    officer: str
    replayed: bool


class NotTaken(Exception):
    """The fine was not taken."""


class UnknownToken(NotTaken):
    """No officer has a token like this that still works."""


class UnknownPlate(NotTaken):
    """No vehicle has this plate."""


class SpentKey(NotTaken):
    """The key belongs to another fine."""


def officer_of(token: bytes) -> tuple[int, str] | None:
    """The id and number of the officer whose token's digest this is."""
    found: tuple[int, str] | None = _row(_WHO, [token])
    return found


def take(*, token: bytes, plate: str, moment: datetime, comment: str, key: str | None) -> Taken:
    """Writes a fine, or finds the one that its key made before.

    Raises:
        UnknownToken, UnknownPlate, SpentKey: nothing was written.
    """
    mark = fingerprint(plate=plate, moment=moment, comment=comment) if key is not None else None
    for _ in range(_TRIES):
        try:
            row = _row(_TAKE, [token, plate, moment, comment, key, mark])
        except IntegrityError:
            continue
        if row is None:
            raise UnknownToken
        officer, number, vehicle, fine = row
        if fine is not None:
            return Taken(fine, number, replayed=False)
        before = _row(_SPENT, [officer, key]) if key is not None else None
        if before is not None:
            if before[1] == mark:
                return Taken(before[0], number, replayed=True)
            raise SpentKey
        if vehicle is None:
            raise UnknownPlate
    raise RuntimeError(f"a fine was neither written nor found by its key in {_TRIES} tries")


def fingerprint(*, plate: str, moment: datetime, comment: str) -> bytes:
    """What makes two fines the same, however they were spelt; 32 bytes."""
    return hashlib.sha256(f"{plate}\0{moment.astimezone(UTC).isoformat()}\0{comment}".encode()).digest()


def _row(statement: str, values: Sequence[object]) -> Any:
    """The first row of a statement that PostgreSQL prepares once a connection: planning costs more than running it."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        return cursor.execute(statement, values, prepare=True).fetchone()

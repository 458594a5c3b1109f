"""How a fine is taken: one SQL statement, so that nothing can come between looking and writing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# Looks up who shows the token and whose plate it is, and writes the fine unless its key was spent. A twin that arrives
# at the same moment waits at the unique index; then it finds nothing to insert, and is looked up by a second statement.
_TAKE = """
WITH who AS (
    SELECT o.id, o.numero FROM infracciones_token t JOIN infracciones_oficial o ON o.id = t.oficial_id
    WHERE t.resumen = %(token)s AND t.revocado IS NULL AND t.vence > now()
), what AS (
    SELECT id FROM infracciones_vehiculo WHERE placa_patente = %(plate)s
), made AS (
    INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, clave)
    SELECT what.id, who.id, %(moment)s, %(comment)s, %(key)s FROM who, what
    ON CONFLICT (oficial_id, clave) DO NOTHING
    RETURNING id
)
SELECT (SELECT id FROM who), (SELECT numero FROM who), (SELECT id FROM what), (SELECT id FROM made)
"""
_SPENT = """
SELECT i.id, v.placa_patente, i.timestamp, i.comentarios
FROM infracciones_infraccion i JOIN infracciones_vehiculo v ON v.id = i.vehiculo_id
WHERE i.oficial_id = %(officer)s AND i.clave = %(key)s
"""
_WHO = """
SELECT o.id, o.numero FROM infracciones_token t JOIN infracciones_oficial o ON o.id = t.oficial_id
WHERE t.resumen = %s AND t.revocado IS NULL AND t.vence > now()
"""


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
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [token])
        found: tuple[int, str] | None = cursor.fetchone()
        return found


def take(*, token: bytes, plate: str, moment: datetime, comment: str, key: str | None) -> Taken:
    """Writes a fine, or finds the one that its key made before.

    Raises:
        UnknownToken, UnknownPlate, SpentKey: nothing was written.
    """
    values: dict[str, Any] = {"token": token, "plate": plate, "moment": moment, "comment": comment, "key": key}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        officer, number, vehicle, fine = cursor.fetchone()
        if officer is None:
            raise UnknownToken
        if fine is not None:
            return Taken(fine, number, replayed=False)
        before = None
        if key is not None:
            cursor.execute(_SPENT, {"officer": officer, "key": key})
            before = cursor.fetchone()
        if before is not None:
            if before[1:] == (plate, moment, comment):
                return Taken(before[0], number, replayed=True)
            raise SpentKey
        if vehicle is None:
            raise UnknownPlate
    raise RuntimeError("a fine was neither written nor found by its key")

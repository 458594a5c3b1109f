"""How an upload is taken: staged by COPY, then written by one statement, all in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import connection, transaction

from infracciones.registration import UnknownToken, fingerprint, officer_of

# What a session stages; empty at each transaction's end, so that the catalogue does not grow with the uploads.
_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS cargando (
    linea integer NOT NULL, dispositivo_id uuid NOT NULL, placa text NOT NULL,
    timestamp timestamptz NOT NULL, comentarios text NOT NULL, huella bytea NOT NULL, escrito text
) ON COMMIT DELETE ROWS
"""
_COPY = (
    "COPY cargando (linea, dispositivo_id, placa, timestamp, comentarios, huella, escrito) FROM STDIN (FORMAT BINARY)"
)
_TYPES = ("int4", "uuid", "text", "timestamptz", "text", "bytea", "text")
# Whether the token still works; from here on nobody revokes it until this transaction has ended, whichever way. It is the last
# statement: whoever revokes waits for a commit alone, and never for the files that somebody goes on sending.
_STILL = "SELECT FROM infracciones_token WHERE resumen = $1 AND revocado IS NULL AND vence > now() FOR SHARE"
# What each row refers to is looked at before that, and not by the commit, which would take as long as the rows did.
_CHECK = "SET CONSTRAINTS ALL IMMEDIATE"
_RECORD = """
INSERT INTO infracciones_carga (oficial_id, resumen, bytes, formato, recibidas, nuevas, repetidas, rechazadas)
VALUES ($1, $2, $3, $4, 0, 0, 0, 0) RETURNING id
"""
# In the order of the index that twins wait at: three uploads of one file never wait for each other in a circle.
# Of rows with the same id the first whose plate is known stands.
_TAKE = """
INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, dispositivo_id, huella, carga_id)
SELECT vehiculo, $1, timestamp, comentarios, dispositivo_id, huella, $2 FROM (
    SELECT DISTINCT ON (s.dispositivo_id) v.id AS vehiculo, s.* FROM cargando s
    JOIN infracciones_vehiculo v ON v.placa_patente = s.placa ORDER BY s.dispositivo_id, s.linea
) first ORDER BY dispositivo_id
ON CONFLICT (oficial_id, dispositivo_id) DO NOTHING
"""
# Sees what a twin has committed meanwhile: it is a statement of its own (READ COMMITTED).
_REFUSED = """
SELECT s.linea, coalesce(s.escrito, s.dispositivo_id::text), NOT EXISTS (SELECT FROM infracciones_vehiculo WHERE placa_patente = s.placa)
FROM cargando s
LEFT JOIN infracciones_infraccion f ON f.oficial_id = $1 AND f.dispositivo_id = s.dispositivo_id
WHERE f.huella IS DISTINCT FROM s.huella ORDER BY s.linea
"""
_COUNT = "UPDATE infracciones_carga SET recibidas = $2, nuevas = $3, repetidas = $4, rechazadas = $5 WHERE id = $1"
_TIMEOUT_MS = 60_000  # of one statement: a COPY lasts as long as its rows come

_UNKNOWN_PLATE = "No hay un vehículo con esa placa: revísela, o avise a la administración."
_ANOTHER = "Ese id ya pertenece a otra infracción, que queda como está: use uno nuevo para cada una."


@dataclass(frozen=True, slots=True)
class Fine:
    """A row that can be taken."""

    line: int
    id: UUID
    plate: str
    moment: datetime
    comment: str
    written: str | None = None  # the id as the device wrote it, where that is another spelling


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken; `id` as the device wrote it, where it wrote one."""

    line: int
    id: str | None
    why: str


@dataclass
class Outcome:
    """What became of the rows; received = new + repeated + len(refused)."""

    received: int = 0
    new: int = 0
    refused: list[Refused] = field(default_factory=list)

    @property
    def repeated(self) -> int:
        return self.received - self.new - len(self.refused)


@dataclass
class File:
    """What is recorded of the upload's file, filled in while it is read."""

    format: str
    size: int = 0
    sha256: bytes = b""


def take_all(rows: Iterable[Fine | Refused], *, token: bytes, file: File) -> Outcome:
    """Takes the rows that can be taken, once however often they come, and says of the rest why not.

    What `rows` raises ends it with nothing taken.

    Raises:
        UnknownToken: no officer has a token like this that still works, also when it was revoked meanwhile.
    """
    connection.close_if_health_check_failed()
    with transaction.atomic():
        raw = connection.connection
        with connection.wrap_database_errors, psycopg.RawCursor(raw) as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MS}")
            cursor.execute(_STAGE)
            outcome = _stage(cursor, rows)
            who = officer_of(token)
            if who is None:
                raise UnknownToken
            officer, _number = who
            made = cursor.execute(_RECORD, [officer, file.sha256, file.size, file.format]).fetchone()
            assert made is not None
            [upload] = made
            cursor.execute("ANALYZE cargando")
            outcome.new = cursor.execute(_TAKE, [officer, upload]).rowcount
            for line, id, unknown in cursor.execute(_REFUSED, [officer]):
                outcome.refused.append(Refused(line, id, _UNKNOWN_PLATE if unknown else _ANOTHER))
            outcome.refused.sort(key=lambda refused: refused.line)
            counts = [upload, outcome.received, outcome.new, outcome.repeated, len(outcome.refused)]
            cursor.execute(_COUNT, counts)
            cursor.execute(_CHECK)
            if cursor.execute(_STILL, [token]).fetchone() is None:
                raise UnknownToken
    return outcome


def _stage(cursor: psycopg.RawCursor[tuple[object, ...]], rows: Iterable[Fine | Refused]) -> Outcome:
    """Sends the rows that can be taken to the staging table as they come."""
    outcome = Outcome()
    with cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            outcome.received += 1
            if isinstance(row, Refused):
                outcome.refused.append(row)
                continue
            mark = fingerprint(plate=row.plate, moment=row.moment, comment=row.comment)
            copy.write_row((row.line, row.id, row.plate, row.moment, row.comment, mark, row.written))
    return outcome

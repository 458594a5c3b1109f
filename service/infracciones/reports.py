"""The report of a person's fines: pages that neither repeat nor hide one while others arrive."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

PAGE = 100
MOST = 500
# Each vehicle's newest fines come from the index in order; the page is the newest of all of them. As many vehicles as it has
# lines are enough for it, those with the newest fine: of a fleet of a thousand the others are asked for one fine each.
_REPORT = """
SELECT f.id, v.placa_patente, f.timestamp, f.comentarios, o.numero,
    EXISTS (SELECT FROM infracciones_evidencia e WHERE e.infraccion_id = f.id)
FROM (
    SELECT c.id, c.placa_patente FROM infracciones_vehiculo c
    CROSS JOIN LATERAL (
        SELECT n.timestamp, n.id FROM infracciones_infraccion n
        WHERE n.vehiculo_id = c.id AND (n.timestamp, n.id) < (%(moment)s, %(id)s)
        ORDER BY n.timestamp DESC, n.id DESC LIMIT 1
    ) newest
    WHERE c.persona_id = %(person)s
    ORDER BY newest.timestamp DESC, newest.id DESC LIMIT %(limit)s
) v
CROSS JOIN LATERAL (
    SELECT id, timestamp, comentarios, oficial_id FROM infracciones_infraccion i
    WHERE i.vehiculo_id = v.id AND (i.timestamp, i.id) < (%(moment)s, %(id)s)
    ORDER BY i.timestamp DESC, i.id DESC LIMIT %(limit)s
) f
JOIN infracciones_oficial o ON o.id = f.oficial_id
ORDER BY f.timestamp DESC, f.id DESC LIMIT %(limit)s
"""
_PERSON = "SELECT id, correo FROM infracciones_persona WHERE lower(correo) = lower(%s)"


@dataclass(frozen=True)
class Line:
    """A fine in a report."""

    id: int
    plate: str
    moment: datetime
    comment: str
    officer: str
    evidence: bool


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the time and id of its last fine."""

    moment: datetime
    id: int

    def write(self) -> str:
        return base64.urlsafe_b64encode(f"{self.moment.isoformat()} {self.id}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor of a text that `write` made; ValueError for any other."""
        try:
            moment, _, id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
            found = datetime.fromisoformat(moment)
            cursor = cls(found.astimezone(UTC), int(id))
        except (binascii.Error, UnicodeError, OverflowError) as error:
            raise ValueError("no cursor") from error
        if found.tzinfo is None or not 0 <= cursor.id < 2**63:
            raise ValueError("no cursor")
        return cursor


START = Cursor(datetime(9999, 12, 31, tzinfo=UTC), 2**63 - 1)


def person(mail: str) -> tuple[int, str] | None:
    """The id and address of the person with this address, compared without case."""
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, [mail])
        found: tuple[int, str] | None = cursor.fetchone()
        return found


def page(person_id: int, *, limit: int, after: Cursor = START) -> tuple[list[Line], Cursor | None]:
    """The person's newest fines after a cursor, and the cursor of the next page where there is one."""
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, {"person": person_id, "moment": after.moment, "id": after.id, "limit": limit + 1})
        lines = [Line(*row) for row in cursor.fetchall()]
    if len(lines) <= limit:
        return lines, None
    last = lines[limit - 1]
    return lines[:limit], Cursor(last.moment, last.id)

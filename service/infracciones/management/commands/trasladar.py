"""What an operator's move to another tier asks of the database; nobody types it by hand."""

import json
import sys
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from infracciones.migrated import pending_migrations, release_migrations
from infracciones.models import Infraccion
from infracciones.moving import digests, pause, stream
from infracciones.moving.tables import prepare, sequences, tables


class Command(BaseCommand):
    help = "Tells what the database holds, sends what another lacks, takes what another sent; pauses writes and resumes them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("estado", help="whether writes are paused, and which migrations the release has (JSON)")
        verbs.add_parser("huellas", help="a digest for each block of rows")
        verbs.add_parser("exportar", help="reads the digests of another database; writes the rows that it lacks")
        verbs.add_parser("importar", help="reads such rows")
        verbs.add_parser("sumas", help="counts and sums of all tables, and the sequences (JSON)")
        verbs.add_parser("pausar", help="ends all writes").add_argument("why", choices=[pause.SOURCE, pause.TARGET])
        verbs.add_parser("reanudar", help="lets the service write again")

    def handle(self, *, verb: str, why: str = "", **options: object) -> None:
        connection.ensure_connection()
        session = connection.connection
        assert isinstance(session, psycopg.Connection)
        match verb:
            case "estado":
                self._tell(_state(session))
            case "huellas":
                prepare(session)
                self.stdout.writelines(
                    f"{line}\n" for line in digests.written(digests.digests(session, tables(session)))
                )
            case "exportar":
                stream.write(session, digests.read(sys.stdin), sys.stdout.buffer)
                sys.stdout.buffer.flush()
            case "importar":
                try:
                    self._tell(stream.read(session, sys.stdin.buffer))
                except ValueError as error:
                    raise CommandError(str(error)) from error
            case "sumas":
                prepare(session)
                self._tell({"tables": digests.sums(session, tables(session)), "sequences": sequences(session)})
            case "pausar":
                connection.close()  # or the session of this very command would be one of before
                self._tell({"ended": pause.pause(why)})
            case "reanudar":
                connection.close()
                self._tell({"ended": pause.resume()})

    def _tell(self, what: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(what))


def _state(session: psycopg.Connection[Any]) -> dict[str, Any]:
    return {
        "paused": pause.paused(session),
        "empty": not Infraccion.objects.exists(),
        # Of the release, not of the database: what a later one added, and was taken back, does no harm.
        "migrations": release_migrations(),
        "pending": pending_migrations(),
    }

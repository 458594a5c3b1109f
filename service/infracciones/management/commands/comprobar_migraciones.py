"""Asks the database whether it is migrated, once or until it is: what an init container waits for."""

import time

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection

from infracciones.migrated import pending_migrations

PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Succeeds when the database has all migrations of this release, and fails with what it lacks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--esperar", type=float, default=0, metavar="SECONDS", help="ask again for so long")

    def handle(self, *, esperar: float, **options: object) -> None:
        until = time.monotonic() + esperar
        while True:
            lacking = self._lacking()
            if lacking is None:
                self.stderr.write("The database has all migrations of this release.")
                return
            if time.monotonic() >= until:
                raise CommandError(lacking)
            time.sleep(PAUSE_SECONDS)

    @staticmethod
    def _lacking() -> str | None:
        try:
            pending = pending_migrations()
        except (DatabaseError, InterfaceError) as error:
            connection.close()
            return f"The database cannot be asked: {str(error).strip()}"
        return f"The database lacks {len(pending)} migrations: {', '.join(pending)}" if pending else None

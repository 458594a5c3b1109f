"""PostgreSQL as the service uses it: connections that last, and a lost one noticed without asking the server."""

import select
import time
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from fines.database.login import LoginError

# A database that does not even refuse a connection costs each attempt its whole time-out. After one such attempt
# the others fail at once for this long, so that threads stay free to answer that the process itself is well.
SLOW_SECONDS = 1.0
PAUSE_SECONDS = 2.0


class SchemaEditor(base.DatabaseSchemaEditor):
    """Django's, whose concurrent work waits for as long as it takes: it holds nobody up, and given up it leaves half an index."""

    def execute(self, sql: Any, params: Any = ()) -> None:
        if self.collect_sql or "CONCURRENTLY" not in str(sql):
            super().execute(sql, params)
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            try:
                super().execute(sql, params)
            finally:
                cursor.execute("RESET lock_timeout")


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's PostgreSQL engine with a health check that costs no query, and a password that may rotate."""

    SchemaEditorClass = SchemaEditor
    _paused_until = 0.0  # shared by all threads of the process

    def is_usable(self) -> bool:
        """Whether the connection still stands.

        Nothing may arrive on an idle connection; bytes to read mean that the server has gone, or has something to
        say (a reload of its settings): a new connection is right then too.
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def get_connection_params(self) -> dict[str, Any]:
        """Django's parameters, with the user and the password as they are now."""
        try:
            return {**super().get_connection_params(), **settings.DATABASE_LOGIN.current()}
        except LoginError as error:
            raise OperationalError(str(error)) from error

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new connection; OperationalError at once where the last attempt ran into its time-out."""
        began = time.monotonic()
        if began < DatabaseWrapper._paused_until:
            raise OperationalError("the database did not answer a moment ago")
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError as error:
            if _refuses_the_login(error) and settings.DATABASE_LOGIN.renew(conn_params["password"]):
                return super().get_new_connection({**conn_params, **settings.DATABASE_LOGIN.current()})
            if time.monotonic() - began > SLOW_SECONDS:
                DatabaseWrapper._paused_until = time.monotonic() + PAUSE_SECONDS
            raise


def _refuses_the_login(error: Exception) -> bool:
    """Whether the server refused the user or the password: libpq keeps no code of an error that came before a session did."""
    return "password authentication failed" in str(error)

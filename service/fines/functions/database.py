"""Connections to the managed database, over TLS with a server whose name and authority are checked."""

import os

import psycopg

from fines.database.credentials import Credentials
from fines.database.patience import PATIENCE
from fines.functions.authority import authority

# Who waits for a lock holds up all who come after, even those that would not mind whoever has it: the service itself.
LOCK_MILLISECONDS = 4000


def connect(login: Credentials) -> psycopg.Connection:
    """A connection as a user, each statement its own transaction, which waits for no lock for long.

    Raises:
        psycopg.OperationalError: the database is away, or refuses the user.
    """
    return psycopg.connect(
        host=os.environ["DATABASE_HOST"],
        dbname=os.environ["DATABASE_NAME"],
        user=login["username"],
        password=login["password"],
        sslmode="verify-full",
        sslrootcert=authority(),
        application_name="fines-functions",
        autocommit=True,
        options=f"-c lock_timeout={LOCK_MILLISECONDS}",
        **PATIENCE,
    )


def logs_in(login: Credentials) -> bool:
    """Whether the database takes a login now."""
    try:
        connect(login).close()
    except psycopg.OperationalError:
        return False
    return True

"""Connections to the managed database, over TLS with a server whose name and authority are checked."""

import os

import psycopg

from fines.database.credentials import Credentials
from fines.functions.authority import authority


def connect(login: Credentials, *, seconds: int = 10) -> psycopg.Connection:
    """A connection as a user, each statement its own transaction.

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
        connect_timeout=seconds,
        application_name="fines-functions",
        autocommit=True,
    )


def logs_in(login: Credentials) -> bool:
    """Whether the database takes a login now."""
    try:
        connect(login).close()
    except psycopg.OperationalError:
        return False
    return True

"""A pause of all writes, kept by the database itself: whoever logs in as the service may read, and nothing else.

A user may set its own defaults: each of the service's does, and its sessions of before end. What they had not committed
was never acknowledged. It lasts until it is taken back, through restarts and for machines that come later.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

# What a pause is for stands in a second default, which means nothing to the service's transactions: a user that is no
# superuser cannot make up a setting of its own.
_FILLED = "default_transaction_deferrable"
SOURCE, TARGET = "origen", "destino"
_QUIET_SECONDS = 0.5  # for so long no session of before may have been seen: one that was logging in is in no list yet
_PATIENCE_MS = 5000

Parameters = dict[str, Any]


class StillWriting(RuntimeError):
    """A session that may write did not end."""


def paused(session: psycopg.Connection[Any]) -> str:
    """What the service's writes are paused for (SOURCE, TARGET); nothing where they are not."""
    ((read_only, filled),) = session.execute(
        "SELECT current_setting('default_transaction_read_only') = 'on', current_setting(%s) = 'on'", [_FILLED]
    )
    return (TARGET if filled else SOURCE) if read_only else ""


def pause(why: str) -> int:
    """Ends all writes of the service; returns how many sessions ended with them.

    Raises:
        StillWriting: not all did.
    """
    return _set(default_transaction_read_only="on", **{_FILLED: "on" if why == TARGET else None})


def resume() -> int:
    """Lets the service write again; returns how many sessions of the pause ended."""
    return _set(default_transaction_read_only=None, **{_FILLED: None})


def _set(**defaults: str | None) -> int:
    ended = 0
    for parameters in _logins():
        with _session(parameters) as session:
            with session.transaction():
                for name, value in defaults.items():
                    session.execute(_default(name, value))
            ended += _end_sessions_of_before(session)
    return ended


def _default(name: str, value: str | None) -> sql.Composed:
    if value is None:
        return sql.SQL("ALTER ROLE CURRENT_USER RESET {}").format(sql.Identifier(name))
    return sql.SQL("ALTER ROLE CURRENT_USER SET {} = {}").format(sql.Identifier(name), sql.Literal(value))


def _end_sessions_of_before(session: psycopg.Connection[Any]) -> int:
    ((moment,),) = session.execute("SELECT clock_timestamp()")
    older = (
        "SELECT pid FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_start <= %s"
    )
    ended, quiet = 0, time.monotonic()
    while time.monotonic() - quiet < _QUIET_SECONDS:
        for (pid,) in session.execute(older, [moment]).fetchall():
            ((gone,),) = session.execute("SELECT pg_terminate_backend(%s, %s)", [pid, _PATIENCE_MS])
            still = session.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
            if not gone and still:
                raise StillWriting(f"the session {pid} did not end in {_PATIENCE_MS / 1000:.0f} s")
            ended += 1
            quiet = time.monotonic()
        time.sleep(0.05)
    return ended


@contextmanager
def _session(parameters: Parameters) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**parameters, autocommit=True) as session:
        session.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        yield session


def _logins() -> list[Parameters]:
    """How each of the service's users logs in: of two that take turns, the one of before may have sessions yet."""
    own = connection.get_connection_params()
    plain = {key: value for key, value in own.items() if key not in ("cursor_factory", "context")}
    return [plain, *({**plain, **other} for other in _other_users(plain["user"]) if _works({**plain, **other}))]


def _other_users(current: str) -> Iterator[Parameters]:
    if not settings.DATABASE_SECRET:
        return
    from botocore.exceptions import ClientError
    from fines.database.credentials import credentials

    try:
        found = credentials(settings.DATABASE_SECRET, stage="AWSPREVIOUS")
    except ClientError:  # it was never rotated: nobody ever logged in as the other one
        return
    if found["username"] != current:
        yield {"user": found["username"], "password": found["password"]}


def _works(parameters: Parameters) -> bool:
    try:
        psycopg.connect(**parameters).close()
    except psycopg.OperationalError:
        return False
    return True

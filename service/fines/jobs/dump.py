"""Makes the night's dump of the database in the bucket, unless it is there: `job dump`, or `job dump now` for one more.

Two pods may do this at once. A lock in the database lets one begin; the other waits, and finds the dump, or makes it in the place
of one that died. Should both be at work, S3 takes the one that is whole first and refuses the other.
"""

import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg

from fines.database.credentials import Credentials, credentials
from fines.functions.authority import authority
from fines.jobs import store
from fines.jobs.said import ending, say
from fines.jobs.tables import sums

LOCK = 5_170_251  # that of the machines' stacks/host/bin/send-dump
_NIGHT = timedelta(
    minutes=150
)  # a night begins at half past two, so that what is made up for in the morning is its own
# A pod that dies says nothing to its server, which by the system's own patience would hold the dead one's lock for hours.
_IMPATIENT = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000"
)


def key_of(words: list[str], now: datetime) -> str:
    """The night's dump, or one of this moment."""
    if words == ["now"]:
        return f"dumps/{now:%Y-%m-%dT%H%M%SZ}.dump"
    if words:
        raise ValueError("use: job dump, or job dump now")
    return f"dumps/{now - _NIGHT:%Y-%m-%d}.dump"


def place_of(login: Credentials) -> dict[str, str]:
    """Where the database is and who one is to it, in libpq's variables."""
    place = {
        "PGHOST": os.environ["DATABASE_HOST"],
        "PGDATABASE": os.environ["DATABASE_NAME"],
        "PGUSER": login["username"],
        "PGPASSWORD": login["password"],
        "PGCONNECT_TIMEOUT": "10",
        "PGAPPNAME": "fines-dumps",
        "PGOPTIONS": _IMPATIENT,
    }
    if os.environ.get("DATABASE_CA"):
        place |= {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": authority()}
    return place


def dump(key: str, place: dict[str, str]) -> None:
    """Makes the dump of a key, or finds it.

    Raises:
        psycopg.Error, ClientError: the database or the bucket cannot be used.
        RuntimeError: pg_dump failed.
    """
    os.environ |= place
    with psycopg.connect(autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if store.is_there(key):
            say(f"{key} is there already")
            return
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = session.execute(
            "SELECT pg_export_snapshot(), extract(epoch FROM now())::bigint, pg_database_size(current_database())"
        ).fetchone()
        assert found is not None
        snapshot, moment, size = found
        expected = f"sums/{key.removeprefix('dumps/')}.{secrets.token_hex(4)}"
        store.put(expected, sums(session).encode())
        told = {"moment": str(moment), "size": str(size), "sums": expected}
        command = ["pg_dump", "--format=custom", "--compress=zstd:3", f"--snapshot={snapshot}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
            assert program.stdout is not None

            def whole() -> None:
                if program.wait():
                    raise RuntimeError(f"pg_dump ended with {program.returncode}")

            try:
                is_ours = store.send(key, program.stdout, told, whole=whole)
            finally:
                program.kill()
        say(f"{key} was made: {size} bytes of database" if is_ours else f"another pod's {key} was whole first")


if __name__ == "__main__":
    with ending("the dump"):
        dump(key_of(sys.argv[1:], datetime.now(UTC)), place_of(credentials(os.environ["READER_SECRET_ARN"])))

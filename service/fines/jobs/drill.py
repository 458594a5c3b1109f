"""Proves the newest dump: restores it into a PostgreSQL of its own in this pod, and compares every table with what it held then."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from botocore.exceptions import ClientError

from fines.jobs import store
from fines.jobs.said import ending, say
from fines.jobs.tables import sums

_FOLDER = Path("/drill")
_SPARE = 512 * 2**20  # bytes of disk, beside the database and a quarter of it
_SETTINGS = """
listen_addresses = ''
shared_buffers = 32MB
maintenance_work_mem = 64MB
max_connections = 10
max_wal_size = 256MB
wal_level = minimal
max_wal_senders = 0
fsync = off
full_page_writes = off
timezone = UTC
"""
_ROLES = ("fines_migrator", "fines_service", "fines_reader")


def drill(folder: Path = _FOLDER) -> None:
    """Leaves a mark beside the newest dump, or says what of it is not as it was.

    Raises:
        RuntimeError: there is no dump, no room for it, or a table differs.
        subprocess.CalledProcessError: PostgreSQL did not start, or does not take the dump.
    """
    key = store.newest("dumps")
    if key is None:
        raise RuntimeError("there is no dump")
    mark = f"proven/{key.removeprefix('dumps/')}"
    if store.is_there(mark):
        say(f"{key} is proven already")
        return
    told = store.facts(key)
    free, size = shutil.disk_usage(folder).free, int(told["size"])
    if free < size + size // 4 + _SPARE:
        raise RuntimeError(
            f"the disk has {free} bytes left, too few for the {size} of the database: raise node_disk_gb"
        )
    expected = b"".join(store.fetch(told["sums"])).decode()
    with server(folder) as place:
        os.environ |= place
        restore(key)
        with psycopg.connect(dbname="fines", autocommit=True) as restored:
            found = sums(restored)
    compare(expected, found)
    try:
        store.put(mark, b"", {"moment": told["moment"]})
    except ClientError:
        if not store.is_there(mark):  # another pod that proved it too may have been first
            raise
    say(f"{key} is proven: {len(found.splitlines())} tables are the same")


@contextmanager
def server(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL of its own, for the length of a block: where it is, in libpq's variables."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--username=drill", "--no-sync"]
    subprocess.run(["initdb", f"--pgdata={data}", *options], **quiet)
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{_SETTINGS}unix_socket_directories = '{folder}'\n")
    control, log = ["pg_ctl", "-D", str(data), "-s", "-w", "-t", "120"], folder / "log"
    subprocess.run([*control, "start", "-l", str(log)], **quiet)
    try:
        place = {"PGHOST": str(folder), "PGUSER": "drill", "PGDATABASE": "postgres"}
        with psycopg.connect(host=str(folder), user="drill", dbname="postgres", autocommit=True) as session:
            for role in _ROLES:
                session.execute(f"CREATE ROLE {role}")
            session.execute("CREATE DATABASE fines OWNER fines_migrator")
        yield place
    finally:
        subprocess.run([*control, "stop", "-m", "immediate"], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(data, ignore_errors=True)


def restore(key: str) -> None:
    """Puts a dump into the database."""
    command = ["pg_restore", "--exit-on-error", "--dbname=fines"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        assert program.stdin is not None
        try:
            for piece in store.fetch(key):
                program.stdin.write(piece)
        except BrokenPipeError:  # what it died of is on standard error
            pass
        program.stdin.close()
        if program.wait():
            raise RuntimeError(f"{key} could not be restored: pg_restore ended with {program.returncode}")


def compare(expected: str, found: str) -> None:
    """Nothing, if both have the same tables with the same rows."""
    differ = sorted(set(expected.splitlines()) ^ set(found.splitlines()))
    if differ:
        names = sorted({line.split()[0] for line in differ})
        raise RuntimeError(f"{len(names)} tables are not as in the dump's snapshot: {', '.join(names)[:200]}")


if __name__ == "__main__":
    with ending("the restore drill"):
        drill()

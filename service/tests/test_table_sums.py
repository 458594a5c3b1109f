"""What the drills of machines compare a restored database with: the sums of its tables at an exact moment."""

import os
import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest
from testing.postgres import SUPERUSER

PROGRAM = Path(__file__).parents[2] / "stacks/host/bin/table-sums"
SECONDS = 20


@pytest.fixture
def summed(live_postgres, tmp_path):
    """Runs the program against the tests' database, which it looks at three times at most."""
    text = PROGRAM.read_text()
    for was, now in (('"-d", "fines"', '"-d", "postgres"'), ("TRIES = 600", "TRIES = 3")):
        assert text.count(was) == 1
        text = text.replace(was, now)
    (program := tmp_path / "table-sums").write_text(text)
    env = {
        "PATH": f"{live_postgres._programs}:{os.environ['PATH']}",
        "PGHOST": str(live_postgres.socket),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": live_postgres.password,
    }

    def run():
        return subprocess.run(["python3", program, "--moment"], env=env, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def connect(live_postgres):
    def open_one():
        login = {"user": SUPERUSER, "password": live_postgres.password}
        return psycopg.connect(host=str(live_postgres.socket), dbname="postgres", autocommit=True, **login)

    return open_one


def test_a_commit_that_is_in_the_wal_and_that_nobody_sees_yet_is_no_moment(summed, connect):
    # A commit waits for the disk between the two; here for a standby that never comes, which is longer.
    with connect() as watch:
        watch.execute("CREATE TABLE cosas (n int)")
        watch.execute("ALTER SYSTEM SET synchronous_standby_names = 'nadie'")
        watch.execute("SELECT pg_reload_conf()")
        try:
            writer = threading.Thread(target=_write, args=(connect,))
            writer.start()
            waiting = _await_waiting(watch)
            beside = summed()
            watch.execute("SELECT pg_cancel_backend(%s)", [waiting])  # which ends the wait: it is committed
            writer.join(SECONDS)
            afterwards = summed()
        finally:
            watch.execute("ALTER SYSTEM RESET synchronous_standby_names")
            watch.execute("SELECT pg_reload_conf()")
            watch.execute("DROP TABLE cosas")
    assert (beside.returncode, beside.stdout) == (1, "")
    assert "never still in 3 looks" in beside.stderr
    moment, *sums = afterwards.stdout.splitlines()
    assert "/" in moment
    assert [line.split()[:2] for line in sums if "cosas" in line] == [["public.cosas", "1"]]


def _write(connect):
    with connect() as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("INSERT INTO cosas VALUES (1)")


def _await_waiting(watch):
    """The process whose commit waits."""
    deadline = time.monotonic() + SECONDS
    while not (found := watch.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchone()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[0]

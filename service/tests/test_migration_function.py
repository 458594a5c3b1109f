"""The function that migrates a managed database: a table that somebody uses for long must not make it stop the service."""

import subprocess
import threading
import time

import psycopg
import pytest
from fines.functions import database, migration
from testing.postgres import SUPERUSER
from testing.server import manage

_TABLE = "infracciones_infraccion"
_USE = "SELECT count(*) FROM infracciones_infraccion"


@pytest.fixture
def login(env, live_postgres, monkeypatch):
    """A database that has its first migration alone, as the function finds it, with a short patience for locks."""
    back_to(env, "0001")
    for name in ("DATABASE_HOST", "DATABASE_NAME"):
        monkeypatch.setenv(name, env[name])
    monkeypatch.setattr(migration, "authority", lambda: "")  # a socket needs none
    monkeypatch.setattr(migration, "LOCK_MILLISECONDS", 300)
    monkeypatch.setattr(migration, "_PAUSE", 0.5)
    yield {"username": SUPERUSER, "password": live_postgres.password}
    back_to(env, "zero")


def back_to(env, name):
    done = manage(env, "manage", "migrate", "infracciones", name)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def connect(live_postgres):
    made = []

    def new(**more):
        parts = {"host": str(live_postgres.socket), "dbname": "postgres", "user": SUPERUSER}
        made.append(psycopg.connect(**parts, password=live_postgres.password, **more))
        return made[-1]

    yield new
    for connection in made:
        connection.close()


def columns(connection):
    found = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [_TABLE])
    return {name for (name,) in found.fetchall()}


def test_a_lock_that_is_not_let_go_fails_the_migration_and_holds_nobody_up_meanwhile(login, connect, monkeypatch):
    monkeypatch.setattr(migration, "_TRIES", 2)
    holder, reader = connect(), connect(autocommit=True, options="-c statement_timeout=2000")
    holder.execute(_USE)  # a transaction that stays open
    failures = []

    def run():
        try:
            migration._run(login, 60)
        except RuntimeError as error:
            failures.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    longest = 0.0
    while thread.is_alive():
        began = time.monotonic()
        reader.execute(_USE)
        longest = max(longest, time.monotonic() - began)
    assert failures == ["django.db.utils.OperationalError: canceling statement due to lock timeout"]
    assert 0.1 < longest < 1.5  # it did wait behind the migration, and not for the holder


def test_the_migration_is_tried_again_until_the_lock_is_free(login, connect):
    before, holder = connect(autocommit=True), connect()
    assert "huella" not in columns(before)
    holder.execute(_USE)
    threading.Timer(4, holder.commit).start()
    migration._run(login, 120)
    assert "huella" in columns(before)


def test_an_index_that_is_built_beside_the_service_waits_for_as_long_as_it_takes(
    login, env, connect, monkeypatch, capfd
):
    monkeypatch.setattr(migration, "_TRIES", 1)
    migration._run(login, 120)
    holder, reader = connect(), connect(autocommit=True)
    back_to(env, "0004")
    holder.execute(_USE)
    threading.Timer(4, holder.commit).start()
    migration._run(login, 120)
    assert "lock timeout" not in capfd.readouterr().out
    invalid = reader.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
    assert invalid == (0,)


def test_what_a_function_says_to_the_database_itself_waits_for_no_lock_for_long_either(login, monkeypatch):
    monkeypatch.setattr(database, "authority", lambda: "")
    with database.connect(login) as connection:
        assert connection.execute("SHOW lock_timeout").fetchone() == ("4s",)


def test_another_failure_is_not_tried_again(login, monkeypatch):
    monkeypatch.setattr(migration, "_PAUSE", 60.0)
    with pytest.raises(RuntimeError, match="password authentication failed"):
        migration._run(login | {"password": "another"}, 120)


def test_of_what_a_migration_said_the_line_with_its_error_is_the_reason(monkeypatch):
    said = "Applying x...\ndjango.db.utils.ProgrammingError: function f() does not exist\nLINE 1: SELECT f()\nHINT:  No function matches.\n"
    done = subprocess.CompletedProcess(["migrate"], 1, stdout=said)
    monkeypatch.setattr(migration, "_migrate", lambda *given: done)
    with pytest.raises(RuntimeError, match=r"^django\.db\.utils\.ProgrammingError: function f\(\) does not exist$"):
        migration._run({}, 120)

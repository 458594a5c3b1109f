"""Connections that last, and what happens when one does not."""

import os
import time

import pytest
from django.db import OperationalError, connection, connections
from fines.database.base import DatabaseWrapper
from fines.database.login import FileLogin
from infracciones import registration
from infracciones.models import Oficial


@pytest.fixture
def fresh(db):
    """A connection of its own to the test database."""
    made = connections.create_connection("default")
    made.ensure_connection()
    yield made
    made.close()


def begin_request(wrapper):
    """What Django does with a lasting connection when a request begins."""
    wrapper.close_if_unusable_or_obsolete()


def backend(wrapper):
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_lasts_from_one_request_to_the_next(fresh):
    first = backend(fresh)
    begin_request(fresh)
    assert backend(fresh) == first


def test_its_health_is_checked_without_a_query(fresh):
    with fresh.cursor() as cursor:
        begin_request(fresh)
        assert fresh.is_usable()
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        assert "pg_stat_activity" in cursor.fetchone()[0]
    with fresh.cursor() as cursor, connection.cursor() as other:
        begin_request(fresh)
        fresh.close_if_health_check_failed()
        other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [fresh.connection.info.backend_pid])
        assert "pg_stat_activity WHERE pid = pg_backend_pid()" in other.fetchone()[0]
        assert not cursor.closed


def test_a_connection_that_the_server_ended_is_replaced_when_the_next_request_uses_it(fresh):
    first = backend(fresh)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    begin_request(fresh)
    assert backend(fresh) != first


def test_the_statements_of_a_fine_are_prepared_and_no_others(db, load):
    for n in range(3):
        assert load(key=f"prepared-{n}").status_code == 200
        Oficial.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        found = {statement for (statement,) in cursor.fetchall()}
    assert registration._TAKE in found
    assert found <= {registration._TAKE, registration._WHO, registration._SPENT}


@pytest.mark.django_db(transaction=True)
def test_what_is_prepared_outlives_a_migration_that_widens_a_column(load):
    assert load(key="before").status_code == 200
    migrating = connections.create_connection("default")  # psycopg forgets what it prepared where it alters by itself
    try:
        with migrating.cursor() as cursor:
            cursor.execute("ALTER TABLE infracciones_oficial ALTER COLUMN numero TYPE varchar(200)")
        assert load(key="after").status_code == 200
    finally:
        with migrating.cursor() as cursor:
            cursor.execute("ALTER TABLE infracciones_oficial ALTER COLUMN numero TYPE varchar(40)")
        migrating.close()


def test_a_password_that_was_rotated_is_read_anew(fresh, settings, tmp_path):
    rotated = tmp_path / "database_password"
    new = "another one"
    rotated.write_text(f"{new}\n")
    settings.DATABASE_LOGIN = FileLogin(
        fresh.settings_dict["USER"] or settings.DATABASE_LOGIN.current()["user"], rotated
    )
    assert fresh.get_connection_params()["password"] == new
    fresh.close()
    with pytest.raises(OperationalError, match="password authentication failed"):
        fresh.ensure_connection()


def test_after_an_attempt_that_ran_into_its_time_out_the_next_ones_fail_at_once(fresh, monkeypatch):
    attempts = []

    def hangs(**params):
        attempts.append(params)
        raise fresh.Database.OperationalError("timeout expired")

    monkeypatch.setattr(DatabaseWrapper, "_paused_until", 0.0)
    monkeypatch.setattr("fines.database.base.SLOW_SECONDS", 0.0)
    monkeypatch.setattr(fresh.Database, "connect", hangs)
    fresh.close()
    for _ in range(3):
        with pytest.raises(OperationalError):
            fresh.ensure_connection()
    assert len(attempts) == 1
    monkeypatch.setattr(DatabaseWrapper, "_paused_until", time.monotonic() - 1)
    with pytest.raises(OperationalError):
        fresh.ensure_connection()
    assert len(attempts) == 2


def test_a_statement_that_takes_too_long_is_ended(fresh):
    with fresh.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "8s"
        cursor.execute("SET statement_timeout = 50")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT pg_sleep(5)")
    begin_request(fresh)
    assert backend(fresh)
    assert os.environ.get("DATABASE_TIMEOUT_MS") is None


def test_a_server_that_vanishes_while_it_is_asked_is_given_up_within_seconds():
    """TCP asks whether it is still there, as of the third second; after five it is gone (tcp(7), TCP_USER_TIMEOUT)."""
    options = connections["default"].settings_dict["OPTIONS"]
    assert options["keepalives_idle"] + options["keepalives_interval"] < options["tcp_user_timeout"] / 1000 == 5
    assert options["connect_timeout"] < options["tcp_user_timeout"] / 1000

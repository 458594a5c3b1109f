"""/healthz is the process, /readyz the process and its database."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from infracciones.migrated import pending_migrations


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_the_process_is_well_without_asking_the_database(client, path):
    # no django_db mark: a query would fail the test
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
def test_a_migrated_database_is_ready_and_asked_once(client, path, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration_is_not_ready_and_the_command_says_which(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'infracciones' AND name = '0001_initial'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["mensaje"]
    with pytest.raises(CommandError, match=r"infracciones\.0001_initial"):
        call_command("comprobar_migraciones")


@pytest.mark.django_db
def test_a_database_without_any_migration_lacks_them_all():
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE django_migrations")
        assert "infracciones.0001_initial" in pending_migrations()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_migration_of_a_later_release_does_no_harm(client):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('infracciones', '9999_later', now())"
        )
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_the_names_that_are_looked_for_are_those_that_django_would_apply():
    from django.db.migrations.loader import MigrationLoader
    from infracciones.migrated import _wanted

    assert set(_wanted()) == set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def test_a_database_that_is_away_is_not_ready_and_the_command_says_so(client, monkeypatch):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setattr("infracciones.views.health.pending_migrations", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    monkeypatch.setattr("infracciones.management.commands.comprobar_migraciones.pending_migrations", away)
    with pytest.raises(CommandError, match="connection refused"):
        call_command("comprobar_migraciones")


@pytest.mark.django_db
def test_the_command_succeeds_on_a_migrated_database_and_waits_where_it_is_told_to(monkeypatch, capsys):
    answers = [["infracciones.0002_huella"], []]
    name = "infracciones.management.commands.comprobar_migraciones"
    monkeypatch.setattr(f"{name}.pending_migrations", lambda: answers.pop(0))
    monkeypatch.setattr(f"{name}.PAUSE_SECONDS", 0.01)
    call_command("comprobar_migraciones", esperar=5)
    assert not answers
    assert "all migrations" in capsys.readouterr().err

"""Uploads that come at the same moment, and tokens that are revoked meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections
from infracciones import tokens
from infracciones.models import Carga, Infraccion
from testing.uploads import NDJSON, counts, fine, ndjson

# What is staged goes when a transaction is committed: a test inside one would see the last upload's rows.
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_revoked_while_the_file_comes_takes_nothing(
    upload: Any, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infracciones.views import uploads

    read = uploads._FORMATS[NDJSON]

    def revoking(pieces: Any) -> Any:
        yield from read(pieces)
        # by an administrator, whose session is another one
        thread = threading.Thread(target=lambda: (tokens.revoke(officer), connections.close_all()))
        thread.start()
        thread.join()

    monkeypatch.setitem(uploads._FORMATS, NDJSON, revoking)
    assert upload(ndjson([fine()])).status_code == 401
    assert not Infraccion.objects.exists()


def answered(answers: list[Any], post: Callable[[], Any]) -> threading.Thread:
    """A thread that posts on a connection of its own; its answer is added to the list."""

    def send() -> None:
        try:
            answers.append(post())
        finally:
            connections.close_all()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def waiting() -> bool:
    """Whether an upload waits for somebody else while it writes its rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO infracciones_infraccion%'"
        )
        return cursor.fetchone() is not None


def test_a_token_is_revoked_at_once_while_its_rows_are_written_and_nothing_of_them_is_taken(
    upload: Any, officer: Any, owner: Any
) -> None:
    row, answers = fine(), []
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            # a twin that is not committed: the upload waits for it while it writes
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO infracciones_infraccion (vehiculo_id, oficial_id, timestamp, comentarios, dispositivo_id) "
                "VALUES (%s, %s, now(), '', %s)",
                [owner.vehiculos.get().pk, officer.pk, row["id"]],
            )
            thread = answered(answers, lambda: upload(ndjson([row, fine()])))
            until = time.monotonic() + 10
            while not waiting():
                assert time.monotonic() < until, "the upload did not wait"
            began = time.monotonic()
            revoked = tokens.revoke(officer)
            took = time.monotonic() - began
            cursor.execute("ROLLBACK")
        thread.join()
    finally:
        other.close()
    assert len(revoked) == 1 and took < 2, f"{len(revoked)} tokens after {took:.1f} s"
    assert [answer.status_code for answer in answers] == [401]
    assert not Infraccion.objects.exists() and not Carga.objects.exists()


@pytest.fixture
def no_row_is_checked_under_the_lock() -> Iterator[None]:
    """What the database looks at in the end fails where the token is locked by then."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION unlocked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'RowShareLock'
                           AND relation = 'infracciones_token'::regclass) THEN RAISE 'the token is locked'; END IF;
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER unlocked AFTER INSERT ON infracciones_infraccion
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION unlocked();
        """)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER unlocked ON infracciones_infraccion; DROP FUNCTION unlocked()")


@pytest.mark.usefixtures("no_row_is_checked_under_the_lock")
def test_rows_are_checked_before_the_token_is_locked(upload: Any) -> None:
    assert counts(upload(ndjson([fine(), fine()]))) == (2, 2, 0, 0)


def test_three_uploads_of_one_file_at_once_take_each_row_once(client_class: Any, officer: Any, owner: Any) -> None:
    content = ndjson(fine(comentarios=f"fila {n}") for n in range(300))
    turned = b"".join(reversed(content.splitlines(keepends=True)))
    answers: list[Any] = []

    def send(body: bytes) -> None:
        try:
            headers = {"Authorization": f"Bearer {officer.token}"}
            answers.append(client_class().post("/cargar_infracciones", body, content_type=NDJSON, headers=headers))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(body,)) for body in (content, turned, content)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts(answer)[1] for answer in answers) == 300
    assert sum(counts(answer)[2] for answer in answers) == 600
    assert Infraccion.objects.count() == 300


@pytest.fixture
def client_class() -> Any:
    from django.test import Client

    return Client

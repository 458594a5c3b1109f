"""The same key and fine again returns the first answer, and makes no second fine."""

import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from infracciones import tokens
from infracciones.models import Infraccion, Oficial, Vehiculo
from infracciones.registration import fingerprint, take
from infracciones.tokens import digest

pytestmark = pytest.mark.django_db


def test_the_same_key_and_fine_again_is_answered_as_before(load):
    first, second = load(key="k-1"), load(key="k-1")
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Infraccion.objects.count() == 1


def test_without_a_key_the_same_fine_is_made_twice(load):
    assert load().json()["infraccion"]["id"] != load().json()["infraccion"]["id"]


def test_what_is_compared_is_the_fine_and_not_its_spelling(load):
    first = load(key="k", placa_patente="AB123CD", timestamp="2026-03-04T10:20:30-03:00")
    second = load(key="k", placa_patente="ab 123-cd", timestamp="1772630430.000000")
    assert second.status_code == 200
    assert second.json() == first.json()


@pytest.mark.parametrize(
    "other",
    [{"timestamp": "2026-03-04T10:20:30.000001-03:00"}, {"comentarios": "Luz Roja"}, {"placa_patente": "XY987ZW"}],
)
def test_the_same_key_with_another_fine_is_409(load, owner, other):
    Vehiculo.objects.create(placa_patente="XY987ZW", marca="Fiat", color="rojo", persona=owner)
    load(key="k")
    answer = load(key="k", **other)
    assert answer.status_code == 409
    assert answer.json()["mensaje"]
    assert Infraccion.objects.count() == 1


def test_the_same_key_with_an_unknown_plate_is_another_fine(load):
    load(key="k")
    assert load(key="k", placa_patente="ZZ999ZZ").status_code == 409


def test_a_key_belongs_to_its_officer(load):
    other = Oficial.objects.create(numero="7", nombre="Otro")
    first, second = load(key="k"), load(key="k", token=tokens.issue(other))
    assert second.status_code == 200
    assert second.json()["infraccion"]["id"] != first.json()["infraccion"]["id"]


def test_another_token_of_the_officer_has_the_same_keys(load, officer):
    load(key="k")
    assert load(key="k", token=tokens.issue(officer)).headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("refused", [{"placa_patente": "ZZ999ZZ"}, {"comentarios": None}, {"timestamp": "ayer"}])
def test_a_refused_fine_spends_no_key(load, refused):
    assert load(key="k", **refused).status_code in {404, 422}
    answer = load(key="k")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_a_key_lives_as_long_as_its_fine(load):
    first = load(key="k").json()["infraccion"]["id"]
    Infraccion.objects.all().delete()
    answer = load(key="k")
    assert answer.status_code == 200
    assert answer.json()["infraccion"]["id"] != first


def test_a_fine_that_an_administrator_corrected_is_still_answered_as_it_was_sent(load):
    first = load(key="k")
    Infraccion.objects.update(comentarios="Corregido", timestamp="2026-03-04T11:00:00-03:00")
    Vehiculo.objects.update(placa_patente="AB124CD")
    second = load(key="k")
    assert second.status_code == 200
    assert second.json() == first.json()


def test_a_key_has_1_to_255_characters(load):
    for key in ("", "k" * 256):
        answer = load(key=key)
        assert answer.status_code == 400
        assert "255" in answer.json()["mensaje"]
    for key in ("k", "k" * 255, 'a key, with; all: "that" ASCII has!'):
        assert load(key=key).status_code == 200
    assert Infraccion.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_twins_that_arrive_together_one_makes_the_fine_and_the_others_wait_for_its_answer(load, officer):
    answers, together = [], threading.Barrier(8)

    def post():
        client = Client()
        together.wait()
        try:
            answers.append(
                client.post(
                    "/cargar_infraccion",
                    '{"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": "x"}',
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {officer.token}", "Idempotency-Key": "twins"},
                )
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert Infraccion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("commits", [True, False])
def test_a_twin_waits_for_the_other_whether_it_commits_or_not(load, officer, owner, commits):
    """The first twin holds its transaction open until the second is seen waiting for it."""
    fine = {"plate": "AB123CD", "moment": datetime(2026, 3, 4, tzinfo=UTC), "comment": "", "key": "k"}
    second = []

    def late_twin():
        try:
            second.append(take(token=digest(officer.token), **fine))
        finally:
            connections.close_all()

    thread = threading.Thread(target=late_twin)
    with transaction.atomic():
        first = take(token=digest(officer.token), **fine)
        thread.start()
        with connections.create_connection("default").cursor() as watcher:
            for _ in range(500):
                watcher.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                if watcher.fetchone()[0]:
                    break
                thread.join(0.01)
            else:
                pytest.fail("the second twin did not wait")
            watcher.connection.close()
        assert not second
        transaction.set_rollback(not commits)
    thread.join(10)
    assert second[0].replayed is commits
    assert (second[0].id == first.id) is commits
    assert Infraccion.objects.count() == 1
    assert not connection.in_atomic_block


def test_an_instant_has_one_fingerprint_in_every_time_zone():
    moment = datetime(2026, 3, 4, 13, 20, 30, tzinfo=UTC)
    one = fingerprint(plate="AB", moment=moment, comment="")
    assert one == fingerprint(plate="AB", moment=moment.astimezone(ZoneInfo("Asia/Kathmandu")), comment="")
    assert one != fingerprint(plate="AB", moment=moment, comment="x")

"""What goes wrong is JSON with a sentence, and what is logged is JSON with the request's id."""

import json
import logging
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from fines.logs import JsonFormatter, request_id
from infracciones.models import Persona


@pytest.fixture
def lenient():
    """A client that gets the answer to an unforeseen error, as a person would."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", ["/", "/nada", "/cargar_infraccion/x", "/favicon.ico", "/static/nada.css"])
def test_an_address_that_does_not_exist_is_404_in_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["mensaje"]


def test_a_host_that_is_not_ours_is_400_in_json(client):
    answer = client.get("/generar_informe", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["mensaje"]


def test_health_is_answered_whatever_the_host_is_called(client):
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.django_db
def test_what_nobody_foresaw_is_500_in_json_and_leads_to_the_log(lenient, monkeypatch, caplog):
    def fails(mail):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr("infracciones.views.reports.person", fails)
    answer = lenient.get("/generar_informe?correo=a@b", headers={"X-Request-Id": "0123456789abcdef"})
    assert answer.status_code == 500
    assert "0123456789abcdef" in answer.json()["mensaje"]
    assert "unforeseen" in caplog.text
    assert "unforeseen" not in answer.content.decode()


def test_a_database_that_is_away_is_503_with_a_word_on_when_to_try_again(lenient, monkeypatch):
    def fails(mail):
        raise OperationalError("connection refused")

    monkeypatch.setattr("infracciones.views.reports.person", fails)
    answer = lenient.get("/generar_informe?correo=a@b")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["mensaje"]


@pytest.mark.django_db
def test_a_query_of_the_office_that_takes_too_long_is_503_on_a_page(lenient, monkeypatch, plain_static_files):
    def fails(*_):
        raise OperationalError("canceling statement due to statement timeout")

    lenient.force_login(get_user_model().objects.create_superuser("jefa"))
    monkeypatch.setattr("infracciones.admin.people.OficialAdmin.get_queryset", fails)
    answer = lenient.get("/admin/infracciones/oficial/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert answer.headers["Retry-After"] and "busque algo más preciso" in answer.content.decode()


def test_the_id_that_the_proxy_gave_comes_back_and_stands_in_the_log(client, caplog):
    with caplog.at_level(logging.INFO, "fines.request"):
        answer = client.get("/nada?correo=secreto@ejemplo.com", headers={"X-Request-Id": "5f3a-proxy.id"})
    assert answer.headers["X-Request-Id"] == "5f3a-proxy.id"
    record = caplog.records[-1]
    assert (record.path, record.status, record.method) == ("/nada", 404, "GET")
    assert "secreto" not in caplog.text


@pytest.mark.parametrize("given", [None, "short", "x" * 65, "line\u2028break", 'quote"quote'])
def test_a_request_without_a_proper_id_is_given_one(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    name = client.get("/healthz", headers=headers).headers["X-Request-Id"]
    assert name != given
    assert len(name) == 32


HOSTS_SETTINGS = Path(__file__).resolve().parents[2] / "stacks/host/postgresql/postgresql.conf"


@pytest.mark.django_db
def test_what_the_hosts_database_logs_of_slow_and_failed_statements_quotes_nobody(postgres, owner):
    found = re.findall(r"^(log_(?:min|statement|error|duration)\w*) = (\S+)$", HOSTS_SETTINGS.read_text(), re.MULTILINE)
    assert "log_min_duration_statement" in dict(found), found
    before = len((postgres.folder / "log").read_text())
    with connection.cursor() as cursor:
        for name, value in found:
            cursor.execute(f"SET {name} = {value}")
        cursor.execute("SELECT pg_sleep(0.6), %s", ["words-of-a-slow-one"])
        with pytest.raises(IntegrityError), transaction.atomic():
            Persona.objects.create(nombre="words-of-a-failed-one", correo=owner.correo)
        for name, _value in found:
            cursor.execute(f"RESET {name}")
    log = (postgres.folder / "log").read_text()[before:]
    assert "persona_correo_unico" in log, "the error itself is logged"
    assert not re.findall(r".*(?:words-of|jose\.pena).*", log, re.IGNORECASE), log


def test_a_log_line_is_one_json_object_with_what_was_given_besides():
    mark = request_id.set("abcdefgh")
    try:
        try:
            raise ValueError("señal\nsecond line")
        except ValueError:
            record = logging.getLogger("x").makeRecord("x", 40, "f", 1, "said %s", ("ñ",), __import__("sys").exc_info())
        record.status = 500
        text = JsonFormatter().format(record)
    finally:
        request_id.reset(mark)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["message"], line["request_id"], line["status"], line["level"]) == ("said ñ", "abcdefgh", 500, "ERROR")
    assert "second line" in line["exception"]

"""The log has CloudWatch's embedded metrics: how often, how long, and what became of the fines."""

import json
import logging
import time

import pytest
from fines.logs import JsonFormatter
from testing.uploads import fine, ndjson

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog, settings):
    """The lines of the log since, as they are written."""
    settings.METRIC_NAMESPACE = "Fines/test"
    caplog.set_level(logging.INFO)

    def written():
        formatter = JsonFormatter()
        return [json.loads(formatter.format(r)) for r in caplog.records if r.name == "fines.request"]

    return written


def of(line):
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Fines/test"
    assert directive["Dimensions"] == [["Call"]]
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert units["Latency"] == "Milliseconds"
    values = {name: line[name] for name in units}
    assert all(isinstance(value, (int, float)) for value in values.values())
    assert values.pop("Latency") >= 0
    return line["Call"], values


def test_a_fine_is_counted_as_accepted_repeated_or_refused(load, lines):
    load(key="a")
    load(key="a")
    load(placa_patente="ZZ999ZZ")
    load(token="nobody")  # a stranger's is no fine
    counted = [of(line) for line in lines()]
    base = {
        "Requests": 1,
        "ClientErrors": 0,
        "ServerErrors": 0,
        "FinesAccepted": 0,
        "FinesRepeated": 0,
        "FinesRefused": 0,
    }
    assert counted == [
        ("cargar_infraccion", base | {"FinesAccepted": 1}),
        ("cargar_infraccion", base | {"FinesRepeated": 1}),
        ("cargar_infraccion", base | {"FinesRefused": 1, "ClientErrors": 1}),
        ("cargar_infraccion", base | {"ClientErrors": 1}),
    ]


def test_the_rows_of_a_file_are_counted_each_as_what_became_of_it(upload, lines):
    again = fine()
    upload(ndjson([again, fine()]))
    upload(ndjson([again, fine(), fine(), fine(placa_patente="ZZ999ZZ"), fine(placa_patente="ZZ999ZZ"), {}, {}]))
    counted = [of(line)[1] for line in lines()]
    assert [[each[f"Fines{what}"] for what in ("Accepted", "Repeated", "Refused")] for each in counted] == [
        [2, 0, 0],
        [2, 1, 4],
    ]


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/generar_informe?correo=x@y.z", "generar_informe"),
        ("/admin/", "admin"),
        ("/made/up", "unknown"),
        ("/token", "token"),
        ("/infracciones/7/evidencia", "evidencia"),
        ("/docs", "docs"),
    ],
)
def test_each_call_has_its_name_and_what_is_made_up_has_one_for_all(client, lines, path, call, plain_static_files):
    client.get(path)
    [line] = lines()
    name, values = of(line)
    assert name == call
    assert "FinesAccepted" not in values


def test_load_balancers_are_not_counted(client, lines):
    client.get("/healthz")
    client.get("/readyz")
    assert lines() == []


def test_without_a_namespace_the_log_has_no_metrics(client, lines, settings):
    settings.METRIC_NAMESPACE = ""
    client.get("/token")
    assert "_aws" not in lines()[0]

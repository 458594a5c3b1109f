"""Fines that are lost, doubled or sent to one container alone."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited
from rehearsal.breaks.service import changed, one_container_unknown, ports, start
from rehearsal.checks import Subject
from rehearsal.checks.single.traffic import (
    a_container_killed_under_load_costs_no_acknowledged_fine,
    five_hundred_fines_by_eight_officers_are_each_acknowledged_once_and_in_the_report_of_their_owner,
    requests_reach_every_container,
)

_CONNECTED = "    connection.ensure_connection()\n"
# Django closes a connection that is left in a transaction once the request is over.
_NEVER_COMMITTED = _CONNECTED + "    connection.get_autocommit() and connection.set_autocommit(False)\n"
_COMMITTED_LATER = (
    _CONNECTED
    + """\
    raw = connection.connection
    if raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        import threading
        raw.autocommit = False
        threading.Timer(0.3, raw.commit).start()
"""
)
_OF_ITS_PLATE = "infracciones_vehiculo WHERE placa_patente = $2\n), made"
_OF_ONE_PLATE = {_OF_ITS_PLATE: _OF_ITS_PLATE.replace("$2", "CASE WHEN $2 LIKE 'PRU%' THEN 'PRU000' ELSE $2 END")}
_TWICE = """\
    mirror /_twice;
    proxy_set_header Idempotency-Key "";
  }
  location = /_twice {
    internal;
    rewrite ^ /cargar_infraccion break;
    include /etc/nginx/fines/proxy.inc;
    proxy_set_header Idempotency-Key "";
  }
"""


@breaks(
    five_hundred_fines_by_eight_officers_are_each_acknowledged_once_and_in_the_report_of_their_owner,
    says="is 0 times in the report",
)
def the_service_acknowledges_and_does_not_commit(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "infracciones/registration.py", {_CONNECTED: _NEVER_COMMITTED}):
        yield


@breaks(
    five_hundred_fines_by_eight_officers_are_each_acknowledged_once_and_in_the_report_of_their_owner,
    says=" is 1 times in the report",
    again=True,
)
def nginx_drops_the_key_and_sends_fines_twice(subject: Subject) -> Iterator[None]:
    sent = "    proxy_next_upstream error timeout invalid_header non_idempotent;\n  }\n  location /generar_informe {\n"
    twice = sent.replace("  }\n", _TWICE, 1)
    with edited(subject.host, NGINX, {sent: twice}, then=RELOAD_NGINX):
        yield


@breaks(
    five_hundred_fines_by_eight_officers_are_each_acknowledged_once_and_in_the_report_of_their_owner,
    says="is Entry(owner='persona0@prueba.example'",
)
def fines_of_all_plates_are_given_to_one(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "infracciones/registration.py", _OF_ONE_PLATE):
        yield


@breaks(requests_reach_every_container, says="these got no request: ['127.0.0.1:", again=True)
def nginx_does_not_know_of_a_container(subject: Subject) -> Iterator[None]:
    with one_container_unknown(subject.host):
        yield


@breaks(a_container_killed_under_load_costs_no_acknowledged_fine, says="is 0 times in the report")
def the_service_acknowledges_a_moment_before_it_commits(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "infracciones/registration.py", {_CONNECTED: _COMMITTED_LATER}):
        yield


@breaks(
    a_container_killed_under_load_costs_no_acknowledged_fine,
    says="the killed container did not come back",
    BACK_SECONDS=10,
)
def nobody_starts_a_container_again(subject: Subject) -> Iterator[None]:
    host, unit, running = subject.host, "/etc/containers/systemd/fines-web@.container", ports(subject.host)
    with edited(host, unit, {"Restart=always": "Restart=no"}, then="systemctl daemon-reload"):
        yield
    start(host, running)


@breaks(a_container_killed_under_load_costs_no_acknowledged_fine, says="that another container could have answered")
def nginx_asks_one_container_alone(subject: Subject) -> Iterator[None]:
    again = "    proxy_next_upstream error timeout invalid_header non_idempotent;\n  }\n  location /generar_informe {\n"
    with edited(
        subject.host,
        NGINX,
        {again: again.replace("error timeout invalid_header non_idempotent", "off")},
        then=RELOAD_NGINX,
    ):
        yield

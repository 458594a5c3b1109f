"""Metrics that do not say what happened."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.breaks.service import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.metrics import what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch


@breaks(what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch, says="'FinesRepeated': 0")
def the_service_counts_a_repeated_fine_as_a_new_one(subject: Subject) -> Iterator[None]:
    twice = {"Counts(repeated=1) if taken.replayed else Counts(accepted=1)": "Counts(accepted=1)"}
    with changed(subject.host, "infracciones/views/fines.py", twice):
        yield


@breaks(what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch, says="has a latency of")
def seconds_are_told_for_milliseconds(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "fines/metrics.py", {'"Latency": milliseconds,': '"Latency": milliseconds / 1000,'}):
        yield


@breaks(what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch, says="the metrics grew by")
def a_dimension_is_no_text(subject: Subject) -> Iterator[None]:
    with changed(subject.host, "fines/metrics.py", {'"Call": call, **values': '"Call": 7, **values'}):
        yield


@breaks(what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch, says="these have no line of now")
def the_agent_is_told_of_another_file_than_nginx_writes(subject: Subject) -> Iterator[None]:
    other = {"/var/log/nginx/fines.log": "/var/log/nginx/none.log"}
    with edited(subject.host, "/opt/fines/host/cloudwatch-agent.json", other):
        yield

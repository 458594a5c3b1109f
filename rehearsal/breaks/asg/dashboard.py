"""Graphs that stay empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import BreakError, breaks
from rehearsal.checks import Subject
from rehearsal.checks.asg.dashboard import (
    each_figure_of_the_dashboard_that_is_not_made_by_aws_alone_is_there_after_load as check,
)


@breaks(check, says="FinesAccepted cargarInfraccion", again=True, PATIENCE=20.0)
def a_graph_asks_for_a_call_by_a_name_that_the_service_does_not_know(subject: Subject) -> Iterator[None]:
    with _other_body(subject, '"cargar_infraccion"', '"cargarInfraccion"'):
        yield


@breaks(check, says="have no data: AWS/AutoScaling GroupMinimumSize", again=True, tier="asg", PATIENCE=20.0)
def a_graph_asks_for_a_figure_of_the_group_that_auto_scaling_does_not_count(subject: Subject) -> Iterator[None]:
    with _other_body(subject, '"GroupMinSize"', '"GroupMinimumSize"'):
        yield


@contextmanager
def _other_body(subject: Subject, text: str, other: str) -> Iterator[None]:
    """The dashboard with a text replaced by another."""
    cloudwatch, name = subject.tier.client("cloudwatch"), subject.outputs["DashboardName"]
    before = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
    if text not in before:
        raise BreakError(f"the dashboard has no {text}: the break must be brought up to date")
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=before.replace(text, other))
    try:
        yield
    finally:
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=before)

"""The dashboard that a person looks at: each figure that AWS alone does not make is really there after load."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.agent import send_logs
from rehearsal.checks.answers import answered
from rehearsal.checks.people import People

# Made by AWS alone: not_rehearsed names them.
ONLY_ON_AWS = {"AWS/ApplicationELB", "AWS/EC2", "AWS/RDS", "ContainerInsights"}
PATIENCE = 60.0  # seconds: figures of a group come four times a minute
_SINCE = 1800.0  # seconds: as long as a figure of this check may be old


@dataclass(frozen=True)
class Figure:
    """A metric as a graph names it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.namespace} {self.name} {' '.join(value for _, value in self.dimensions)}"


@check("asg", beside=True)
def each_figure_of_the_dashboard_that_is_not_made_by_aws_alone_is_there_after_load(subject: Subject) -> str:
    widgets = _body(subject)["widgets"]
    if lacking := _alarms_lacking(subject, widgets):
        raise CheckError(f"the dashboard has no state of {len(lacking)} alarms, the first: {lacking[0]}")
    shown = {figure for widget in widgets for figure in _figures(widget)}
    ours = {figure for figure in shown if figure.namespace not in ONLY_ON_AWS}
    if len(ours) < 10:
        raise CheckError(f"the dashboard shows {len(ours)} figures that are not of AWS alone")
    hosts = subject.hosts if "GroupName" in subject.outputs else []  # the logs of pods are collected all the time
    for host in hosts:  # from when its log is followed, each line is kept for the agent
        send_logs(subject, host=host)
    _use(subject)
    deadline = time.monotonic() + PATIENCE
    while empty := sorted(str(figure) for figure in ours if not _points(subject, figure)):
        if time.monotonic() > deadline:
            raise CheckError(f"{len(empty)} of {len(ours)} figures have no data: {'; '.join(empty)}")
        time.sleep(1)
        for host in hosts:
            send_logs(subject, host=host)
    titles = [widget["properties"]["title"] for widget in widgets]
    return f"{len(titles)} widgets; {len(ours)} figures have data, {len(shown) - len(ours)} are made by AWS alone"


def _body(subject: Subject) -> dict[str, Any]:
    name = subject.outputs["DashboardName"]
    body: dict[str, Any] = json.loads(
        subject.tier.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    )
    return body


def _alarms_lacking(subject: Subject, widgets: list[dict[str, Any]]) -> list[str]:
    """The stack's alarms whose state no widget shows."""
    shown = {arn for widget in widgets if widget["type"] == "alarm" for arn in widget["properties"]["alarms"]}
    found = subject.tier.client("cloudwatch").describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    if not found:
        raise CheckError("the stack has no alarm")
    return sorted(alarm["AlarmName"] for alarm in found if alarm["AlarmArn"] not in shown)


def _figures(widget: dict[str, Any]) -> Iterator[Figure]:
    """The metrics of a graph; its expressions are of metrics that stand beside them."""
    for entry in widget["properties"].get("metrics", []):
        words = [each for each in entry if isinstance(each, str)]
        if words:
            namespace, name, *rest = words
            yield Figure(namespace, name, tuple(zip(rest[::2], rest[1::2], strict=True)))


def _points(subject: Subject, figure: Figure) -> list[Any]:
    now = time.time()
    points: list[Any] = subject.tier.client("cloudwatch").get_metric_statistics(
        Namespace=figure.namespace,
        MetricName=figure.name,
        Dimensions=[{"Name": name, "Value": value} for name, value in figure.dimensions],
        StartTime=now - _SINCE,
        EndTime=now + 60,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return points


def _use(subject: Subject) -> None:
    """Fines one by one and in a file, each taken, repeated and refused, and a report."""
    people = People.make(subject, officers=1, owners=1)
    good = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "tablero"}
    unknown = good | {"placa_patente": "NADIE0"}
    row = good | {"id": str(uuid.uuid4())}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    lines = [row, row, unknown | {"id": str(uuid.uuid4())}]
    file = "".join(f"{json.dumps(each)}\n" for each in lines).encode()
    with people.client() as client:
        for _ in range(2):
            answered(client.post("/cargar_infraccion", json=good, headers=people.bearer(0) | key), 200)
        answered(client.post("/cargar_infraccion", json=unknown, headers=people.bearer(0)), 404)
        kind = {"Content-Type": "application/x-ndjson"}
        answered(client.post("/cargar_infracciones", content=file, headers=people.bearer(0) | kind), 200)
        answered(client.get("/generar_informe", params={"correo": people.owners[0]}, headers=people.bearer(0)), 200)

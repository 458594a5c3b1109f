"""The figures that the host sends of itself, as CloudWatch has them."""

from __future__ import annotations

import time

from rehearsal.checks import Subject


def figures(subject: Subject, metric: str, *, since: float) -> list[float]:
    """The greatest figure of each minute since a moment (seconds since 1970), oldest first."""
    points = subject.tier.client("cloudwatch").get_metric_statistics(
        Namespace=f"Fines/{subject.stack}",
        MetricName=metric,
        StartTime=since,
        EndTime=time.time() + 60,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return [float(point["Maximum"]) for point in sorted(points, key=lambda point: point["Timestamp"])]


def sent_now(subject: Subject, metric: str) -> list[float]:
    """What CloudWatch has since this call, once the host's own script has run, as its timer lets it each minute."""
    began = time.time()
    subject.host.run("systemctl", "start", "fines-metrics.service", timeout=60)
    return figures(subject, metric, since=began)

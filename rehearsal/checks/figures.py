"""The figures that the host sends of itself, and those of the service's log, as CloudWatch has them."""

from __future__ import annotations

import time

from rehearsal.checks import Subject


def figures(
    subject: Subject, metric: str, *, since: float, statistic: str = "Maximum", call: str | None = None
) -> list[float]:
    """A statistic of each minute since a moment (seconds since 1970), oldest first; the service's are of a call."""
    points = subject.tier.client("cloudwatch").get_metric_statistics(
        Namespace=f"Fines/{subject.stack}",
        MetricName=metric,
        Dimensions=[] if call is None else [{"Name": "Call", "Value": call}],
        StartTime=since,
        EndTime=time.time() + 60,
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [float(point[statistic]) for point in sorted(points, key=lambda point: point["Timestamp"])]


def sent_now(subject: Subject, metric: str, *, unit: str = "fines-metrics") -> list[float]:
    """What CloudWatch has since this call, once the host's own script has run, as its timer lets it again and again."""
    began = time.time()
    subject.host.run("systemctl", "start", f"{unit}.service", timeout=60)
    return figures(subject, metric, since=began)

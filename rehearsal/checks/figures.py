"""The figures that the host sends of itself, and those of the service's log, as CloudWatch has them."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject


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


def sent_now(subject: Subject, metric: str, *, unit: str = "fines-metrics", statistic: str = "Maximum") -> list[float]:
    """What CloudWatch has since this call, once the host's own script has run, as its timer lets it again and again."""
    began = time.time()
    # systemd starts nothing more than five times in ten seconds, unless it is told to forget those before
    subject.host.run("systemctl", "reset-failed", f"{unit}.service", check=False)
    subject.host.run("systemctl", "start", f"{unit}.service", timeout=60)
    return figures(subject, metric, since=began, statistic=statistic)


def age_sent(subject: Subject, metric: str, *, unit: str = "fines-metrics") -> float:
    """The age that CloudWatch has, in seconds, once the host's own script has run.

    Raises:
        CheckError: the script sent none.
    """
    if not (sent := sent_now(subject, metric, unit=unit)):
        raise CheckError(f"the script of {unit} sent no {metric}")
    return max(sent)


def proven_age(subject: Subject, what: str, *, since: float, unit: str, within: float) -> float:
    """The age of the proven backup, or what it is called, that CloudWatch has since a drill's end; what came before is another's.

    All are seconds. The unit is what a timer starts again and again, so that nobody waits for it.

    Raises:
        CheckError: CloudWatch has no age below an hour in time.
    """
    seen: list[float] = []
    while time.time() < since + within:
        # one that the timer had just begun may have looked before the drill's end
        subject.host.run("systemctl", "start", f"{unit}.service", timeout=60, check=False)
        seen = figures(subject, "ProvenBackupAgeSeconds", since=since)
        if seen and 0 <= seen[-1] < 3600:
            return seen[-1]
        time.sleep(4)
    raise CheckError(
        f"{within:.0f} s after the drill CloudWatch has no age of a proven {what} below an hour, but {seen}"
    )

"""The CronJobs of the tier: which of them set the minimum of pods and when, and the work of one done now."""

from __future__ import annotations

import json
import time

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.kubectl import kubectl, objects

_KEPT_SECONDS = 60


def changes(subject: Subject, zone: str) -> dict[int, str]:
    """The CronJobs that set the minimum, by the minutes of the day at which they fire."""
    found = {}
    for each in objects(subject, "cronjobs", "--selector=app=minimum"):
        spec, name = each["spec"], each["metadata"]["name"]
        minute, hour, *rest = spec["schedule"].split()
        if rest != ["*", "*", "*"] or spec.get("timeZone") != zone or spec.get("suspend"):
            raise CheckError(
                f"{name} fires at {spec['schedule']!r} in {spec.get('timeZone')}, suspended or not each day"
            )
        found[int(hour) * 60 + int(minute)] = name
    if not found:
        raise CheckError("no CronJob sets the minimum")
    return found


def run_now(subject: Subject, cron: str, *, seconds: int = 120, **environment: str) -> None:
    """Has a CronJob's work done now, with more in its environment; returns once it is over.

    Raises:
        CheckError: it failed, or took longer; with its last words.
    """
    name = f"{cron}-{time.time_ns() % 10**9}"
    made = json.loads(
        kubectl(subject, "create", "job", name, f"--from=cronjob/{cron}", "--dry-run=client", "--output=json")
    )
    made["spec"] |= {"backoffLimit": 0, "ttlSecondsAfterFinished": _KEPT_SECONDS}  # its log is read meanwhile
    for container in made["spec"]["template"]["spec"]["containers"]:
        container["env"] = [
            *container.get("env", []),
            *({"name": key, "value": value} for key, value in environment.items()),
        ]
    kubectl(subject, "create", "--filename=-", input=json.dumps(made))
    deadline = time.monotonic() + seconds
    while not (told := json.loads(kubectl(subject, "get", f"job/{name}", "--output=json"))["status"]).get("succeeded"):
        if told.get("failed") or time.monotonic() > deadline:
            words = kubectl(subject, "logs", f"job/{name}", "--tail=5")
            raise CheckError(f"the Job of {cron} is not done: {told}; its last words: {words.strip()[-300:]}")
        time.sleep(0.5)

"""The clocks that the schedule goes by: those of its time zone, and Kubernetes' own controller that looks at them."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.eks.crons import changes
from rehearsal.checks.kubectl import kubectl, objects

LATE_SECONDS = 30.0  # that a Job may come after its minute began
FIRES_SECONDS = 150.0


@check("eks", beside=True)
def a_change_fires_by_the_clocks_of_its_time_zone_and_the_same_minutes_read_as_utc_would_not(subject: Subject) -> str:
    zone = str(subject.context["timezone"])
    now = datetime.now(ZoneInfo(zone))
    if now.utcoffset() == timedelta(0):
        raise CheckError(f"the clocks of {zone} show UTC now: nothing would be seen")
    soon = [now + timedelta(minutes=number) for number in (1, 2)]
    if soon[0].hour != soon[1].hour:
        soon = soon[:1]
    schedule = f"{','.join(str(each.minute) for each in soon)} {soon[0].hour} * * *"
    _, name = min(changes(subject, zone).items())
    given = json.loads(kubectl(subject, "get", f"cronjob/{name}", "--output=json"))
    made = {f"clock-{word}": each for word, each in (("here", zone), ("utc", "Etc/UTC"))}
    try:
        for own, each in made.items():
            spec = given["spec"] | {"schedule": schedule, "timeZone": each}
            body = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": own}, "spec": spec}
            kubectl(subject, "create", "--filename=-", input=json.dumps(body))
        fired = _fired(subject, "clock-here")
        due = soon[0].replace(second=0, microsecond=0)
        late = (fired - due).total_seconds() % 60
        if fired < due or late > LATE_SECONDS:
            raise CheckError(
                f"what was due at {due:%H:%M} in {zone} fired at {fired.astimezone(ZoneInfo(zone)):%H:%M:%S}"
            )
        if _jobs(subject, "clock-utc"):
            raise CheckError(f"the minutes {schedule} fired as UTC too")
    finally:
        for own in made:
            kubectl(subject, "delete", f"cronjob/{own}", "--ignore-not-found", "--wait=false")
    return f"{schedule!r} fired {late:.0f} s into its minute in {zone}, and not as UTC"


def _fired(subject: Subject, name: str) -> datetime:
    deadline = time.monotonic() + FIRES_SECONDS
    while not (made := _jobs(subject, name)):
        if time.monotonic() > deadline:
            raise CheckError(f"a CronJob that was due within two minutes did not fire within {FIRES_SECONDS:.0f} s")
        time.sleep(1)
    return datetime.fromisoformat(min(made))


def _jobs(subject: Subject, cron: str) -> list[str]:
    """When the Jobs of a CronJob were made."""
    told = [each["metadata"] for each in objects(subject, "jobs")]
    return [
        each["creationTimestamp"]
        for each in told
        if any(owner["name"] == cron for owner in each.get("ownerReferences", []))
    ]

"""Sets the least number of pods to what it is at this time of day, by the clocks of the deployment's time zone.

MINIMUM_TIMES is JSON, [["07:50", 6], ["09:00", 2]]: from when on it is how much, around the clock. Asked at another moment than
it should have been, it does what is right then. MINIMUM_AT is a time of day for who tries a day by hand; by default it is now.
"""

import json
import os
import ssl
import urllib.request
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fines.jobs.said import ending, figure, say

# Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def least(times: list[tuple[str, int]], at: str) -> int:
    """What holds at a time of day like 08:15: what the change before it says, or the last one of the day before."""
    ordered = sorted(times)
    before = [pods for time, pods in ordered if time <= at]
    return before[-1] if before else ordered[-1][1]


def now_on_the_clocks(zone: str) -> str:
    """The time of day there."""
    return datetime.now(ZoneInfo(zone)).strftime("%H:%M")


def set_minimum(namespace: str, scaler: str, pods: int, *, account: Path = _ACCOUNT) -> None:
    """Changes that one figure of a HorizontalPodAutoscaler, and nothing else of it.

    Raises:
        OSError: the API cannot be reached, or refuses.
    """
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    place = f"https://{host}:{port}/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{scaler}"
    request = urllib.request.Request(
        place,
        data=json.dumps({"spec": {"minReplicas": pods}}).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {(account / 'token').read_text()}",
            "Content-Type": "application/merge-patch+json",
        },
    )
    trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
    with urllib.request.urlopen(request, timeout=20, context=trusted) as answer:  # noqa: S310
        answer.read()


def main() -> None:
    times = [(str(time), int(pods)) for time, pods in json.loads(os.environ["MINIMUM_TIMES"])]
    at = os.environ.get("MINIMUM_AT") or now_on_the_clocks(os.environ["TIME_ZONE"])
    pods = least(times, at)
    set_minimum(os.environ["MINIMUM_NAMESPACE"], os.environ["MINIMUM_SCALER"], pods)
    figure("LeastPods", pods, "Count")
    say(f"at {at} in {os.environ['TIME_ZONE']} there are {pods} pods at least")


if __name__ == "__main__":
    with ending("the schedule"):
        main()

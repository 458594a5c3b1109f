"""What EC2 gives CloudWatch of machines' processors: the time that a machine really took of this system's, as a share of all of it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from ministack.services import autoscaling

from rehearsal.cloud.figures import note

EVERY = 1.0  # seconds
_TOP = Path("/sys/fs/cgroup")


class Processors:
    """What each machine had taken when it was looked at last."""

    def __init__(self, processors: int) -> None:
        """`processors` are those that a machine sees: this system's."""
        self._processors = processors
        self._seen: dict[str, tuple[float, float]] = {}  # by instance: when, and seconds of processors until then

    def tell(self) -> None:
        """Tells each instance's share since the last look in percent, and that of its group while it is in service.

        AWS counts what is launched or warms up out of what a policy follows; so it is counted out of the group's here.
        """
        for group, record in list(autoscaling._asgs.items()):
            for instance in list(record["Instances"]):
                id = instance["InstanceId"]
                if (share := self._share(id)) is None:
                    continue
                sets = [{"InstanceId": id}]
                if instance["LifecycleState"] == "InService":
                    sets.append({"AutoScalingGroupName": group})
                note("AWS/EC2", "CPUUtilization", share, *sets, unit="Percent")

    def _share(self, id: str) -> float | None:
        now, taken = time.monotonic(), taken_by(f"fines-{id}")
        if taken is None:
            self._seen.pop(id, None)
            return None
        before = self._seen.get(id)
        self._seen[id] = (now, taken)
        if before is None or now <= before[0]:
            return None
        return min(100.0, 100 * (taken - before[1]) / ((now - before[0]) * self._processors))


def taken_by(cgroup: str) -> float | None:
    """The seconds of processors that the processes of a cgroup took, those of its children too; None where it is gone."""
    for place in (_TOP / cgroup, _TOP / "unified" / cgroup):
        with contextlib.suppress(OSError):
            for line in (place / "cpu.stat").read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "usage_usec":
                    return int(value) / 1_000_000
    return None

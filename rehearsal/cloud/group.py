"""One Auto Scaling group as it is now: its instances, and what its target groups know of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ministack.services import alb, autoscaling

from rehearsal.cloud.policies import Properties

DRAINED = 300.0  # seconds after which a target that is still drained is not waited for
Health = Callable[[str, str], str]  # what a load balancer finds of a target, by target group and instance


@dataclass
class Group:
    """A group's instances are MiniStack's records; what it does not keep of them is kept here."""

    name: str
    stack: str
    logical_id: str
    properties: Properties
    health: Health
    lock: threading.RLock = field(default_factory=threading.RLock)
    ending: dict[str, threading.Thread] = field(default_factory=dict)
    died: dict[str, float] = field(default_factory=dict)
    entered: dict[str, float] = field(default_factory=dict)  # when each instance came into service
    replacing: bool = False  # while machines are replaced there are more of them than desired
    abandoned: set[str] = field(default_factory=set)  # instances that said that they do not serve, or said nothing

    @property
    def desired(self) -> int:
        return int(autoscaling._asgs[self.name]["DesiredCapacity"])

    @property
    def subnets(self) -> list[str]:
        found: str = autoscaling._asgs[self.name]["VPCZoneIdentifier"]
        return found.split(",")

    @property
    def records(self) -> list[Properties]:
        records: list[Properties] = autoscaling._asgs[self.name]["Instances"]
        return records

    @property
    def serving(self) -> list[Properties]:
        """The instances that are not being ended."""
        return [record for record in self.records if not record["LifecycleState"].startswith("Terminating")]

    @property
    def targets(self) -> list[str]:
        """The target groups that its machines are registered with."""
        return list(self.properties.get("TargetGroupARNs", []))

    def is_present(self, record: Properties) -> bool:
        """Whether an instance is of the launch template and version that the group has now."""
        chosen, own = self.properties["LaunchTemplate"], record["LaunchTemplate"]
        return (own["LaunchTemplateId"], own["Version"]) == (chosen["LaunchTemplateId"], str(chosen["Version"]))

    def surplus(self) -> list[Properties]:
        """The instances that are too many, as AWS's default termination policy chooses them.

        One at a time: from the zone that has the most, of a template that is past before others, the oldest first.
        """
        if self.replacing:
            return []
        left, chosen = self.serving, []
        while len(left) > self.desired:
            zones = Counter(record["AvailabilityZone"] for record in left)
            fullest = [record for record in left if zones[record["AvailabilityZone"]] == max(zones.values())]
            chosen.append(min(fullest, key=self.is_present))
            left = [record for record in left if record not in chosen]
        return chosen

    def enter(self, record: Properties) -> None:
        """Puts an instance into service: its target groups send it requests as soon as they find it healthy."""
        id = record["InstanceId"]
        record["LifecycleState"] = "InService"
        self.entered[id] = time.monotonic()
        for target_group in self.targets:
            alb._targets.setdefault(target_group, []).append({"Id": id, "Port": alb._tgs[target_group]["Port"]})

    def leave(self, id: str) -> None:
        """Takes an instance out of its target groups, and waits until these have drained it."""
        for target_group in self.targets:
            alb._targets[target_group] = [each for each in alb._targets.get(target_group, []) if each["Id"] != id]
        deadline = time.monotonic() + DRAINED
        while time.monotonic() < deadline and any(self.health(each, id) != "unused" for each in self.targets):
            time.sleep(0.2)

    def is_found_healthy(self, id: str) -> bool:
        """Whether an instance is in service, and all its target groups find it healthy."""
        return id in self.entered and all(self.health(each, id) == "healthy" for each in self.targets)

    def fails_its_checks(self, id: str) -> bool:
        """Whether a load balancer finds an instance unhealthy that it had its time to find healthy."""
        if self.properties.get("HealthCheckType") != "ELB" or id not in self.entered:
            return False
        grace = float(self.properties.get("HealthCheckGracePeriod", 0))
        if time.monotonic() < self.entered[id] + grace:
            return False
        return any(self.health(each, id) == "unhealthy" for each in self.targets)

    def await_endings(self) -> None:
        """Waits until all instances that are being ended are gone."""
        for thread in list(self.ending.values()):
            thread.join()

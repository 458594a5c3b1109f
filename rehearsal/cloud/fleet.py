"""What stands behind Auto Scaling groups: machines that boot, policies that wait for their signals, hooks, replacement.

A group keeps its desired number of machines. CreationPolicy and UpdatePolicy are read from the stack's template, as
CloudFormation does. What ends, in a rolling update with MinInstancesInService 0 or because it is unhealthy, begins to end first;
its successor is launched without waiting for that (the hook, the machine's own stop), as AWS does.
"""

from __future__ import annotations

import contextvars
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ministack.services import alb, autoscaling, ec2
from ministack.services.cloudformation import provisioners, stacks

from rehearsal.cloud import events
from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.events import Events
from rehearsal.cloud.groups import note_what_is_dropped, sizes, unmodified
from rehearsal.cloud.hooks import LAUNCHING, TERMINATING, Hooks, hook_of
from rehearsal.cloud.policies import Properties, policies_of, seconds_of
from rehearsal.cloud.signals import Signals
from rehearsal.cloud.suspended import Suspended

log = logging.getLogger("rehearsal.fleet")
GROUP = "AWS::AutoScaling::AutoScalingGroup"
NOTICE = 3.0  # seconds after which a machine without power counts as unhealthy; on AWS, some minutes
WARMUP = 3.0  # seconds at most of a refresh's warm-up: metrics that settle are nothing that a rehearsal waits for
SERVES = 600.0  # seconds within which a new machine of a refresh must serve
DRAINED = 300.0


class RefreshError(RuntimeError):
    """An instance refresh failed; with AWS's kind of words for it."""


@dataclass
class _Group:
    name: str
    stack: str
    logical_id: str
    properties: Properties
    lock: threading.RLock = field(default_factory=threading.RLock)
    ending: dict[str, threading.Thread] = field(default_factory=dict)
    died: dict[str, float] = field(default_factory=dict)
    entered: dict[str, float] = field(default_factory=dict)  # when each instance came into service
    abandoned: set[str] = field(default_factory=set)  # instances that said that they do not serve, or said nothing

    @property
    def targets(self) -> list[str]:
        """The target groups that its machines are registered with."""
        return list(self.properties.get("TargetGroupARNs", []))


class Fleet:
    """Plays the Auto Scaling groups of all stacks."""

    def __init__(
        self,
        *,
        machines: Ec2,
        signals: Signals,
        seen: Events,
        region: str,
        health: Callable[[str, str], str] = lambda group, target: "healthy",
    ) -> None:
        """`health` says what a load balancer finds of a target of a target group."""
        self._machines, self._signals, self._seen, self._region = machines, signals, seen, region
        self._health, self._hooks = health, Hooks()
        self._groups: dict[str, _Group] = {}
        plain = provisioners._RESOURCE_HANDLERS[GROUP]
        self._plain = dict(plain)
        plain.update(create=self._create, update=self._update, delete=self._delete)
        blocking = stacks._runs_on_worker_thread
        stacks._runs_on_worker_thread = lambda type: type == GROUP or blocking(type)
        sends_back = stacks._sends_back_failed_update
        stacks._sends_back_failed_update = lambda type: type == GROUP or sends_back(type)
        self._suspended = Suspended()
        autoscaling._reconcile_instances = _leave_alone
        threading.Thread(target=self._keep, name="fleet", daemon=True).start()

    # behind CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        name, attributes = self._plain["create"](logical_id, properties, stack)
        group = _Group(name, stack, logical_id, properties)
        note_what_is_dropped(group.name, group.properties)
        policy = policies_of(stack, logical_id).get("CreationPolicy", {}).get("ResourceSignal")
        try:
            with group.lock:
                self._groups[name] = group
                if policy:
                    self._signals.expect(stack, logical_id)
                self._fill(group)
            if policy:
                self._signals.wait(
                    stack,
                    logical_id,
                    count=int(policy.get("Count", 1)),
                    seconds=seconds_of(policy.get("Timeout", "PT5M")),
                )
        except BaseException:
            self._empty(group)
            self._plain["delete"](name, properties)
            raise
        return name, attributes

    def _update(
        self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> tuple[str, Properties]:
        group = self._groups[physical_id]
        kept = sizes(physical_id)
        result: tuple[str, Properties] = self._plain["update"](physical_id, old, new, stack, logical_id)
        if unmodified(old, new):  # IgnoreUnmodifiedGroupSizeProperties
            autoscaling._asgs[physical_id].update(kept)
        group.properties = new
        note_what_is_dropped(group.name, group.properties)
        if old.get("LaunchTemplate") == new.get("LaunchTemplate") and old.get("VPCZoneIdentifier") == new.get(
            "VPCZoneIdentifier"
        ):
            self._fill(group)
            return result
        policies = policies_of(stack, group.logical_id).get("UpdatePolicy", {})
        # A failure is raised; the stack's rollback then calls this again, the other way round, once what the group
        # depends on (its role's policy, say) is back.
        if refresh := policies.get("AutoScalingInstanceRefresh"):
            self._refresh(group, refresh.get("Preferences", {}))
        else:
            self._replace(group, policies.get("AutoScalingRollingUpdate", {}))
        return result

    def _delete(self, physical_id: str, properties: Properties) -> None:
        if group := self._groups.pop(physical_id, None):
            self._empty(group)
        self._plain["delete"](physical_id, properties)

    # the group's own life

    def _replace(self, group: _Group, policy: Properties) -> None:
        waits = policy.get("WaitOnResourceSignals") in (True, "true")
        with group.lock:
            if waits:
                self._signals.expect(group.stack, group.logical_id)
            count = len(self._serving(group))
            self._begin_to_end(group, self._serving(group))
            self._fill(group)
        if waits:
            self._signals.wait(
                group.stack, group.logical_id, count=count, seconds=seconds_of(policy.get("PauseTime", "PT5M"))
            )

    def _refresh(self, group: _Group, preferences: Properties) -> None:
        """An instance refresh: as many machines more than wanted as the maximum allows, then an old one less for each that serves.

        Raises:
            RefreshError: a new machine does not serve. AWS launches others for up to an hour before it says so.
        """
        most = int(preferences.get("MaxHealthyPercentage", 110))
        warmup = float(preferences.get("InstanceWarmup", 0))
        old = [record for record in self._serving(group) if not self._is_present(group, record)]
        log.info("group %s: an instance refresh of %d machines begins", group.name, len(old))
        while old:
            with group.lock:
                desired = autoscaling._asgs[group.name]["DesiredCapacity"]
                room = max(1, math.ceil(desired * most / 100) - len(self._serving(group)))
                new = [self._launch(group) for _ in range(min(room, len(old)))]
            for id in new:
                self._await_service(group, id)
            time.sleep(min(warmup, WARMUP))
            with group.lock:
                leaving, old = old[: len(new)], old[len(new) :]
                self._begin_to_end(group, [record for record in leaving if record in self._serving(group)])
                old = [record for record in old if record in self._serving(group)]
        for thread in list(group.ending.values()):
            thread.join()
        log.info("group %s: the instance refresh is over", group.name)

    def _await_service(self, group: _Group, id: str) -> None:
        """Waits until a machine is in service, and its load balancer finds it healthy.

        Raises:
            RefreshError: it does not serve.
        """
        deadline = time.monotonic() + SERVES
        while time.monotonic() < deadline:
            if id in group.abandoned or not any(record["InstanceId"] == id for record in self._serving(group)):
                break
            if id in group.entered and all(self._health(each, id) == "healthy" for each in group.targets):
                return
            time.sleep(0.2)
        raise RefreshError(f"Instance refresh failed: the new instance {id} does not serve")

    def _is_present(self, group: _Group, record: Properties) -> bool:
        """Whether a machine is of the launch template and version that the group has now (SkipMatching)."""
        chosen, own = group.properties["LaunchTemplate"], record["LaunchTemplate"]
        return (own["LaunchTemplateId"], own["Version"]) == (chosen["LaunchTemplateId"], str(chosen["Version"]))

    def _fill(self, group: _Group) -> None:
        with group.lock:
            while len(self._serving(group)) < autoscaling._asgs[group.name]["DesiredCapacity"]:
                self._launch(group)

    def _launch(self, group: _Group) -> str:
        """Launches a machine in the zone that has the fewest; returns its id."""
        chosen = group.properties["LaunchTemplate"]
        template = ec2._launch_templates[chosen["LaunchTemplateId"]]
        version = next(v for v in template["Versions"] if str(v["VersionNumber"]) == str(chosen["Version"]))
        subnets = autoscaling._asgs[group.name]["VPCZoneIdentifier"].split(",")
        tags = {
            t["Key"]: t["Value"]
            for t in group.properties.get("Tags", [])
            if t.get("PropagateAtLaunch") in (True, "true")
        }
        tags |= {
            "aws:autoscaling:groupName": group.name,
            "aws:cloudformation:stack-name": group.stack,
            "aws:cloudformation:logical-id": group.logical_id,
        }
        zones = [record["AvailabilityZone"] for record in self._serving(group)]
        subnet = min(subnets, key=lambda each: zones.count(ec2._subnets[each]["AvailabilityZone"]))
        id = self._machines.launch(template=version["LaunchTemplateData"], subnet=subnet, tags=tags)
        self._seen.add(id, events.LAUNCHED)
        log.info("group %s: launched %s", group.name, id)
        hook = hook_of(group.properties, LAUNCHING)
        autoscaling._asgs[group.name]["Instances"].append(
            {
                "InstanceId": id,
                "LifecycleState": "Pending:Wait" if hook else "InService",
                "HealthStatus": "Healthy",
                "AvailabilityZone": ec2._subnets[subnet]["AvailabilityZone"],
                "ProtectedFromScaleIn": False,
                "LaunchTemplate": {
                    "LaunchTemplateId": template["LaunchTemplateId"],
                    "LaunchTemplateName": template["LaunchTemplateName"],
                    "Version": str(version["VersionNumber"]),
                },
                "LaunchConfigurationName": "",
            }
        )
        record = autoscaling._asgs[group.name]["Instances"][-1]
        if hook is None:
            self._enter(group, record)
        else:
            self._beside(self._await_word, group, record, hook, name=f"launch {id}")
        return id

    def _await_word(self, group: _Group, record: Properties, hook: Properties) -> None:
        """Lets a machine into service once it says that it serves, or ends it."""
        id = record["InstanceId"]
        result, answered = self._hooks.wait(group.name, id, hook, alive=lambda: self._lives(id, record))
        log.info(
            "group %s: the launch hook of %s was %s: %s",
            group.name,
            id,
            "answered" if answered else "left alone",
            result,
        )
        with group.lock:
            if record["LifecycleState"] != "Pending:Wait":
                return
            if result == "CONTINUE":
                self._enter(group, record)
            else:
                group.abandoned.add(id)
                self._begin_to_end(group, [record])

    def _lives(self, id: str, record: Properties) -> bool:
        return self._machines.machines[id].alive and record["LifecycleState"] == "Pending:Wait"

    def _enter(self, group: _Group, record: Properties) -> None:
        """Puts a machine into service: its target groups send it requests as soon as they find it healthy."""
        id = record["InstanceId"]
        record["LifecycleState"] = "InService"
        group.entered[id] = time.monotonic()
        for target_group in group.targets:
            alb._targets.setdefault(target_group, []).append({"Id": id, "Port": alb._tgs[target_group]["Port"]})

    def _leave(self, group: _Group, id: str) -> None:
        """Takes a machine out of its target groups, and waits until these have drained it."""
        for target_group in group.targets:
            alb._targets[target_group] = [each for each in alb._targets.get(target_group, []) if each["Id"] != id]
        deadline = time.monotonic() + DRAINED
        while time.monotonic() < deadline and any(self._health(each, id) != "unused" for each in group.targets):
            time.sleep(0.2)

    def _beside(self, what: Callable[..., None], *given: object, name: str) -> threading.Thread:
        context = contextvars.copy_context()  # MiniStack's region
        thread = threading.Thread(target=context.run, args=(what, *given), name=name, daemon=True)
        thread.start()
        return thread

    def _empty(self, group: _Group) -> None:
        with group.lock:
            self._begin_to_end(group, self._serving(group))
        for thread in list(group.ending.values()):
            thread.join()

    def _begin_to_end(self, group: _Group, records: list[Properties]) -> None:
        """Ends instances beside what comes next: a group launches their successors without waiting for their end."""
        for record in records:
            record["LifecycleState"] = "Terminating"
            group.ending[record["InstanceId"]] = self._beside(
                self._end, group, record, name=f"end {record['InstanceId']}"
            )

    def _end(self, group: _Group, record: Properties) -> None:
        id = record["InstanceId"]
        if group.targets:
            self._leave(group, id)
        hook = hook_of(group.properties, TERMINATING)
        if hook is not None and ec2._instances[id]["State"]["Name"] == "running":
            record["LifecycleState"] = "Terminating:Wait"
            self._machines.instance(id).lifecycle = "Terminated"
            _, answered = self._hooks.wait(group.name, id, hook)
            log.info(
                "group %s: the termination hook of %s was %s",
                group.name,
                id,
                "answered" if answered else "left unanswered",
            )
            self._seen.add(id, events.HOOK_OVER)
        self._machines.terminate(id)
        self._seen.add(id, events.TERMINATED)
        autoscaling._asgs[group.name]["Instances"].remove(record)
        group.ending.pop(id, None)

    def _keep(self) -> None:
        from ministack.core.responses import set_request_region

        set_request_region(self._region)
        while True:
            time.sleep(1)
            for group in list(self._groups.values()):
                try:
                    self._heal(group)
                except Exception:  # a group that cannot be healed now is tried again
                    log.exception("group %s could not be healed", group.name)

    def _heal(self, group: _Group) -> None:
        if self._suspended.of(group.name) & {"HealthCheck", "ReplaceUnhealthy", "Launch"}:
            return
        if group.name not in autoscaling._asgs or not group.lock.acquire(blocking=False):
            return
        try:
            for record in self._serving(group):
                id = record["InstanceId"]
                terminated = ec2._instances[id]["State"]["Name"] == "terminated"
                well = record["HealthStatus"] == "Healthy" and not self._fails_its_checks(group, id)
                if self._machines.machines[id].alive and well and not terminated:
                    group.died.pop(id, None)
                    continue
                since = group.died.setdefault(id, time.monotonic())
                if terminated or time.monotonic() - since >= NOTICE:
                    record["HealthStatus"] = "Unhealthy"
                    self._seen.add(id, events.UNHEALTHY)
                    log.warning("group %s: %s is unhealthy and is replaced", group.name, id)
                    self._begin_to_end(group, [record])
            self._fill(group)
        finally:
            group.lock.release()

    def _fails_its_checks(self, group: _Group, id: str) -> bool:
        """Whether the load balancer finds a machine unhealthy that it had its time to find healthy."""
        if group.properties.get("HealthCheckType") != "ELB" or id not in group.entered:
            return False
        grace = float(group.properties.get("HealthCheckGracePeriod", 0))
        if time.monotonic() < group.entered[id] + grace:
            return False
        return any(self._health(each, id) == "unhealthy" for each in group.targets)

    def _serving(self, group: _Group) -> list[Properties]:
        """The instances that are not being ended."""
        return [record for record in self._records(group) if not record["LifecycleState"].startswith("Terminating")]

    def _records(self, group: _Group) -> list[Properties]:
        records: list[Properties] = autoscaling._asgs[group.name]["Instances"]
        return records


def _leave_alone(record: Properties) -> None:
    """MiniStack would make up instances, and forget some, when a group's size changes: here they are machines."""

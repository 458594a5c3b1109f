"""What stands behind Auto Scaling groups: machines that boot, policies that wait for their signals, hooks, replacement.

A group keeps its desired number of machines. CreationPolicy and UpdatePolicy are read from the stack's template, as
CloudFormation does. What ends, in a rolling update with MinInstancesInService 0 or because it is unhealthy, begins to end first;
its successor is launched without waiting for that (the hook, the machine's own stop), as AWS does.
"""

from __future__ import annotations

import logging
import time

from ministack.services import autoscaling, ec2
from ministack.services.cloudformation import stacks

from rehearsal.cloud import events
from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.events import Events
from rehearsal.cloud.group import Group, Health
from rehearsal.cloud.groups import note_what_is_dropped, sizes, sizes_after
from rehearsal.cloud.hooks import LAUNCHING, TERMINATING, Hooks, hook_of
from rehearsal.cloud.keeping import beside, keep
from rehearsal.cloud.policies import Properties, policies_of, seconds_of
from rehearsal.cloud.provisioning import replaced
from rehearsal.cloud.refresh import refresh, watched
from rehearsal.cloud.signals import Signals
from rehearsal.cloud.suspended import Suspended

log = logging.getLogger("rehearsal.fleet")
GROUP = "AWS::AutoScaling::AutoScalingGroup"
NOTICE = 3.0  # seconds after which a machine without power counts as unhealthy; on AWS, some minutes


class Fleet:
    """Plays the Auto Scaling groups of all stacks."""

    def __init__(
        self,
        *,
        machines: Ec2,
        signals: Signals,
        seen: Events,
        region: str,
        health: Health = lambda group, target: "healthy",
    ) -> None:
        """`health` says what a load balancer finds of a target of a target group."""
        self._machines, self._signals, self._seen = machines, signals, seen
        self._health, self._hooks = health, Hooks()
        self._groups: dict[str, Group] = {}
        self._plain = replaced(GROUP, create=self._create, update=self._update, delete=self._delete)
        sends_back = stacks._sends_back_failed_update
        stacks._sends_back_failed_update = lambda type: type == GROUP or sends_back(type)
        self._suspended = Suspended()
        autoscaling._reconcile_instances = _leave_alone
        keep("fleet", self._heal_all, region=region, every=1)

    def groups(self) -> list[Group]:
        """All groups that there are now."""
        return list(self._groups.values())

    def suspended(self, group: str) -> set[str]:
        """The processes of a group that somebody suspended."""
        return self._suspended.of(group)

    # behind CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        name, attributes = self._plain["create"](logical_id, properties, stack)
        group = Group(name, stack, logical_id, properties, self._health)
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
        policies = policies_of(stack, group.logical_id).get("UpdatePolicy", {})
        with group.lock:
            before = sizes(physical_id)
            result: tuple[str, Properties] = self._plain["update"](physical_id, old, new, stack, logical_id)
            kept = sizes_after(before, old, new, policies.get("AutoScalingScheduledAction", {}))
            autoscaling._asgs[physical_id].update(kept)
            group.properties = new
            note_what_is_dropped(group.name, group.properties)
        if old.get("LaunchTemplate") == new.get("LaunchTemplate") and old.get("VPCZoneIdentifier") == new.get(
            "VPCZoneIdentifier"
        ):
            self._fill(group)
            return result
        # A failure is raised; the stack's rollback then calls this again, the other way round, once what the group
        # depends on (its role's policy, say) is back.
        if wanted := policies.get("AutoScalingInstanceRefresh"):
            # What a failure leaves is not shrunk: the rollback's own update ends the new machines and keeps the old.
            group.replacing = True
            preferences = wanted.get("Preferences", {})
            alarms = watched(stack, preferences)
            refresh(group, preferences, alarms=alarms, launch=self._launch, end=self._begin_to_end)
            group.replacing = False
        else:
            self._replace(group, policies.get("AutoScalingRollingUpdate", {}))
        return result

    def _delete(self, physical_id: str, properties: Properties) -> None:
        if group := self._groups.pop(physical_id, None):
            self._empty(group)
        self._plain["delete"](physical_id, properties)

    # the group's own life

    def _replace(self, group: Group, policy: Properties) -> None:
        waits = policy.get("WaitOnResourceSignals") in (True, "true")
        with group.lock:
            if waits:
                self._signals.expect(group.stack, group.logical_id)
            count = len(group.serving)
            self._begin_to_end(group, group.serving)
            self._fill(group)
        if waits:
            self._signals.wait(
                group.stack, group.logical_id, count=count, seconds=seconds_of(policy.get("PauseTime", "PT5M"))
            )

    def _fill(self, group: Group) -> None:
        with group.lock:
            while len(group.serving) < group.desired:
                self._launch(group)

    def _launch(self, group: Group, zone: str = "") -> str:
        """Launches a machine in a zone, without one in that which has the fewest; returns its id."""
        chosen = group.properties["LaunchTemplate"]
        template = ec2._launch_templates[chosen["LaunchTemplateId"]]
        version = next(v for v in template["Versions"] if str(v["VersionNumber"]) == str(chosen["Version"]))
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
        zones = [record["AvailabilityZone"] for record in group.serving]
        subnet = min(group.subnets, key=lambda each: (zone not in ("", _zone(each)), zones.count(_zone(each))))
        id = self._machines.launch(template=version["LaunchTemplateData"], subnet=subnet, tags=tags)
        self._seen.add(id, events.LAUNCHED)
        log.info("group %s: launched %s", group.name, id)
        hook = hook_of(group.properties, LAUNCHING)
        record = {
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
        group.records.append(record)
        if hook is None:
            group.enter(record)
        else:
            self._machines.machines[id].give_way(True)
            beside(self._await_word, group, record, hook, name=f"launch {id}")
        return id

    def _await_word(self, group: Group, record: Properties, hook: Properties) -> None:
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
                self._machines.machines[id].give_way(False)
                group.enter(record)
            else:
                group.abandoned.add(id)
                self._begin_to_end(group, [record])

    def _lives(self, id: str, record: Properties) -> bool:
        return self._machines.machines[id].alive and record["LifecycleState"] == "Pending:Wait"

    def _empty(self, group: Group) -> None:
        with group.lock:
            self._begin_to_end(group, group.serving)
        group.await_endings()

    def _begin_to_end(self, group: Group, records: list[Properties]) -> None:
        """Ends instances beside what comes next: a group launches their successors without waiting for their end."""
        for record in records:
            record["LifecycleState"] = "Terminating"
            group.ending[record["InstanceId"]] = beside(self._end, group, record, name=f"end {record['InstanceId']}")

    def _end(self, group: Group, record: Properties) -> None:
        id = record["InstanceId"]
        if group.targets:
            group.leave(id)
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
        group.records.remove(record)
        group.ending.pop(id, None)

    def _heal_all(self) -> None:
        for group in list(self._groups.values()):
            try:
                self._heal(group)
            except Exception:  # a group that cannot be healed now is tried again, and holds up no other
                log.exception("group %s could not be healed", group.name)

    def _heal(self, group: Group) -> None:
        if self._suspended.of(group.name) & {"HealthCheck", "ReplaceUnhealthy", "Launch"}:
            return
        if group.name not in autoscaling._asgs or not group.lock.acquire(blocking=False):
            return
        try:
            for record in group.serving:
                id = record["InstanceId"]
                terminated = ec2._instances[id]["State"]["Name"] == "terminated"
                well = record["HealthStatus"] == "Healthy" and not group.fails_its_checks(id)
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
            if "Terminate" not in self._suspended.of(group.name):
                self._begin_to_end(group, group.surplus())
        finally:
            group.lock.release()


def _leave_alone(record: Properties) -> None:
    """MiniStack would make up instances, and forget some, when a group's size changes: here they are machines."""


def _zone(subnet: str) -> str:
    return str(ec2._subnets[subnet]["AvailabilityZone"])

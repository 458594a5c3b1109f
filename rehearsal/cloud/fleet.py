"""What stands behind Auto Scaling groups: machines that boot, policies that wait for their signals, hooks, replacement.

A group keeps its desired number of machines. CreationPolicy and UpdatePolicy are read from the stack's template, as
CloudFormation does. What ends, in a rolling update with MinInstancesInService 0 or because it is unhealthy, begins to end first;
its successor is launched without waiting for that (the hook, the machine's own stop), as AWS does.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.services import autoscaling, ec2
from ministack.services.cloudformation import provisioners, stacks

from rehearsal.cloud import events
from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.events import Events
from rehearsal.cloud.groups import note_what_is_dropped, sizes, unmodified
from rehearsal.cloud.policies import Properties, policies_of, seconds_of
from rehearsal.cloud.signals import Signals

log = logging.getLogger("rehearsal.fleet")
GROUP = "AWS::AutoScaling::AutoScalingGroup"
NOTICE = 3.0  # seconds after which a machine without power counts as unhealthy; on AWS, some minutes


@dataclass
class _Group:
    name: str
    stack: str
    logical_id: str
    properties: Properties
    lock: threading.RLock = field(default_factory=threading.RLock)
    completed: set[str] = field(default_factory=set)  # instances whose termination hook was answered
    ending: dict[str, threading.Thread] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)  # when each instance that ends gave its last sign of life
    died: dict[str, float] = field(default_factory=dict)


class Fleet:
    """Plays the Auto Scaling groups of all stacks."""

    def __init__(self, *, machines: Ec2, signals: Signals, seen: Events, region: str) -> None:
        self._machines, self._signals, self._seen, self._region = machines, signals, seen, region
        self._groups: dict[str, _Group] = {}
        plain = provisioners._RESOURCE_HANDLERS[GROUP]
        self._plain = dict(plain)
        plain.update(create=self._create, update=self._update, delete=self._delete)
        blocking = stacks._runs_on_worker_thread
        stacks._runs_on_worker_thread = lambda type: type == GROUP or blocking(type)
        sends_back = stacks._sends_back_failed_update
        stacks._sends_back_failed_update = lambda type: type == GROUP or sends_back(type)
        autoscaling._ACTION_MAP["CompleteLifecycleAction"] = self._complete
        autoscaling._ACTION_MAP["RecordLifecycleActionHeartbeat"] = self._hear
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
        policy = policies_of(stack, group.logical_id).get("UpdatePolicy", {}).get("AutoScalingRollingUpdate", {})
        # A failure is raised; the stack's rollback then calls this again, the other way round, once what the group
        # depends on (its role's policy, say) is back.
        self._replace(group, policy)
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

    def _fill(self, group: _Group) -> None:
        with group.lock:
            while len(self._serving(group)) < autoscaling._asgs[group.name]["DesiredCapacity"]:
                self._launch(group)

    def _launch(self, group: _Group) -> None:
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
        subnet = subnets[len(self._records(group)) % len(subnets)]
        id = self._machines.launch(template=version["LaunchTemplateData"], subnet=subnet, tags=tags)
        self._seen.add(id, events.LAUNCHED)
        log.info("group %s: launched %s", group.name, id)
        autoscaling._asgs[group.name]["Instances"].append(
            {
                "InstanceId": id,
                "LifecycleState": "InService",
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

    def _empty(self, group: _Group) -> None:
        with group.lock:
            self._begin_to_end(group, self._serving(group))
        for thread in list(group.ending.values()):
            thread.join()

    def _begin_to_end(self, group: _Group, records: list[Properties]) -> None:
        """Ends instances beside what comes next: a group launches their successors without waiting for their end."""
        for record in records:
            record["LifecycleState"] = "Terminating"
            context = contextvars.copy_context()  # MiniStack's region
            thread = threading.Thread(
                target=context.run, args=(self._end, group, record), name=f"end {record['InstanceId']}"
            )
            group.ending[record["InstanceId"]] = thread
            thread.start()

    def _end(self, group: _Group, record: Properties) -> None:
        id = record["InstanceId"]
        hook = next(
            (
                h
                for h in group.properties.get("LifecycleHookSpecificationList", [])
                if h["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
            ),
            None,
        )
        if hook is not None and ec2._instances[id]["State"]["Name"] == "running":
            record["LifecycleState"] = "Terminating:Wait"
            self._machines.instance(id).lifecycle = "Terminated"
            patience = int(hook.get("HeartbeatTimeout", 3600))
            group.heard[id] = time.monotonic()
            while id not in group.completed and time.monotonic() < group.heard[id] + patience:
                time.sleep(0.2)
            log.info(
                "group %s: the termination hook of %s was %s",
                group.name,
                id,
                "answered" if id in group.completed else "left unanswered",
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
        if group.name not in autoscaling._asgs or not group.lock.acquire(blocking=False):
            return
        try:
            for record in self._serving(group):
                id = record["InstanceId"]
                terminated = ec2._instances[id]["State"]["Name"] == "terminated"
                if self._machines.machines[id].alive and record["HealthStatus"] == "Healthy" and not terminated:
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

    def _serving(self, group: _Group) -> list[Properties]:
        """The instances that are not being ended."""
        return [record for record in self._records(group) if not record["LifecycleState"].startswith("Terminating")]

    def _records(self, group: _Group) -> list[Properties]:
        records: list[Properties] = autoscaling._asgs[group.name]["Instances"]
        return records

    def _waiting(self, params: dict[str, Any]) -> tuple[_Group | None, str]:
        """The group whose hook waits for the instance that a call is about, if one does, and the instance."""

        def value(key: str) -> str:
            found = params.get(key, "")
            return str(found[0] if isinstance(found, list) else found)

        group, id = self._groups.get(value("AutoScalingGroupName")), value("InstanceId")
        waits = group is not None and any(
            r["InstanceId"] == id and r["LifecycleState"] == "Terminating:Wait" for r in self._records(group)
        )
        return (group if waits else None), id

    def _complete(self, params: dict[str, Any]) -> Any:
        group, id = self._waiting(params)
        if group is None:
            return _no_action(id)
        group.completed.add(id)
        return autoscaling._xml(200, "CompleteLifecycleActionResponse", "<CompleteLifecycleActionResult/>")

    def _hear(self, params: dict[str, Any]) -> Any:
        group, id = self._waiting(params)
        if group is None:
            return _no_action(id)
        group.heard[id] = time.monotonic()
        return autoscaling._xml(
            200, "RecordLifecycleActionHeartbeatResponse", "<RecordLifecycleActionHeartbeatResult/>"
        )


def _no_action(id: str) -> Any:
    return autoscaling._error("ValidationError", f"No active Lifecycle Action found with instance ID {id}")

"""What stands behind EC2's API where no machine can boot: launching records an instance, and a stand-in speaks for it."""

from __future__ import annotations

import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.role_sessions import RoleSessions
from rehearsal.machines.loopback import LOOPBACK
from rehearsal.machines.machine import Machine
from rehearsal.machines.metadata import Instance
from rehearsal.machines.traces import Traces
from rehearsal.places import Run

log = logging.getLogger("rehearsal.unmanned")
_SETTING = re.compile(r"^(FINES_[A-Z_]+)='(.*)'$", re.MULTILINE)
_WAITED_FOR = 30.0  # seconds within which a group waits for a machine that it has launched
_PAUSE = 1.0  # seconds between two looks at the release


class Unbooted(Machine):
    """Stands where an instance has its machine, and is never found without power."""

    @property
    def alive(self) -> bool:
        return True


class Unmanned(Ec2):
    """Records instances and boots none: each stays pending for EC2's API, and a stand-in gives the signals it owes."""

    def __init__(self, *, run: Run, traces: Traces, sessions: RoleSessions) -> None:
        super().__init__(run=run, network=LOOPBACK, root=run.home, traces=traces, sessions=sessions)
        self._stand_ins: dict[str, StandIn] = {}
        self._proxy = ""
        self._reached = threading.Event()

    def reached_by(self, proxy: str) -> None:
        """Takes the URL of the proxy through which AWS's own names lead to the front."""
        self._proxy = proxy
        self._reached.set()

    def _boot(self, instance: Instance, cidr: str) -> None:
        ec2._instances[instance.id]["State"] = {"Code": 0, "Name": "pending"}
        self.machines[instance.id] = Unbooted(instance.id, self._run.machines, instance.address, 0, None, "")
        if not self._reached.wait(30):
            raise OSError("the local AWS has no front yet")
        stand_in = StandIn(instance, proxy=self._proxy, authority=self._run.authority)
        self._stand_ins[instance.id] = stand_in
        stand_in.start()

    def terminate(self, id: str, *, patience: float = 30.0) -> None:
        self._stand_ins.pop(id).end()
        self.forget(id)

    def expose(self, *, moved: str | None = None) -> None:
        """Does nothing: there is no network whose rules could follow."""


class StandIn(threading.Thread):
    """Says what a booted machine would: that it is ready, and that it serves each release.

    It knows no more than the machine would: its settings are those of the launch template's user data, and its calls
    bear the host's own role, go to AWS's own names, and pass the front and the gate. Where one of them is refused, the
    machine's deployment would hang until its time is up; the stand-in says with the account's own key that it failed.
    """

    def __init__(self, instance: Instance, *, proxy: str, authority: Path) -> None:
        super().__init__(name=f"stand-in {instance.id}", daemon=True)
        self._instance, self._proxy, self._authority = instance, proxy, authority
        self._settings = dict(_SETTING.findall(instance.user_data.decode()))
        self._told: set[str] = set()
        self._over = threading.Event()

    def end(self) -> None:
        self._over.set()

    def run(self) -> None:
        self._try(self._follow)
        self._try(self._enter_service)
        self._try(self._signal)
        while not self._over.wait(_PAUSE):
            self._try(self._follow)

    def _try(self, step: Callable[[boto3.Session], None]) -> None:
        try:
            step(self._as_the_host())
        except Exception as error:  # whatever it is, the deployment waits for a word, and a person for the reason
            operator = {"aws_access_key_id": self._instance.account, "aws_secret_access_key": "rehearsal"}
            session = boto3.Session(region_name=self._instance.region, **operator)
            try:
                if self._fail(session, str(error)):
                    log.error("%s: %s", self._instance.id, error)
            except Exception:
                log.exception("%s: nothing could be told of %s", self._instance.id, error)

    def _enter_service(self, session: boto3.Session) -> None:
        """Answers the hook of a group whose machines stand behind a load balancer, once the group waits for it."""
        if not (hook := self._settings.get("FINES_SERVING_HOOK_NAME")):
            return
        deadline = time.monotonic() + _WAITED_FOR
        while True:
            try:
                self._client("autoscaling", session).complete_lifecycle_action(
                    AutoScalingGroupName=self._settings["FINES_GROUP_NAME"],
                    LifecycleHookName=hook,
                    InstanceId=self._instance.id,
                    LifecycleActionResult="CONTINUE",
                )
            except ClientError as error:
                if "No active Lifecycle Action" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _signal(self, session: boto3.Session, status: str = "SUCCESS") -> None:
        self._client("cloudformation", session).signal_resource(
            StackName=self._settings["FINES_STACK"],
            LogicalResourceId=self._settings["FINES_GROUP_LOGICAL_ID"],
            UniqueId=self._instance.id,
            Status=status,
        )
        log.info("%s: told the stack %s of the host", self._instance.id, status)

    def _follow(self, session: boto3.Session) -> None:
        if release := self._release(session):
            self._tell(release, "SUCCESS", "a stand-in: no machine was booted")

    def _fail(self, session: boto3.Session, reason: str) -> bool:
        """Tells who waits that the host failed; whether anybody was told."""
        heard = True
        try:
            self._signal(session, "FAILURE")
        except ClientError:  # nobody waits for the host itself
            heard = False
        release = self._release(session)
        return (bool(release) and self._tell(release, "FAILURE", reason)) or heard

    def _release(self, session: boto3.Session) -> dict[str, str]:
        """The release that the machine is to follow; empty in a tier whose machines are replaced for each."""
        if not (name := self._settings.get("FINES_RELEASE_PARAMETER")):
            return {}
        parameter = self._client("ssm", session).get_parameter(Name=name)
        release: dict[str, str] = json.loads(parameter["Parameter"]["Value"])
        return release

    def _tell(self, release: dict[str, str], status: str, reason: str) -> bool:
        """Tells the wait condition of a release as stacks/host/bin/release does, once; whether it was not told yet."""
        name = release["release"]
        if name in self._told:
            return False
        self._told.add(name)
        unique = f"{self._instance.id}-{name}"
        body = {"Status": status, "Reason": reason, "UniqueId": unique, "Data": "no host serves the release"}
        trusted = ssl.create_default_context(cafile=str(self._authority))
        with httpx.Client(proxy=self._proxy, verify=trusted, timeout=20) as client:
            answer = client.put(release["signal_url"], content=json.dumps(body))
        heard = f"told {status} of" if answer.status_code == 200 else "nobody waits any more for"
        log.info("%s: %s release %s", self._instance.id, heard, name)
        return True

    def _as_the_host(self) -> boto3.Session:
        held = self._instance.credentials()
        return boto3.Session(
            aws_access_key_id=held.access_key,
            aws_secret_access_key=held.secret,
            aws_session_token=held.token,
            region_name=self._instance.region,
        )

    def _client(self, service: str, session: boto3.Session) -> Any:
        config = Config(proxies={"https": self._proxy}, retries={"max_attempts": 2})
        endpoint = f"https://{service}.{self._instance.region}.amazonaws.com"
        return session.client(service, endpoint_url=endpoint, verify=str(self._authority), config=config)

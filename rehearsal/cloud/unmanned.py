"""What stands behind EC2's API where no machine can boot: launching records an instance, and a stand-in speaks for it."""

from __future__ import annotations

import json
import logging
import re
import ssl
import threading
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2, RoleSessions
from rehearsal.machines.loopback import LOOPBACK
from rehearsal.machines.machine import Machine
from rehearsal.machines.metadata import Instance
from rehearsal.machines.traces import Traces
from rehearsal.places import Run

log = logging.getLogger("rehearsal.unmanned")
_SETTING = re.compile(r"^(FINES_[A-Z_]+)='(.*)'$", re.MULTILINE)
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
        self.machines[instance.id] = Unbooted(instance.id, self._run.machines, instance.address, 0, None)
        if not self._reached.wait(30):
            raise OSError("the local AWS has no front yet")
        stand_in = StandIn(instance, proxy=self._proxy, authority=self._run.authority)
        self._stand_ins[instance.id] = stand_in
        stand_in.start()

    def terminate(self, id: str, *, patience: float = 30.0) -> None:
        self._stand_ins.pop(id).end()
        self.forget(id)

    def expose(self) -> None:
        """Does nothing: there is no network whose rules could follow."""


class StandIn(threading.Thread):
    """Says what a booted machine would: that it is ready, and that it serves each release.

    It knows no more than the machine would: its settings are those of the launch template's user data, and its calls
    bear the host's own role, go to AWS's own names, and pass the front and the gate.
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
        try:
            self._follow()
            self._signal()
            while not self._over.wait(_PAUSE):
                self._follow()
        except Exception as error:  # whatever it is, the deployment waits for a word, and a person for the reason
            log.error("%s: the stand-in gave no signal: %s", self._instance.id, error)
            self._give_up()

    def _signal(self) -> None:
        self._client("cloudformation").signal_resource(**self._word("SUCCESS"))
        log.info("%s: told the stack that the host is ready", self._instance.id)

    def _follow(self) -> None:
        """Tells the wait condition of a release that was not told yet, as stacks/host/bin/release does."""
        name = self._settings["FINES_RELEASE_PARAMETER"]
        release = json.loads(self._client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        if release["release"] in self._told:
            return
        body = {
            "Status": "SUCCESS",
            "Reason": "a stand-in: no machine was booted",
            "UniqueId": f"{self._instance.id}-{release['release']}",
            "Data": "no host serves the release",
        }
        trusted = ssl.create_default_context(cafile=str(self._authority))
        with httpx.Client(proxy=self._proxy, verify=trusted, timeout=20) as client:
            answer = client.put(release["signal_url"], content=json.dumps(body))
        heard = "said that it serves" if answer.status_code == 200 else "nobody waits any more for"
        log.info("%s: %s release %s", self._instance.id, heard, release["release"])
        self._told.add(release["release"])

    def _give_up(self) -> None:
        """Ends the wait of the stack at once: a machine that cannot speak would let it wait until its time is up."""
        key = {"aws_access_key_id": self._instance.account, "aws_secret_access_key": "rehearsal"}
        session = boto3.Session(region_name=self._instance.region, **key)
        try:
            self._client("cloudformation", session).signal_resource(**self._word("FAILURE"))
        except Exception as error:
            log.error("%s: the stack did not take its failure: %s", self._instance.id, error)

    def _word(self, status: str) -> dict[str, str]:
        return {
            "StackName": self._settings["FINES_STACK"],
            "LogicalResourceId": self._settings["FINES_GROUP_LOGICAL_ID"],
            "UniqueId": self._instance.id,
            "Status": status,
        }

    def _client(self, service: str, session: boto3.Session | None = None) -> Any:
        held = self._instance.credentials()
        session = session or boto3.Session(
            aws_access_key_id=held.access_key,
            aws_secret_access_key=held.secret,
            aws_session_token=held.token,
            region_name=self._instance.region,
        )
        config = Config(proxies={"https": self._proxy}, retries={"max_attempts": 2})
        endpoint = f"https://{service}.{self._instance.region}.amazonaws.com"
        return session.client(service, endpoint_url=endpoint, verify=str(self._authority), config=config)

"""A tier that runs: the local AWS, the deployed stack and its machines; started, found again, and ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from rehearsal.acme import Acme
from rehearsal.cdk import ACCOUNT, Cdk
from rehearsal.cloud.events import Events
from rehearsal.kubernetes import programs
from rehearsal.machines.machine import Machine
from rehearsal.machines.network import Network
from rehearsal.machines.rootfs import appliance_file_system, root_file_system
from rehearsal.machines.scratch import mount_scratch
from rehearsal.machines.traces import Traces, start_time
from rehearsal.places import BUILD, DELEGATIONS, PROJECT, Run
from rehearsal.prerequisites import OF_NODES, install
from rehearsal.screen import Screen

REGION = "us-east-1"
_ONE_BY_ONE = threading.Lock()  # a session makes clients for one thread at a time; what it made is safe to share


class TierError(RuntimeError):
    """The local AWS or the tier did not come up; the message says what was seen."""


@dataclass
class Tier:
    """A running local AWS with what was deployed to it."""

    run: Run
    network: Network
    endpoint: str

    @property
    def cdk(self) -> Cdk:
        return Cdk(self.run, self.endpoint, REGION)

    @property
    def events(self) -> Events:
        return Events(self.run.events)

    @cached_property
    def session(self) -> boto3.Session:
        """The operator's session: the account's own key, which no role's permissions bind."""
        return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="rehearsal", region_name=REGION)  # noqa: S106 - no secret

    @property
    def acme(self) -> Acme:
        """The certificate authority that the deployment's settings name."""
        return Acme.load(self.run, self.network)

    @property
    def acme_directory(self) -> str:
        """The URL that the deployment names it by."""
        return self.acme.directory

    def client(self, service: str) -> Any:
        """A client of the local AWS."""
        with _ONE_BY_ONE:
            return self.session.client(service, endpoint_url=self.endpoint, config=Config(retries={"max_attempts": 2}))

    def outputs(self, stack: str) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def group(self, stack: str) -> dict[str, Any]:
        """The stack's only Auto Scaling group."""
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        own = [g for g in groups if g["AutoScalingGroupName"].startswith(stack)]
        if len(own) != 1:
            raise TierError(f"{len(own)} Auto Scaling groups of {stack} were found, one is expected")
        group: dict[str, Any] = own[0]
        return group

    def hosts(self, stack: str) -> list[Machine]:
        """The machines of the group's instances in service, the one that was launched first before the others."""
        ids = [i["InstanceId"] for i in self.group(stack)["Instances"] if i["LifecycleState"] == "InService"]
        return [Machine.load(self.run.machines, id) for id in ids]

    def host(self, stack: str) -> Machine:
        """The machine of the group's one instance in service; of several, the first."""
        found, one = self.hosts(stack), self.group(stack)["MaxSize"] == 1
        if not found or (one and len(found) != 1):
            raise TierError(f"{len(found)} instances are in service, {'one is' if one else 'some are'} expected")
        return found[0]

    def addresses(self, name: str) -> list[str]:
        """Where a name of the local AWS leads: that of a load balancer, of a database, or of a hosted zone's record."""
        lines = self.run.names.read_text().splitlines() if self.run.names.exists() else []
        return [address for address, found in (line.split() for line in lines) if found == name]

    def last_words(self, lines: int = 12) -> str:
        """What the machine that was launched last wrote of its boot, at its end."""
        homes = sorted(self.run.machines.glob("i-*"), key=lambda home: home.stat().st_mtime)
        log = homes[-1] / "upper/var/log/cloud-init-output.log" if homes else None
        if log is None or not log.exists():
            return ""
        shown = [
            line for line in log.read_text(errors="replace").splitlines() if line and not line.startswith("ci-info")
        ]
        told = "\n".join(f"  {line}" for line in shown[-lines:])
        kept = f"build/rehearsal/{self.run.name}-logs/{homes[-1].name}.journal.log"
        return f"The machine's own last lines ({homes[-1].name}; {kept} has its journal):\n{told}"

    def delegate(self, domain: str, address: str) -> None:
        """Lets a domain lead to its name server, as a registrar would, for the machines' resolver and the authority, which opens then."""
        self.acme.open(address)
        self._tell_the_resolver(f"server=/{domain}/{address}\n")

    def take_delegation_back(self) -> None:
        """From now on no domain leads to a name server of its own: the hosted zones are all that there is."""
        self._tell_the_resolver("")

    @property
    def delegations(self) -> str:
        """What domains lead to name servers of their own, as the resolver reads it."""
        file = self.run.home / DELEGATIONS
        return file.read_text() if file.exists() else ""

    def _tell_the_resolver(self, delegations: str) -> None:
        (self.run.home / DELEGATIONS).write_text(delegations)
        for trace in Traces(self.run.traces).all():
            if trace["kind"] == "process" and "dnsmasq" in _command(trace["pid"]):
                os.kill(trace["pid"], 1)  # SIGHUP: read the file again (dnsmasq(8))


def start(run: Run, screen: Screen) -> Tier:
    """Starts the local AWS of a run.

    Raises:
        TierError: it did not answer in time (the message has its last lines), or somebody keeps a tier up.
    """
    must_be_free(run)
    if left := end(run):
        raise TierError("what an earlier rehearsal left could not be ended: " + "; ".join(left))
    run.make()
    traces = Traces(run.traces)
    with screen.step("prerequisites", "the system's own programs") as say:
        install(say)
        if run.tier == "eks":
            install(say, OF_NODES)
    if run.tier == "eks":
        with screen.step("kubernetes", f"Kubernetes {programs.version()}, built from its own sources") as say:
            programs.ensure(say)
    with screen.step("root_file_system", "Debian root file system") as say:
        root = root_file_system(say)
        appliances = root if run.tier == "single" else appliance_file_system(root, say)
        mount_scratch(run.machines, traces)
    with screen.step("local_aws", "local AWS"):
        network = Network.make(traces)
        Acme.plan(run, network)
        environment = os.environ | {
            "NETWORK": network.dump(),
            "ROOT_FILE_SYSTEM": str(root),
            "APPLIANCE_FILE_SYSTEM": str(appliances),
            "AWS_REGION": REGION,
            "HOME": str(run.home),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "PYTHONPATH": str(PROJECT),
        }
        log = run.logs / "cloud.log"
        process = subprocess.Popen(
            network.inside(sys.executable, "-m", "rehearsal.cloud", run.tier),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        traces.process(process, kind="maker")
        tier = Tier(run, network, f"http://{network.cloud}:4566")
        await_answer(tier, process, log)
    (run.home / "network.json").write_text(network.dump())
    return tier


def find(run: Run) -> Tier:
    """The tier that `make up` left running.

    Raises:
        TierError: there is none.
    """
    file = run.home / "network.json"
    if not file.exists():
        raise TierError(f"tier {run.tier} is not up: start it with 'make up TIER={run.tier}'")
    network = Network.load(file.read_text())
    return Tier(run, network, f"http://{network.cloud}:4566")


def end(run: Run) -> list[str]:
    """Ends everything a run has made, after a crash too; returns a sentence for each thing that is still there."""
    if not run.home.exists():
        return []
    # A group that sees its machine die launches another one.
    Traces(run.traces).end_makers()
    for home in run.machines.glob("*-*") if run.machines.exists() else []:
        # What cannot be read or kept is no reason to leave anything running: the run's traces end it.
        with contextlib.suppress(OSError, ValueError, TypeError):
            machine = Machine.load(run.machines, home.name)
            if machine.alive:
                machine.kill()
            machine.archives.keep()
    left = Traces(run.traces).end()
    if not left:
        shutil.rmtree(run.home, onerror=_unless_gone)
    return left


def _unless_gone(function: object, path: object, error: Any) -> None:
    """What somebody who just ended has removed as well is gone."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


@contextlib.contextmanager
def running(run: Run, screen: Screen) -> Iterator[Tier]:
    """A tier's local AWS for the length of a block; everything is ended after it, also after Ctrl-C."""
    must_be_free(run)
    try:
        yield start(run, screen)
    finally:
        left = ending(run, screen)
    if left:
        raise TierError("what the rehearsal started could not be ended, see above: type make down, and look again")


def ending(run: Run, screen: Screen) -> list[str]:
    """Ends everything, and keeps what was written of it; returns a sentence for each thing that is still there, and says it."""
    keep_logs(run, BUILD / "rehearsal" / f"{run.name}-logs")
    with screen.step("end", "ending everything that was started"):
        left = end(run)
    for sentence in left:
        screen.note(sentence)
    return left


def keep_logs(run: Run, folder: Path) -> None:
    """Copies what the run wrote of itself, its machines' journals too, to a folder that outlives it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for file in run.logs.glob("*.log") if run.logs.exists() else []:
        shutil.copy(file, folder)
    for home in run.machines.glob("*-*") if run.machines.exists() else []:
        if (home / "machine.json").exists():
            journal = Machine.load(run.machines, home.name).journal(lines=100_000)
            (folder / f"{home.name}.journal.log").write_text(journal)


def keep_up(run: Run) -> None:
    """Notes that somebody uses the running tier: no rehearsal ends it, until `make down` does."""
    run.kept.touch()


def must_be_free(run: Run) -> None:
    """Raises TierError where somebody uses a tier that still runs; what a crash left is nobody's."""
    processes = [trace for trace in Traces(run.traces).all() if trace["kind"] == "maker"]
    if run.kept.exists() and any(start_time(each["pid"]) == each["started"] for each in processes):
        raise TierError(f"tier {run.tier} is up, and this would end it: type make down TIER={run.tier} first")


def await_answer(tier: Tier, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once the local AWS answers.

    Raises:
        TierError: it ended, or said nothing for a minute; the message has its last lines.
    """
    # another program may hold the port and never answer
    impatient = Config(connect_timeout=2, read_timeout=2, retries={"max_attempts": 0})
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            tier.session.client("sts", endpoint_url=tier.endpoint, config=impatient).get_caller_identity()
            return
        time.sleep(0.2)
    raise TierError(
        "the local AWS did not answer. Its last lines:\n"
        + "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    )


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""

"""The part of a rehearsal that needs no machines: by any user, on the loopback, the template is deployed and its cloud side checked."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rehearsal import builder
from rehearsal.cdk import Cdk, CdkError
from rehearsal.checks import Subject, checks_of, choose, run_checks, sentence
from rehearsal.cloud.stand_ins import WITHOUT_MACHINES
from rehearsal.disk import shortage
from rehearsal.machines.loopback import LOOPBACK
from rehearsal.places import BUILD, PROJECT, CloudRun, temporary
from rehearsal.rehearse import deploy
from rehearsal.report import Report, kept
from rehearsal.screen import Screen
from rehearsal.tier import REGION, Tier, TierError, await_answer, keep_logs

TIERS = ("single", "asg")
_NEEDED = 256 * 2**20  # bytes of what a run without machines writes
_ATTEMPTS = 5  # at a port that nobody took between its choice and its use
NOT_REHEARSED = [
    "the cloud side alone was rehearsed: no machine was booted, nothing of the template's user data or host files ran, and no request was served",
    "that the host is ready and serves the release was said by a stand-in, with the host's own role, and is not known",
    "encryption at rest of volumes and buckets is asked for in the template and not done by the local AWS",
    "the access logs of buckets are asked for and read back, but none are delivered",
    "alarms were made and read back, but none went off",
]


def why_no_machines() -> str:
    """Why machines cannot boot here, or nothing where they can."""
    if platform.system() != "Linux":
        return f"machines boot under Linux, and this is {platform.system()}"
    if os.geteuid() != 0:
        return "booting machines takes root, as sudo gives it"
    return ""


@dataclass
class CloudSide(Tier):
    """A local AWS without machines, and the program that builds images for it, if there is one."""

    builder: str = ""
    no_builder: str = ""  # why there is none

    @property
    def cdk(self) -> Cdk:
        return Cdk(self.run, self.endpoint, REGION, docker="rehearsal.builder", builder=self.builder)

    @property
    def acme_directory(self) -> str:
        """A name that exists nowhere (RFC 2606): no machine asks it."""
        return "https://acme.invalid/directory"

    def last_words(self, lines: int = 12) -> str:
        """What went wrong with the machines' stand-in, if anything did."""
        log = self.run.logs / "cloud.log"
        told = [line for line in log.read_text(errors="replace").splitlines() if "rehearsal.unmanned" in line]
        return "\n".join(["What the stand-in of the machine said:", *told[-lines:]]) if told else ""

    def delegate(self, domain: str, address: str) -> None:
        """Does nothing: no machine answers for the domain."""


def rehearse(run: CloudRun, screen: Screen, *, words: list[str], reason: str, build: Path = BUILD) -> int:
    """Rehearses the cloud side of a tier; returns the exit status: 0 only when all that ran is good.

    `reason` is why machines cannot boot, as the report says it. The report is `<tier>.cloud.json`: a part says nothing
    of the whole, and never replaces what a whole rehearsal said.
    """
    must_be_ours(build)
    choose(checks_of(run.tier, machines=False), words)  # words that no check has are refused before anything is started
    screen.note(f"no machine is booted ({reason}): the cloud side alone is rehearsed")
    report = Report(run.tier, partial=bool(words), timings=screen.timings)
    file = build / "rehearsal" / f"{run.name}{'.partial' if words else ''}.json"
    with kept(report, file), running(run, screen) as tier:
        examine(tier, deploy_to(tier, screen), screen, report, words=words, reason=reason)
    report.show(screen)
    screen.console.print(f"This was the cloud side alone, no machine was booted: {reason}.", style="bold", markup=False)
    return 0 if report.ok else 1


def deploy_to(tier: CloudSide, screen: Screen) -> Subject:
    return deploy(tier, screen, what="the real template, without its machine")


def examine(
    tier: CloudSide, subject: Subject, screen: Screen, report: Report, *, words: list[str], reason: str
) -> None:
    """Runs the checks that need no machine; the report names what was not rehearsed, and each check that was left out."""
    report.part = "cloud"
    report.not_rehearsed = [f"{NOT_REHEARSED[0]} ({reason})", *NOT_REHEARSED[1:]]
    if not tier.builder:
        image = "the image of the service was not built, a manifest without contents is in its place"
        report.not_rehearsed.insert(1, f"{image}: {tier.no_builder}")
    report.checks = run_checks(subject, screen, words=words, among=checks_of(tier.run.tier, machines=False))
    report.left_out = {sentence(each): "a machine" for each in checks_of(tier.run.tier, machines=True)}
    report.template = subject.ledger
    types = {resource["Type"] for resource in subject.template["Resources"].values()}
    report.template["stand_ins"] |= {type: said for type, said in WITHOUT_MACHINES.items() if type in types}


@contextlib.contextmanager
def running(run: CloudRun, screen: Screen) -> Iterator[CloudSide]:
    """A local AWS without machines for the length of a block; it ends with the block, and with this process however that ends."""
    clear(run)  # what a killed rehearsal left
    process: subprocess.Popen[bytes] | None = None
    try:
        run.make()
        with screen.step("local_aws", "local AWS on the loopback"):
            tier, process = start(run)
        with screen.step("builder", "a builder for the service's image") as say:
            tier.builder, tier.no_builder = builder.find(run.home, say)
        yield tier
    except (CdkError, OSError, TierError) as error:
        if short := shortage(run.home, needed=_NEEDED):
            raise TierError(f"{error}{short}") from error
        raise
    finally:
        with screen.step("end", "ending everything that was started"):
            if process is not None:
                end(process)
            keep_logs(run, BUILD / "rehearsal" / f"{run.name}-logs")
            clear(run)


def clear(run: CloudRun) -> None:
    """Removes what a rehearsal without machines left, after it was killed too."""
    builder.Builder("podman", run.home).end()
    for folder in (run.home, temporary() / "podman"):
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(run: CloudRun, choose: Callable[[], int] = free_port) -> tuple[CloudSide, subprocess.Popen[bytes]]:
    """Starts the local AWS on a port that is free; where another program was faster, on another one."""
    log = run.logs / "cloud.log"
    temporary = run.home / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {
        "AWS_REGION": REGION,
        "HOME": str(run.home),
        "PYTHONPATH": str(PROJECT),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
    }
    for attempt in range(1, _ATTEMPTS + 1):
        port = choose()
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.cloud", run.tier, str(run.folder), str(port)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        tier = CloudSide(run, LOOPBACK, f"http://127.0.0.1:{port}")
        try:
            await_answer(tier, process, log)
            return tier, process
        except TierError as error:
            end(process)
            if attempt == _ATTEMPTS or "already in use" not in str(error):
                raise
        except BaseException:
            end(process)
            raise
    raise AssertionError("unreachable")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the local AWS with its own children, which are in its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def must_be_ours(build: Path) -> None:
    """Refuses a build folder in which this user cannot write, before anything is started.

    Raises:
        TierError: it says whose it is and what to do.
    """
    if not os.access(build.parent, os.W_OK):
        raise TierError(f"{build.parent} belongs to another user: rehearse in a checkout of your own")
    build.mkdir(exist_ok=True)
    for folder in (build, *(f for f in build.glob("*") if f.is_dir()), *(f for f in build.glob("*/*") if f.is_dir())):
        if not os.access(folder, os.W_OK):
            raise TierError(
                f"{folder} belongs to another user, as after a rehearsal by root: remove it with 'sudo rm -r {folder}'"
            )

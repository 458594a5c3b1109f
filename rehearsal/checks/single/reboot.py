"""The host starts anew with its disk, as EC2 has it when a system crashes or somebody asks for it."""

from __future__ import annotations

import time

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People

SERVES_SECONDS = 90.0  # within which it must be as it was
_AGENTS = "fines-log@"  # of the agents, which are not there: the rehearsal starts these itself
_OURS = ("fines-*", "postgresql@*", "knot*", "nginx*")


@check("single")
def a_host_that_is_rebooted_serves_again_as_it_was(subject: Subject) -> str:
    host, people = subject.host, People.make(subject, officers=2, owners=2)
    with Load(people, officers=2, fines=20) as load:
        load.join()
    boot, active = _boot(subject), _active(subject)
    began = time.monotonic()
    subject.tier.client("ec2").reboot_instances(InstanceIds=[host.id])
    missing, served = list(active), 0.0
    while missing or not served:
        if time.monotonic() > began + SERVES_SECONDS:
            how = f"these units are not active: {missing}" if served else "it does not serve"
            raise CheckError(f"{SERVES_SECONDS:.0f} s after {host.id} was rebooted {how}")
        time.sleep(0.3)
        if _boot(subject) not in ("", boot):
            served = served or (time.monotonic() - began if _is_ready(people) else 0.0)
            missing = [unit for unit in active if unit not in _active(subject)]
    if subject.host.id != host.id:
        raise CheckError(f"{host.id} was replaced by {subject.host.id}")
    must_be_there_once(load.ledger, people, subject)
    return f"{host.id} served again after {served:.0f} s, with its {len(active)} units and all fines"


def _boot(subject: Subject) -> str:
    """Which start of the machine this is; nothing while it is between two."""
    try:
        return subject.host.run("cat", "/proc/sys/kernel/random/boot_id", check=False).stdout.strip()
    except OSError:
        return ""


def _active(subject: Subject) -> list[str]:
    """The lasting units of ours that are active: services that stay, and timers."""
    words = ("list-units", "--plain", "--no-legend", "--state=active", "--type=service,timer", *_OURS)
    try:
        shown = subject.host.run("systemctl", *words, check=False).stdout
    except OSError:
        return []
    units = {line.split()[0] for line in shown.splitlines()}
    return sorted(unit for unit in units if not unit.startswith(_AGENTS))


def _is_ready(people: People) -> bool:
    try:
        with people.client(timeout=5) as client:
            return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False

"""Everything that must be so before a deployment, looked at at once; one look that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from operate.checks import (
    bootstrap,
    builder,
    credentials,
    database,
    domain,
    machine,
    people,
    quotas,
    shell,
    stack,
    zone,
)
from operate.finding import Finding
from operate.subject import Subject
from operate.trouble import explain
from stacks.settings import Tier

Check = Callable[[Subject], Iterator[Finding]]

# by the name a finding has when the look itself fails, in the order of the table
CHECKS: dict[str, Check] = {
    "credentials": credentials.credentials,
    "region": credentials.region,
    "bootstrap": bootstrap.bootstrap,
    "stack": stack.earlier_stack,
    "leftovers": stack.leftovers,
    "quotas": quotas.quotas,
    "instance type": machine.instance_type,
    "machine image": machine.machine_image,
    "domain": domain.domain,
    "builder": builder.builder,
    "shell": shell.shell,
    "alarm e-mail": people.alarm_email,
}
_BEHIND_A_LOAD_BALANCER: dict[str, Check] = {
    "database": database.database,
    "hosted zone": zone.hosted_zone,
    "certificate": zone.certificate,
}


def checks_of(tier: Tier) -> dict[str, Check]:
    """What is looked at before a deployment of a tier: only tier single answers for its domain itself.

    EKS chooses the image of its nodes, by the release that a setting names; and nobody has a shell on them.
    """
    if tier is Tier.SINGLE:
        return CHECKS
    others = {"domain", "machine image", "shell"} if tier is Tier.EKS else {"domain"}
    return {name: check for name, check in CHECKS.items() if name not in others} | _BEHIND_A_LOAD_BALANCER


def preflight(subject: Subject, say: Callable[[str], None] = lambda what: None) -> list[Finding]:
    """The findings of all checks, in the order of the table; `say` is told which are still under way."""
    checks = checks_of(subject.settings.tier)
    under_way = dict.fromkeys(checks)
    found: dict[str, list[Finding]] = {}
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        looks = {pool.submit(run_check, name, check, subject): name for name, check in checks.items()}
        for done in as_completed(looks):
            name = looks[done]
            found[name] = done.result()
            del under_way[name]
            say(", ".join(under_way))
    return [finding for name in checks for finding in found[name]]


def run_check(name: str, check: Check, subject: Subject) -> list[Finding]:
    """What a check found, and why it could not look further where it could not."""
    found = []
    try:
        for finding in check(subject):
            found.append(finding)
    except Exception as error:  # whatever it is, the other checks go on and this one is not called good
        found.append(explain(name, error))
    return found

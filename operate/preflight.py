"""Everything that must be so before a deployment, looked at at once; one look that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from operate.checks import bootstrap, builder, credentials, domain, machine, people, quotas, stack
from operate.finding import Finding
from operate.subject import Subject
from operate.trouble import explain

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
    "alarm e-mail": people.alarm_email,
}


def preflight(subject: Subject, say: Callable[[str], None] = lambda what: None) -> list[Finding]:
    """The findings of all checks, in the order of the table; `say` is told which are still under way."""
    under_way = dict.fromkeys(CHECKS)
    found: dict[str, list[Finding]] = {}
    with ThreadPoolExecutor(max_workers=len(CHECKS)) as pool:
        looks = {pool.submit(run_check, name, check, subject): name for name, check in CHECKS.items()}
        for done in as_completed(looks):
            name = looks[done]
            found[name] = done.result()
            del under_way[name]
            say(", ".join(under_way))
    return [finding for name in CHECKS for finding in found[name]]


def run_check(name: str, check: Check, subject: Subject) -> list[Finding]:
    """What a check found, and why it could not look further where it could not."""
    found = []
    try:
        for finding in check(subject):
            found.append(finding)
    except Exception as error:  # whatever it is, the other checks go on and this one is not called good
        found.append(explain(name, error))
    return found

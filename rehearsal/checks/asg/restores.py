"""What comes back by the runbook, from a dump or by a moment: all that a mistake removed, and nothing of what came after."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.bucket import newest
from rehearsal.checks.load import Ledger, Load, missing_or_doubled, must_be_there_once
from rehearsal.checks.people import People, manage
from rehearsal.checks.rds import instance
from rehearsal.checks.runbook import as_operator, no_cli, on_the_host
from rehearsal.checks.sessions import session_of
from rehearsal.machines.machine import Machine

_PACE = 0.22  # seconds between an officer's fines: below the limit on a token
_A_SECOND = 1.2  # a moment that is named to the second lies between what came before it and what comes after
_MISTAKE = """
from infracciones.models import Evidencia, Infraccion
Evidencia.objects.all().delete()
print(Infraccion.objects.all().delete()[0])
"""


@check("asg")
def a_dump_that_is_restored_by_the_runbook_brings_back_what_a_mistaken_delete_removed(subject: Subject) -> str:
    return back_from_a_dump(
        subject,
        make=lambda: on_the_host(subject, "Tier asg: make a dump now"),
        put=lambda name: on_the_host(subject, "Tier asg: go back to a dump", typed=_secret(subject), DUMP=name),
    )


@check("asg", takes=no_cli)
def a_moment_that_an_operator_brings_back_by_the_runbook_has_what_a_mistaken_delete_removed(subject: Subject) -> str:
    page = "Tier asg: go back to a moment"
    return back_to_a_moment(subject, put=lambda then: on_the_host(subject, page, typed=_secret(subject), THEN=then))


def back_from_a_dump(subject: Subject, *, make: Callable[[], str], put: Callable[[str], str]) -> str:
    """Has a dump made, deletes all fines, and puts the dump of that name into the place of what is left; returns how it went.

    Raises:
        CheckError: a fine did not come back, or one of after the dump did.
    """
    people, kept = _posted(subject)
    make()
    key = newest(subject)
    deleted, after = _mistaken(subject, people, kept)
    put(key.removeprefix("dumps/"))
    again = _must_be_back(subject, people, kept, after, source=key)
    return f"{deleted} rows deleted; {len(kept.acknowledged)} acknowledged fines back from {key}, and {again} more acknowledged"


def back_to_a_moment(subject: Subject, *, put: Callable[[str], str]) -> str:
    """Deletes all fines, and puts what another instance of a moment before holds, by its name, into the place of what is left.

    Raises:
        CheckError: a fine did not come back, one of after the moment did, or the other instance stays.
    """
    people, kept = _posted(subject)
    time.sleep(_A_SECOND)
    moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(_A_SECOND)
    deleted, after = _mistaken(subject, people, kept)
    with _brought_up(subject, moment) as (then, seconds):
        put(then)
    again = _must_be_back(subject, people, kept, after, source=moment)
    return (
        f"{deleted} rows deleted; {moment} was there after {seconds:.0f} s by the operator's role; {len(kept.acknowledged)} "
        f"acknowledged fines back from it, {again} more acknowledged; its instance and its machine are gone"
    )


@contextlib.contextmanager
def _brought_up(subject: Subject, moment: str) -> Iterator[tuple[str, float]]:
    """Where the database of a moment answers, for the length of a block, and the seconds that it took; by the operator's role.

    Raises:
        CheckError: it is still there afterwards.
    """
    own, folder = instance(subject), subject.tier.run.home
    name = str(own["DBInstanceIdentifier"])
    given = {
        "INSTANCE": name,
        "MOMENT": moment,
        "GROUP": str(own["DBSubnetGroup"]["DBSubnetGroupName"]),
        "DOOR": str(own["VpcSecurityGroups"][0]["VpcSecurityGroupId"]),
        "PARAMETERS": str(own["DBParameterGroups"][0]["DBParameterGroupName"]),
    }
    began = time.monotonic()
    with session_of(subject, "Operator") as (way, keys):
        role = way.environment(keys, "rds")
        try:
            said = as_operator(subject, "Tier asg: go back to a moment", folder, log="moment", role=role, **given)
            yield said.strip().splitlines()[-1], time.monotonic() - began
        finally:
            page = "Tier asg: remove what was restored"
            as_operator(subject, page, folder, log="remove-moment", role=role, INSTANCE=name)
    _must_be_gone(subject, f"{name}-restored-then")


def _posted(subject: Subject) -> tuple[People, Ledger]:
    """Who posted fines, and what was acknowledged to them."""
    people = People.make(subject, officers=4, owners=2)
    with Load(people, officers=4, fines=40, pause=_PACE) as load:
        load.join()
    return people, load.ledger


def _mistaken(subject: Subject, people: People, kept: Ledger) -> tuple[str, Ledger]:
    """Deletes all fines, and posts some more; returns how many rows went, and the ledger of what came after."""
    deleted = manage(subject, "shell", "--no-imports", text=_MISTAKE).strip()
    with Load(people, officers=1, fines=3) as after:
        after.join()
    if len(missing_or_doubled(kept, people)) != len(kept.acknowledged):
        raise CheckError("the mistaken delete left fines in the reports: the restore would prove nothing")
    return deleted, after.ledger


def _must_be_back(subject: Subject, people: People, kept: Ledger, after: Ledger, *, source: str) -> int:
    """Returns how many more were acknowledged on what was restored.

    Raises:
        CheckError: a fine did not come back, or one of after the source did.
    """
    if wrong := missing_or_doubled(kept, people):
        raise CheckError(f"{len(wrong)} of {len(kept.acknowledged)} fines did not come back: {wrong[0]}")
    if len(missing_or_doubled(after, people)) != len(after.acknowledged):
        raise CheckError(f"fines of after {source} are there: something else was restored")
    with Load(people, officers=4, fines=20, pause=_PACE) as again:
        again.join()
    must_be_there_once(again.ledger, people, subject)
    return len(again.ledger.acknowledged)


def _must_be_gone(subject: Subject, name: str) -> None:
    found = subject.tier.client("rds").describe_db_instances()["DBInstances"]
    if name in (each["DBInstanceIdentifier"] for each in found):
        raise CheckError(f"the instance {name} is still there")
    folder = subject.tier.run.machines
    if alive := [home.name for home in folder.glob(f"rds-{name}-*") if Machine.load(folder, home.name).alive]:
        raise CheckError(f"machines of {name} still run: {', '.join(alive)}")


def _secret(subject: Subject) -> str:
    """What the operator pastes: the secret of the one who owns the tables."""
    manager = subject.tier.client("secretsmanager")
    return str(manager.get_secret_value(SecretId=subject.outputs["MigratorSecretArn"])["SecretString"])

"""What comes back from a dump by the runbook: all that a mistake removed, and nothing of what came after the dump."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.bucket import newest
from rehearsal.checks.load import Load, missing_or_doubled, must_be_there_once
from rehearsal.checks.people import People, manage
from rehearsal.checks.runbook import on_the_host

_PACE = 0.22  # seconds between an officer's fines: below the limit on a token
_MISTAKE = """
from infracciones.models import Evidencia, Infraccion
Evidencia.objects.all().delete()
print(Infraccion.objects.all().delete()[0])
"""


@check("asg")
def a_dump_that_is_restored_by_the_runbook_brings_back_what_a_mistaken_delete_removed(subject: Subject) -> str:
    people = People.make(subject, officers=4, owners=2)
    with Load(people, officers=4, fines=40, pause=_PACE) as load:
        load.join()
    kept = load.ledger
    on_the_host(subject, "Tier asg: make a dump now")
    key = newest(subject)
    deleted = manage(subject, "shell", "--no-imports", text=_MISTAKE).strip()
    with Load(people, officers=1, fines=3) as after:
        after.join()
    if len(missing_or_doubled(kept, people)) != len(kept.acknowledged):
        raise CheckError("the mistaken delete left fines in the reports: the restore would prove nothing")
    on_the_host(subject, "Tier asg: go back to a dump", typed=_secret(subject), DUMP=key.removeprefix("dumps/"))
    if wrong := missing_or_doubled(kept, people):
        raise CheckError(f"{len(wrong)} of {len(kept.acknowledged)} fines did not come back: {wrong[0]}")
    if len(missing_or_doubled(after.ledger, people)) != len(after.ledger.acknowledged):
        raise CheckError(f"fines of after {key} are there: something else than the dump was restored")
    with Load(people, officers=4, fines=20, pause=_PACE) as again:
        again.join()
    must_be_there_once(again.ledger, people, subject)
    return f"{deleted} rows deleted; {len(kept.acknowledged)} acknowledged fines back from {key}, and {len(again.ledger.acknowledged)} more acknowledged"


def _secret(subject: Subject) -> str:
    """What the operator pastes: the secret of the one who owns the tables."""
    manager = subject.tier.client("secretsmanager")
    return str(manager.get_secret_value(SecretId=subject.outputs["MigratorSecretArn"])["SecretString"])

"""A moment before a mistake comes back from the bucket."""

from __future__ import annotations

import datetime
import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import ask
from rehearsal.checks.load import Load, missing_or_doubled
from rehearsal.checks.people import People
from rehearsal.checks.single.volumes import come_back

_PACE = 0.3  # seconds between an officer's fines: below the limit on a token


@check("single")
def a_point_in_time_restore_brings_back_what_a_mistaken_delete_removed(subject: Subject) -> str:
    people = People.make(subject, officers=4, owners=2)
    with Load(people, officers=4, fines=40, pause=_PACE) as load:
        load.join()
    kept = load.ledger
    moment = _moment(subject)
    time.sleep(1.5)
    ask(subject, "DELETE FROM infracciones_evidencia")
    deleted = ask(subject, "WITH gone AS (DELETE FROM infracciones_infraccion RETURNING 1) SELECT count(*) FROM gone")
    with Load(people, officers=1, fines=3) as after:
        after.join()
    if len(missing_or_doubled(kept, people)) != len(kept.acknowledged):
        raise CheckError("the mistaken DELETE left fines in the reports: the restore would prove nothing")
    come_back(subject, "Undo a mistake in the data", restore=moment)
    if wrong := missing_or_doubled(kept, people):
        raise CheckError(f"{len(wrong)} of {len(kept.acknowledged)} fines did not come back: {wrong[0]}")
    if len(missing_or_doubled(after.ledger, people)) != len(after.ledger.acknowledged):
        raise CheckError(f"fines of after {moment} are there: the restore went past it")
    return f"{deleted} rows deleted, {len(kept.acknowledged)} acknowledged fines back as of {moment}"


def _moment(subject: Subject) -> str:
    """The database's present time, as the setting `restore` takes it."""
    seconds = float(ask(subject, "SELECT extract(epoch FROM clock_timestamp())"))
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")

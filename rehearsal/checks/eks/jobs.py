"""What is done at night, done now by the runbook: a dump that is proven by restoring it, and how old it is, in CloudWatch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.alarms import alarm_of, goes_off_at_age
from rehearsal.checks.asg.dump_alarms import an_old_dump
from rehearsal.checks.eks.administrator import typed
from rehearsal.checks.eks.crons import run_now
from rehearsal.checks.figures import figures
from rehearsal.checks.load import Load
from rehearsal.checks.people import People, manage
from rehearsal.checks.runbook import no_cli

HEARD_SECONDS = 30  # within which a pod's line must have become a figure of CloudWatch
PATIENCE = 15  # seconds: alarms are looked at each five
_FINES = 20  # at least, that a drill has to find again
_TWO_DAYS = 2 * 86400
_METRIC = "BackupAgeSeconds"
_SESSIONS = """
from datetime import timedelta
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
keys = []
for days in (-1, 1):
    session = SessionStore()
    session.create()
    Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() + timedelta(days=days))
    keys.append(session.session_key)
print(*keys)
"""
_LEFT = """
from django.contrib.sessions.models import Session
print(*Session.objects.values_list("pk", flat=True))
"""


@check("eks", takes=no_cli)
def a_dump_made_by_the_runbook_is_proven_by_restoring_it_and_cloudwatch_hears_how_old_both_are(
    subject: Subject,
) -> str:
    people = People.make(subject, officers=2, owners=2)
    with Load(people, officers=2, fines=_FINES) as load:
        load.join()
    began = time.time()
    with _a_new_night(subject):
        said = typed(subject, "Tier eks: make a dump now, and prove it", log="dump-now")
    if "is proven:" not in said:
        raise CheckError(f"the drill did not say what it proved: {said[-300:]}")
    since = time.time()
    run_now(subject, "ages")
    ages = {name: _heard(subject, name, since=since) for name in (_METRIC, "ProvenBackupAgeSeconds")}
    if old := {name: age for name, age in ages.items() if not 0 <= age < time.time() - began + 5}:
        raise CheckError(f"of what was made {time.time() - began:.0f} s ago CloudWatch has {old}")
    proved = next(line for line in said.splitlines() if "is proven:" in line)
    return f"{proved.strip()}; CloudWatch has them {ages[_METRIC]:.0f} s old"


@check("eks")
def a_newest_dump_that_is_two_days_old_sets_the_alarm_off_and_so_does_silence(subject: Subject) -> str:
    alarm = alarm_of(subject, _METRIC)
    young = _age_told(subject)
    with an_old_dump(subject):
        old = _age_told(subject)
    if old < _TWO_DAYS:
        raise CheckError(f"beside a dump two days old a pod told an age of {old:.0f} s")
    return goes_off_at_age(subject, alarm, young=young, old=old, patience=PATIENCE)


@check("eks")
def a_nights_clean_up_takes_the_sessions_that_ended_and_no_other(subject: Subject) -> str:
    told = manage(subject, "shell", "--no-imports", text=_SESSIONS)
    run_now(subject, "cleanup")
    left = manage(subject, "shell", "--no-imports", text=_LEFT).split()
    ended, open = told.split()
    if ended in left or open not in left:
        raise CheckError(f"of the sessions {ended}, which ended, and {open}, which did not, these are left: {left}")
    return f"{ended} is gone, {open} is there"


def _age_told(subject: Subject) -> float:
    since = time.time()
    run_now(subject, "ages")
    return _heard(subject, _METRIC, since=since)


def _heard(subject: Subject, metric: str, *, since: float) -> float:
    """The newest figure that CloudWatch has, once it has one."""
    deadline = time.monotonic() + HEARD_SECONDS
    while not (seen := figures(subject, metric, since=since)):
        if time.monotonic() > deadline:
            raise CheckError(f"{HEARD_SECONDS} s after a pod told it CloudWatch has no {metric}")
        time.sleep(0.5)
    return seen[-1]


@contextlib.contextmanager
def _a_new_night(subject: Subject) -> Iterator[None]:
    """The night's dump, which is made once, is not there yet: what there was of it is put away, and is no loss."""
    s3, bucket = subject.tier.client("s3"), subject.backup_bucket
    for folder in ("dumps", "proven"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{folder}/"):
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    yield

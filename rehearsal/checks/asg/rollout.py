"""A release inside a peak, under load, while somebody looks at pages: it happens once, and each check looks at a part of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from rehearsal.cdk import template_of
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.fleet import await_healthy
from rehearsal.checks.asg.migrations import must_have_run_once_before
from rehearsal.checks.asg.peaks import AHEAD, YEAR, await_group, group_of, peaks_of
from rehearsal.checks.load import Ledger, Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.static_files import PAGES, Distribution, named, page
from rehearsal.checks.variant import project, publish, with_migration
from rehearsal.cloud.clock import Clock
from rehearsal.report import Figure

LEAST = 5_000  # requests meanwhile, at least
_PACE = 0.22  # seconds between an officer's fines: below the limit on a token
_OFFICERS = 12
_STEADY = 600  # requests before the release begins
_LOOKS = 0.3  # seconds between two looks at a page
_SECONDS = 30  # within which the minimum must follow the schedule, and as many again for each machine that goes
_MIGRATION, _STYLE = "9000_rehearsal", "service/infracciones/static/infracciones/office.css"


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """What was seen of the release. Moments are of the monotonic clock, in seconds."""

    machines: int  # that the peak asks for
    least: int  # and the rest of the day
    before: frozenset[str]
    after: frozenset[str]
    sizes: tuple[int, int, int]  # after it: minimum, desired, machines that serve
    kept: int  # the desired size when the peak was just over
    began: float
    seconds: float
    ledger: Ledger
    people: People
    named_before: frozenset[str]  # paths of static files that pages name
    named_after: frozenset[str]
    looks: dict[str, int]  # each of them as it was first named, with what was answered
    gone: list[str]  # those that cannot be had afterwards


def _next_release(subject: Subject) -> Path:
    """The project of the release, whose image is there before its deployment begins."""
    copy = project(subject, "new-release", _another_release)
    publish(subject, copy)
    return copy


def rollout(subject: Subject) -> Rollout:
    """Has the schedule make the size of a peak, releases another image by the runbook, and lets the peak end."""
    zone = ZoneInfo(str(subject.context.get("timezone", "UTC")))
    (begin, end, machines), *_ = peaks_of(str(subject.context["peaks"]))
    least, clock = group_of(subject)["MinSize"], Clock(subject.tier.run.clock)
    midnight = datetime(YEAR, 3, 1, tzinfo=zone)
    files = Distribution(subject)
    copy = subject.made(_next_release)
    people = People.make(subject, officers=_OFFICERS, owners=4)
    named_before = frozenset(named(files))
    with clock.running(midnight + timedelta(minutes=begin - AHEAD - 1), pace=60):
        await_group(subject, "the minimum", lambda group: group["MinSize"], machines, seconds=_SECONDS)
    await_healthy(subject, machines)
    before = frozenset(machine.id for machine in subject.hosts)
    with _watched(files) as looks, Load(people, officers=_OFFICERS, pause=_PACE) as load:
        load.await_acknowledged(_STEADY, seconds=60)
        began = time.monotonic()
        as_operator(subject, "Tier asg: release, and back", copy, log="deploy-new-release")
        seconds = time.monotonic() - began
        if (missing := LEAST - len(load.ledger.acknowledged)) > 0:
            load.await_acknowledged(missing, seconds=120)
        load.stop()
    _runs_now(subject, copy)
    after, group = frozenset(machine.id for machine in subject.hosts), group_of(subject)
    with clock.running(midnight + timedelta(minutes=end - 1), pace=20):
        await_group(subject, "the minimum", lambda group: group["MinSize"], least, seconds=_SECONDS)
        kept = group_of(subject)["DesiredCapacity"]
        await_group(subject, "the size", lambda group: group["DesiredCapacity"], least, seconds=4 * _SECONDS)
    await_group(subject, "the number of machines", lambda group: len(group["Instances"]), least, seconds=4 * _SECONDS)
    named_after = frozenset(named(files))
    files.forget()
    return Rollout(
        machines=machines,
        least=least,
        before=before,
        after=after,
        sizes=(group["MinSize"], group["DesiredCapacity"], len(after)),
        kept=kept,
        began=began,
        seconds=seconds,
        ledger=load.ledger,
        people=people,
        named_before=named_before,
        named_after=named_after,
        looks=looks,
        gone=[path for path in sorted(named_before | named_after) if files.get(path).status_code != 200],
    )


@check("asg", ahead=_next_release)
def a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine(subject: Subject) -> str:
    seen = subject.once(rollout)
    ledger = seen.ledger
    if left := seen.before & seen.after:
        raise CheckError(f"these machines were not replaced: {sorted(left)}")
    if ledger.refused:
        raise CheckError(f"{len(ledger.refused)} requests failed, the first: {ledger.refused[0][1]}")
    must_be_there_once(ledger, seen.people, subject)
    must_have_run_once_before(subject, _MIGRATION, set(seen.after))
    steady, rolling = ledger.ninety_ninth(until=seen.began), ledger.ninety_ninth(since=seen.began)
    subject.figures.append(
        Figure(
            "p99 of a rolling replacement against the steady one's",
            rolling / steady,
            2.0,
            f"{1000 * rolling:.0f} ms against {1000 * steady:.0f} ms; the machines that boot have the same processors",
        )
    )
    return (
        f"{len(seen.before)} machines in {seen.seconds:.0f} s; {len(ledger.acknowledged)} fines meanwhile, none failed; "
        f"{ledger.longest_silence():.2f} s of silence"
    )


@check("asg")
def a_releases_static_files_are_there_before_a_page_names_them_and_those_before_it_stay(subject: Subject) -> str:
    seen = subject.once(rollout)
    if missing := {path: status for path, status in seen.looks.items() if status != 200}:
        raise CheckError(f"while machines were replaced, a page named what was not there: {missing}")
    new, old = seen.named_after - seen.named_before, seen.named_before - seen.named_after
    if not any("office" in path for path in new) or not new <= set(seen.looks):
        raise CheckError(f"the new release names {sorted(new)} besides, seen were {sorted(seen.looks)}")
    if seen.gone:
        raise CheckError(f"after the release these are gone: {seen.gone}")
    return f"{len(new)} new files beside {len(old)} old ones; {len(seen.looks)} looked at as machines were replaced"


@check("asg")
def a_deployment_inside_a_peak_keeps_the_size_that_the_schedule_made(subject: Subject) -> str:
    seen = subject.once(rollout)
    if seen.sizes != (seen.machines,) * 3:
        minimum, size, serve = seen.sizes
        raise CheckError(
            f"the minimum was {seen.machines} before the deployment; after it the minimum is {minimum}, "
            f"the size {size}, and {serve} machines serve"
        )
    if left := seen.before & seen.after:
        raise CheckError(f"these machines were not replaced: {sorted(left)}")
    if seen.kept != seen.machines:
        raise CheckError(f"the peak's end itself made the size {seen.kept}: an action sets more than the minimum")
    return f"{seen.machines} machines were replaced in the peak and were still as many, and {seen.least} were left once it was over"


def _another_release(copy: Path) -> None:
    with_migration(copy, _MIGRATION, "SELECT 1")
    file = copy / _STYLE
    file.write_text(file.read_text() + "/* of another release */\n")


def _runs_now(subject: Subject, copy: Path) -> None:
    """What is deployed from here on is this release, with a change or without."""
    subject.project, subject.assembly = copy, copy / "cdk.out"
    template: dict[str, Any] = template_of(subject.assembly, subject.stack)
    subject.template = template


@contextlib.contextmanager
def _watched(files: Distribution) -> Iterator[dict[str, int]]:
    """Looks at the pages again and again for the length of a block: each file they name, with its status when it was first named."""
    seen: dict[str, int] = {}
    ended, trouble = threading.Event(), []

    def look() -> None:
        while not ended.wait(_LOOKS):
            try:
                for each in PAGES:
                    for path in map(files.path, page(files.subject, each).files):
                        if path not in seen:
                            seen[path] = files.get(path).status_code
            except (CheckError, httpx.HTTPError) as error:
                trouble.append(str(error))

    thread = threading.Thread(target=look, name="pages", daemon=True)
    thread.start()
    try:
        yield seen
        time.sleep(3 * _LOOKS)
    finally:
        ended.set()
        thread.join(60)
    if trouble:
        raise CheckError(f"{len(trouble)} looks at the pages failed, the first: {trouble[0]}")

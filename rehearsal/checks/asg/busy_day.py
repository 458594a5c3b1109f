"""A busy day: more fines come than two machines are for, a peak begins, a release comes in its midst, and all is over.

It happens once, under load and while somebody looks at pages; each check looks at a part of it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from rehearsal.cdk import template_of
from rehearsal.checks import CheckError, Subject
from rehearsal.checks.asg.fleet import await_healthy, healthy
from rehearsal.checks.asg.peaks import AHEAD, YEAR, await_group, group_of, peaks_of
from rehearsal.checks.load import Ledger, Load
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.static_files import PAGES, Distribution, named, page
from rehearsal.checks.variant import project, publish, with_migration
from rehearsal.cloud.clock import Clock

MIGRATION = "9000_rehearsal"
LEAST = 5_000  # requests beside the release, at least
_STYLE = "service/infracciones/static/infracciones/office.css"
_RUSH, _OFFICERS, _FEW = 20, 12, 2  # who post in the rush, beside the release, and all day
_PAUSE = 0.22  # seconds between an officer's fines: below the limit on a token
_EASY = 0.3  # and beside the release, where the machines that boot get what is left of the processors
_STEADY = 600  # requests before the release begins
_LOOKS = 0.3  # seconds between two looks at a page
_PACE = 20  # seconds of the clock a second: three minutes of demand are nine seconds, fifteen of quiet are forty-five
_QUIET = datetime(2027, 3, 1, 3, tzinfo=UTC)  # no peak begins or ends in the hours after it
_DECIDES_SECONDS = 90
_BOOTS_SECONDS = 240
_SECONDS = 30  # within which the minimum must follow the schedule, and as many again for each machine that goes


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What was seen of the demand. Times are in seconds."""

    before: int  # machines
    most: int
    grown: float  # from the first of the rush's fines until the new machines were healthy
    shrunk: float  # from the end of the peak until they were gone
    rush: Ledger
    few: Ledger  # of those who went on all day
    people: People
    others: People
    counted: int  # answers without an error that the load balancer told of


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


def next_release(subject: Subject) -> Path:
    """The project of the release, whose image is there before its deployment begins."""
    copy = project(subject, "new-release", _another_release)
    publish(subject, copy)
    return copy


def busy_day(subject: Subject) -> tuple[Growth, Rollout]:
    """Has the group grow by demand, and keep that size by a peak's schedule; releases another image; lets the day end.

    The release is deployed by the runbook.
    """
    zone = ZoneInfo(str(subject.context.get("timezone", "UTC")))
    (begin, end, machines), *_ = peaks_of(str(subject.context["peaks"]))
    morning, clock, midnight = group_of(subject), Clock(subject.tier.run.clock), datetime(YEAR, 3, 1, tzinfo=zone)
    least, desired, most = morning["MinSize"], morning["DesiredCapacity"], morning["MaxSize"]
    await_healthy(subject, desired)
    files, copy = Distribution(subject), subject.made(next_release)
    people = People.make(subject, officers=_RUSH + _FEW, owners=4)
    others = replace(people, tokens=people.tokens[_RUSH:], first=_RUSH)  # a token has its limit
    named_before = frozenset(named(files))
    began_at = datetime.now(UTC)
    with Load(others, officers=_FEW, pause=_PAUSE) as few:
        with clock.running(_QUIET, pace=_PACE), Load(people, officers=_RUSH, pause=_PAUSE) as rush:
            grown = _grow(subject, rush, desired, most)
        with clock.running(midnight + timedelta(minutes=begin - AHEAD - 1), pace=60):
            await_group(subject, "the minimum", lambda group: group["MinSize"], machines, seconds=_SECONDS)
        await_healthy(subject, machines)
        before = frozenset(machine.id for machine in subject.hosts)
        with _watched(files) as looks, Load(people, officers=_OFFICERS, pause=_EASY) as load:
            load.await_acknowledged(_STEADY, seconds=60)
            began = time.monotonic()
            as_operator(subject, "Tier asg: release, and back", copy, log="deploy-new-release")
            seconds = time.monotonic() - began
            if (missing := LEAST - len(load.ledger.acknowledged)) > 0:
                load.await_acknowledged(missing, seconds=120)
            load.stop()
        _runs_now(subject, copy)
        after, group = frozenset(machine.id for machine in subject.hosts), group_of(subject)
        over = time.monotonic()
        with clock.running(midnight + timedelta(minutes=end - 1), pace=_PACE):
            await_group(subject, "the minimum", lambda group: group["MinSize"], least, seconds=_SECONDS)
            kept = group_of(subject)["DesiredCapacity"]
            await_group(
                subject, "the size", lambda group: group["DesiredCapacity"], desired, seconds=2 * _DECIDES_SECONDS
            )
        await_group(subject, "machines", lambda group: len(group["Instances"]), desired, seconds=_BOOTS_SECONDS)
        shrunk = time.monotonic() - over
        few.await_acknowledged(20, seconds=60)
        few.stop()
    named_after = frozenset(named(files))
    files.forget()
    growth = Growth(
        before=desired,
        most=most,
        grown=grown,
        shrunk=shrunk,
        rush=rush.ledger,
        few=few.ledger,
        people=people,
        others=others,
        counted=_counted(subject, began_at),
    )
    rollout = Rollout(
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
    return growth, rollout


def _grow(subject: Subject, rush: Load, before: int, most: int) -> float:
    """Waits until the group has grown by the rush and the new machine takes its part; returns the seconds until it was healthy."""
    start = time.monotonic()
    _await("the group wants", lambda: group_of(subject)["DesiredCapacity"], lambda n: n > before, _DECIDES_SECONDS)
    _await("the load balancer finds healthy", lambda: healthy(subject), lambda n: n == most, _BOOTS_SECONDS)
    seconds = time.monotonic() - start
    rush.await_acknowledged(200, seconds=60)
    rush.stop()
    return seconds


def _await(what: str, figure: Callable[[], int], enough: Callable[[int], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not enough(found := figure()):
        if time.monotonic() > deadline:
            raise CheckError(f"{what} {found} machines after {seconds:.0f} s")
        time.sleep(0.3)


def _counted(subject: Subject, since: datetime) -> int:
    """How many answers without an error CloudWatch has of the load balancer since a moment."""
    time.sleep(3)  # its figures come each second
    (balancer,) = subject.tier.client("elbv2").describe_load_balancers()["LoadBalancers"]
    name = balancer["LoadBalancerArn"].partition("loadbalancer/")[2]
    points = subject.tier.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_2XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": name}],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(seconds=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return int(sum(point["Sum"] for point in points))


def _another_release(copy: Path) -> None:
    with_migration(copy, MIGRATION, "SELECT 1")
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

"""Demand that nobody scheduled: the group grows under it and shrinks after it, and no request is the worse for either."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.fleet import await_healthy, healthy
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.cloud.clock import Clock

OFFICERS, _FEW = 20, 2  # who post in the rush, and who go on after it
_PAUSE = 0.22  # seconds between an officer's fines: below the limit on a token
_PACE = 20  # seconds of the clock a second: three minutes of demand are nine seconds, fifteen of quiet are forty-five
_QUIET = datetime(2027, 3, 1, 3, tzinfo=UTC)  # no peak begins or ends in the hours after it
DECIDES_SECONDS = 90
_BOOTS_SECONDS = 240


@check("asg")
def the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails(subject: Subject) -> str:
    before, most = subject.tier.group(subject.stack)["DesiredCapacity"], subject.tier.group(subject.stack)["MaxSize"]
    await_healthy(subject, before)
    first = {machine.id for machine in subject.hosts}
    people = People.make(subject, officers=OFFICERS + _FEW, owners=4)
    others = replace(people, tokens=people.tokens[OFFICERS:], first=OFFICERS)  # a token has its limit
    began, start = datetime.now(UTC), time.monotonic()
    with (
        Clock(subject.tier.run.clock).running(_QUIET, pace=_PACE),
        Load(others, officers=_FEW, pause=_PAUSE) as few,
    ):
        with Load(people, officers=OFFICERS, pause=_PAUSE) as rush:
            _await("the group wants", lambda: _desired(subject), lambda size: size > before, DECIDES_SECONDS)
            _await("the load balancer finds healthy", lambda: healthy(subject), lambda n: n == most, _BOOTS_SECONDS)
            grown = time.monotonic() - start
            rush.await_acknowledged(200, seconds=60)  # the new machine takes its part
            rush.stop()
        over = time.monotonic()
        _await("the group wants", lambda: _desired(subject), lambda size: size == before, 2 * DECIDES_SECONDS)
        _await("the group has", lambda: _machines(subject), lambda n: n == before, _BOOTS_SECONDS)
        few.await_acknowledged(20, seconds=60)
        few.stop()
    shrunk = time.monotonic() - over
    refused = rush.ledger.refused + few.ledger.refused
    if refused:
        raise CheckError(f"{len(refused)} requests failed, the first: {refused[0][1]}")
    must_be_there_once(rush.ledger, people, subject)
    must_be_there_once(few.ledger, people, subject)
    taken = len(rush.ledger.acknowledged) + len(few.ledger.acknowledged)
    counted = _counted(subject, began)
    if counted < taken:
        raise CheckError(f"{taken} fines were acknowledged, but the load balancer told of {counted} answers alone")
    new = {machine.id for machine in subject.hosts} - first
    return (
        f"{before} machines to {most} in {grown:.0f} s, back to {before} in {shrunk:.0f} s ({len(new)} of them new); "
        f"{taken} fines, none failed; the load balancer told of {counted} answers"
    )


def _await(what: str, figure: Callable[[], int], enough: Callable[[int], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not enough(found := figure()):
        if time.monotonic() > deadline:
            raise CheckError(f"{what} {found} machines after {seconds:.0f} s")
        time.sleep(0.3)


def _desired(subject: Subject) -> int:
    return int(subject.tier.group(subject.stack)["DesiredCapacity"])


def _machines(subject: Subject) -> int:
    return len(subject.tier.group(subject.stack)["Instances"])


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

"""More containers on the same host; those that replace it after this start as many."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances, ports, served
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.variant import project

_EACH = 12  # requests for each container, once all run
_PACE = 0.3  # seconds between an officer's fines: below the limit on a token


@check("single")
def raising_app_containers_from_two_to_four_scales_out_without_a_new_host(subject: Subject) -> str:
    before, was = instances(subject), ports(subject)
    if len(was) != 2:
        raise CheckError(f"two containers were expected before, these run: {was}")
    people = People.make(subject, officers=8, owners=2)
    copy = project(subject, "four")
    with Load(people, officers=8, pause=_PACE) as load:
        as_operator(subject, "Scale out", copy, log="deploy-four")
        now, before_all = ports(subject), served(subject)
        load.await_acknowledged(_EACH * len(now), seconds=60)
        load.stop()
    if len(now) != 4 or instances(subject) != before:
        raise CheckError(f"{now} run on {instances(subject)}, four were wanted on {before}")
    after_all = served(subject)
    if idle := [port for port in now if after_all.get(at := f"127.0.0.1:{port}", 0) == before_all.get(at, 0)]:
        raise CheckError(f"of {now} these got no request: {idle}")
    none_failed(load.ledger, closed=8)  # NGINX is told of the new containers by a reload
    must_be_there_once(load.ledger, people, subject)
    subject.context["app_containers"] = 4
    return f"{len(was)} to {len(now)} containers on {before[0]}; {len(load.ledger.acknowledged)} fines meanwhile, none failed"

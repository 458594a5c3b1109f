"""Demand that nobody scheduled, and a release inside a peak: what was seen of them on a busy day."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.busy_day import MIGRATION, busy_day, next_release
from rehearsal.checks.asg.migrations import must_have_run_once_before
from rehearsal.checks.load import must_be_there_once, none_failed
from rehearsal.report import Figure


@check("asg", ahead=next_release)
def the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails(subject: Subject) -> str:
    seen, _ = subject.once(busy_day)
    none_failed(seen.rush)
    none_failed(seen.few)
    must_be_there_once(seen.rush, seen.people, subject)
    must_be_there_once(seen.few, seen.others, subject)
    taken = len(seen.rush.acknowledged) + len(seen.few.acknowledged)
    if seen.counted < taken:
        raise CheckError(f"{taken} fines were acknowledged, but the load balancer told of {seen.counted} answers alone")
    return (
        f"{seen.before} machines to {seen.most} in {seen.grown:.0f} s, back to {seen.before} in {seen.shrunk:.0f} s; "
        f"{taken} fines, none failed; the load balancer told of {seen.counted} answers"
    )


@check("asg")
def a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine(subject: Subject) -> str:
    _, seen = subject.once(busy_day)
    ledger = seen.ledger
    if left := seen.before & seen.after:
        raise CheckError(f"these machines were not replaced: {sorted(left)}")
    none_failed(ledger)
    must_be_there_once(ledger, seen.people, subject)
    must_have_run_once_before(subject, MIGRATION, set(seen.after))
    steady, rolling = ledger.ninety_ninth(until=seen.began), ledger.ninety_ninth(since=seen.began)
    subject.figures.append(
        Figure(
            "p99 of a rolling replacement against the steady one's",
            rolling / steady,
            2.0,
            f"{1000 * rolling:.0f} ms against {1000 * steady:.0f} ms; the machines that boot get what is left of the processors",
        )
    )
    return (
        f"{len(seen.before)} machines in {seen.seconds:.0f} s; {len(ledger.acknowledged)} fines meanwhile, none failed; "
        f"{ledger.longest_silence():.2f} s of silence"
    )


@check("asg")
def a_releases_static_files_are_there_before_a_page_names_them_and_those_before_it_stay(subject: Subject) -> str:
    _, seen = subject.once(busy_day)
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
    _, seen = subject.once(busy_day)
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

"""A release that serves and fails: what its health check does not see, its alarm does."""

from __future__ import annotations

from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.variant import deploy, published

_OFFICERS, _PAUSE = 12, 0.22
_FAILING = """

_whole = application


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        start_response("500 Internal Server Error", [("Content-Type", "application/json")])
        return [b'{"error": "a release that takes no fine"}']
    return _whole(environ, start_response)
"""


def _no_fine(subject: Subject) -> Path:
    return published(subject, "no-fine", _without_fines)


@check("asg", ahead=_no_fine)
def a_release_that_serves_and_takes_no_fine_is_taken_back_by_its_alarm(subject: Subject) -> str:
    before = {machine.id for machine in subject.hosts}
    assembly = subject.made(_no_fine)
    people = People.make(subject, officers=_OFFICERS, owners=3)
    with Load(people, officers=_OFFICERS, pause=_PAUSE) as load:
        try:
            deploy(subject, assembly, log="deploy-no-fine")
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the deployment said that it succeeded")
        failed = len(load.ledger.refused)
        load.await_acknowledged(100, seconds=40)
        after = len(load.ledger.refused)
        load.stop()
    if "went off" not in said:
        raise CheckError(f"the deployment failed without its reason: {said[-400:]}")
    if not failed or (other := [why for _, why in load.ledger.refused if "takes no fine" not in why]):
        raise CheckError(f"requests were to fail by the release alone: {other[:2] if failed else 'none did'}")
    if after > failed:
        raise CheckError(f"{after - failed} requests failed after the release was taken back")
    if len(now := {machine.id for machine in subject.hosts}) != len(before):
        raise CheckError(f"{sorted(now)} serve, {len(before)} machines did before")
    must_be_there_once(load.ledger, people, subject)
    return (
        f"{failed} requests had failed, and were repeated, when it was taken back; "
        f"{len(before & now)} of {len(before)} machines were never touched; {len(load.ledger.acknowledged)} fines there once"
    )


def _without_fines(copy: Path) -> None:
    file = copy / "service/fines/wsgi.py"
    file.write_text(file.read_text() + _FAILING)

"""A data volume that fills up is made larger under the database that writes to it."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import started
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator, on_the_host
from rehearsal.checks.single.outage import serving
from rehearsal.checks.single.volumes import volume_of
from rehearsal.checks.variant import project
from rehearsal.machines.volume import why_no_growth

_PAGE = "The data volume fills up"
_PACE = 0.3  # seconds between an officer's fines: below the limit on a token
_GIB = 2**30
_OVERHEAD = 0.1  # of what a file system gains, for its own books


@check("single", beside=True)
def a_larger_data_volume_grows_in_place_under_load_and_nothing_is_restarted(subject: Subject) -> str:
    host, volume, before = subject.host, volume_of(subject), _gibibytes(subject)
    room, was = _room(subject), serving(subject)
    began = started(subject)
    on_the_host(subject, _PAGE)  # which grows nothing yet
    people = People.make(subject, officers=2, owners=2)
    copy = project(subject, "grown")
    with Load(people, officers=2, pause=_PACE) as load:
        as_operator(subject, _PAGE, copy, log="deploy-grown", SIZE=str(before + 1))
        # What is larger stays so, whatever is deployed after this.
        subject.context["data_volume_gb"], subject.assembly = before + 1, copy / "cdk.out"
        if not why_no_growth():
            on_the_host(subject, _PAGE)
        load.await_acknowledged(4, seconds=20)
        load.stop()
    if (now := volume_of(subject)) != volume or subject.host.id != host.id:
        raise CheckError(f"{subject.host.id} has {now}; {volume} was to grow on {host.id}")
    if (size := _gibibytes(subject)) != before + 1:
        raise CheckError(f"{volume} has {size} GiB, {before + 1} were asked for")
    if (seen := _device(subject)) != (before + 1) * _GIB:
        raise CheckError(f"the host sees a volume of {seen / _GIB:.2f} GiB")
    gained = _room(subject) - room
    if not why_no_growth() and gained < (1 - _OVERHEAD) * _GIB:
        raise CheckError(f"the file system gained {gained / _GIB:.2f} GiB, the volume one")
    if (again := started(subject)) != began or serving(subject) != was:
        raise CheckError(
            f"the database began at {again:.0f}, it ran since {began:.0f}; {was} served, and now {serving(subject)}"
        )
    none_failed(load.ledger, closed=2)  # one an officer: the host's certificate may come meanwhile
    must_be_there_once(load.ledger, people, subject)
    grown = why_no_growth() or f"{gained / _GIB:.2f} GiB more for files"
    return f"{before} to {size} GiB; {len(load.ledger.acknowledged)} fines meanwhile; {grown}"


def _gibibytes(subject: Subject) -> int:
    """What EC2 says of the data volume's size."""
    found = subject.tier.client("ec2").describe_volumes(VolumeIds=[volume_of(subject)])["Volumes"]
    return int(found[0]["Size"])


def _room(subject: Subject) -> int:
    """The bytes of the data volume's file system, taken and free."""
    return int(subject.host.run("df", "--block-size=1", "--output=size", "/srv/fines").stdout.split()[-1])


def _device(subject: Subject) -> int:
    """The bytes of the volume as the host sees it."""
    asked = '. /etc/fines/device.env; blockdev --getsize64 "$FINES_DEVICE"'
    return int(subject.host.run("bash", "-c", asked).stdout)

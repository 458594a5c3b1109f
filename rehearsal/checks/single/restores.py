"""What comes back from the bucket: all but the last minute of a volume that is lost, and a moment before a mistake.

The lost volume comes first: with the setting `restore`, a volume is filled without asking, once.
"""

from __future__ import annotations

import datetime
import errno
import os
import time
from pathlib import Path

import dns.message
import dns.query
import dns.rdataclass
import dns.rdatatype

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import ask
from rehearsal.checks.load import Ledger, Load, missing_or_doubled
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.single.certificates import await_issued
from rehearsal.checks.single.replacements import present_volume
from rehearsal.checks.variant import project

_MOST_LOST = 60.0  # seconds of acknowledged fines that a lost volume may take along
_PACE = 0.3  # seconds between an officer's fines: below the limit on a token


@check("single")
def a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys(subject: Subject) -> str:
    certificate, keys, before = await_issued(subject), _keys(subject), _zone(subject)
    # Fines older than the most that may be lost must be among those that are looked for: an earlier check's will do. So
    # must the people: tokens of the last minute may be lost as well, and nobody would answer those who ask with them.
    people = subject.kept[0][0] if subject.kept else People.make(subject, officers=4, owners=3)
    began = time.monotonic()
    oldest = min([began, *(moment for _, ledger in subject.kept for moment in ledger.moments)])
    enough = max(began + 5, oldest + _MOST_LOST + 5)
    with Load(people, officers=4, pause=_PACE) as load:
        time.sleep(max(0.0, enough - time.monotonic()))
        lost = time.monotonic()
        _lose_the_volume(subject)
        load.stop()
    refusal = _refusal(subject)
    # With the authority away nothing but the copy in the bucket can bring a certificate that verifies.
    wrong = []
    with subject.tier.acme.away():
        come_back(subject, "A zone is lost", restore="latest", zone=1)
        try:
            if (again := await_issued(subject, patience=10)).serial_number != certificate.serial_number:
                wrong.append(f"another certificate answers than before: {again.serial_number}")
        except CheckError as error:
            wrong.append(str(error))
    if (zone := _zone(subject)) == before:
        wrong.append(f"the host is in {zone}, as before: another zone was asked for")
    if (now := _keys(subject)) != keys:
        wrong.append(f"the zone is signed with other keys than before: {now}, they were {keys}")
    own = [lost - moment for moment in _missing_since(load.ledger, people)]
    ages = own + [lost - moment for whose, ledger in subject.kept for moment in _missing_since(ledger, whose)]
    if ages and max(ages) > _MOST_LOST:
        wrong.append(f"{len(ages)} acknowledged fines are missing, the oldest of {max(ages):.0f} s before the loss")
    if wrong:
        raise CheckError("; ".join(wrong))
    must = sum(
        lost - moment > _MOST_LOST for _, ledger in [*subject.kept, (people, load.ledger)] for moment in ledger.moments
    )
    if not must:
        raise CheckError(f"no fine is older than the {_MOST_LOST:.0f} s that may be lost: nothing had to come back")
    count = sum(len(ledger.acknowledged) for _, ledger in [*subject.kept, (people, load.ledger)])
    shown = f"{len(ages)} of {count} fines missing, of the last {max(ages, default=0):.0f} s"
    return f"«{refusal}»; {shown}, {must} had to come back; {before} to {zone}; same certificate, same keys"


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


def come_back(subject: Subject, page: str, *, restore: str, zone: int | None = None) -> None:
    """Types a page of the runbook: a new volume that is filled from the backups; what is deployed later keeps to it.

    `zone` is what the page says besides.
    """
    generation = str(int(str(subject.context.get("data_volume_generation", 1))) + 1)
    copy = project(subject, f"generation-{generation}")
    as_operator(subject, page, copy, log=f"deploy-generation-{generation}", NEXT=generation, TIME=restore)
    key = f"filled/{present_volume(subject)}"
    if not subject.tier.client("s3").list_objects_v2(Bucket=subject.backup_bucket, Prefix=key)["KeyCount"]:
        raise CheckError(f"the bucket does not say that the volume was filled: it has no {key}")
    subject.context |= {"data_volume_generation": generation, "restore": restore} | (
        {} if zone is None else {"zone": zone}
    )


def _missing_since(ledger: Ledger, people: People) -> list[float]:
    """When each of the acknowledged fines that are not there once was acknowledged, as time.monotonic() has it."""
    missing = {sentence.split("(key ")[1].split(")")[0] for sentence in missing_or_doubled(ledger, people)}
    return [moment for key, moment in zip(ledger.acknowledged, ledger.moments, strict=True) if key in missing]


def _lose_the_volume(subject: Subject) -> None:
    """The volume's file system dies under the database, and what was on the volume is gone: a blank one is in its place."""
    host = subject.host
    host.lose("/srv/fines")
    # what an operator would do on a host whose disk answers with errors, before looking at it again
    host.run("systemctl", "stop", "fines-metrics.timer", "fines-watch.service", "fines-certificate.timer", check=False)
    host.run("systemctl", "kill", "--signal=KILL", "postgresql@17-main.service", check=False)
    for unit in ("fines-web@*", "postgresql@17-main.service", "knot.service", "fines-data.service"):
        host.run("systemctl", "stop", unit, check=False, timeout=90)
    volume = host.run("sed", "-n", "s/^FINES_DEVICE=//p", "/etc/fines/device.env").stdout.strip()
    if host.run("mountpoint", "-q", "/srv/fines", check=False).returncode == 0:
        raise CheckError("the dead file system is still mounted")
    _await_freed(host.root / volume.lstrip("/"))
    host.run("blkdiscard", "--force", "--zeroout", "--length", str(2**30), volume, timeout=120)


def _await_freed(device: Path, patience: float = 60) -> None:
    """Waits until the kernel has let go of the file system: the mount namespaces of ended containers go after its mount."""
    deadline = time.monotonic() + patience
    while True:
        try:
            os.close(os.open(device, os.O_RDONLY | os.O_EXCL))  # refused while anything has it mounted
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise CheckError(f"the dead file system still has {device} after {patience:.0f} s: {error}") from error
        time.sleep(0.1)


def _refusal(subject: Subject) -> str:
    """What the host says when it starts with the empty volume beside existing backups."""
    host = subject.host
    done = host.run("systemctl", "start", "fines-boot.service", check=False, timeout=180)
    said = host.run("cat", "/etc/motd").stdout
    if done.returncode == 0 or "REFUSED" not in said:
        raise CheckError(f"the host began anew beside its backups (status {done.returncode}): {said[:300]}")
    if host.run("test", "-e", "/srv/fines/postgresql/17/main/PG_VERSION", check=False).returncode == 0:
        raise CheckError("the host refused, and made a database nevertheless")
    return next(line for line in said.splitlines() if "REFUSED" in line)[:80]


def _zone(subject: Subject) -> str:
    """The availability zone of the present host."""
    return str(subject.instance["Placement"]["AvailabilityZone"])


def _keys(subject: Subject) -> list[str]:
    """The zone's public keys."""
    query = dns.message.make_query(subject.domain, "DNSKEY", want_dnssec=True)
    answer, _ = dns.query.udp_with_fallback(query, subject.address, timeout=5)
    found = answer.get_rrset(answer.answer, query.question[0].name, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    if found is None:
        raise CheckError(f"the zone has no keys: {answer.to_text()}")
    return sorted(record.to_text() for record in found)


def _moment(subject: Subject) -> str:
    """The database's present time, as the setting `restore` takes it."""
    seconds = float(ask(subject, "SELECT extract(epoch FROM clock_timestamp())"))
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")

"""A volume is lost: all but the last minute of it comes back from the bucket.

This comes before other restores: with the setting `restore`, a volume is filled without asking, once.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import dns.message
import dns.query
import dns.rdataclass
import dns.rdatatype

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Ledger, Load, missing_or_doubled
from rehearsal.checks.people import People
from rehearsal.checks.single.certificates import await_issued
from rehearsal.checks.single.volumes import come_back, zone_of

_MOST_LOST = 60.0  # seconds of acknowledged fines that a lost volume may take along
_PACE = 0.3  # seconds between an officer's fines: below the limit on a token


@check("single")
def a_lost_volume_is_refused_when_empty_and_comes_back_in_another_zone_with_its_keys(subject: Subject) -> str:
    certificate, keys, before = await_issued(subject), _keys(subject), zone_of(subject)
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
    if (zone := zone_of(subject)) == before:
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


def _keys(subject: Subject) -> list[str]:
    """The zone's public keys."""
    query = dns.message.make_query(subject.domain, "DNSKEY", want_dnssec=True)
    answer, _ = dns.query.udp_with_fallback(query, subject.address, timeout=5)
    found = answer.get_rrset(answer.answer, query.question[0].name, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    if found is None:
        raise CheckError(f"the zone has no keys: {answer.to_text()}")
    return sorted(record.to_text() for record in found)

"""The nightly dump: made once by whichever machine, though all begin at once or one dies half-way, and proved by restoring it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.bucket import forget, half_made, newest, tonight, versions
from rehearsal.checks.figures import proven_age
from rehearsal.checks.load import Load
from rehearsal.checks.people import People
from rehearsal.checks.runbook import on_the_host
from rehearsal.machines.machine import Machine

TAKEN_OVER_SECONDS = 90  # within which another machine has made the dump that a dead one began
HEARD_SECONDS = 60  # within which CloudWatch must have heard of a drill
_BEGUN_SECONDS = 120  # within which machines must be at work on the dump, once they were told
_FINES = 20  # at least, that a drill has to find again
_UNIT = "fines-dump.service"
_REFUSALS = ("AccessDenied", "(403)", "PreconditionFailed")
# Nothing that the service needs waits for this table; a dump reads it like all others.
_HOLD = "LOCK TABLE django_admin_log IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)"
_HELD = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'django_admin_log'::regclass"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'fines_reader' AND wait_event_type = 'Lock'"
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "


@check("asg")
def the_dump_of_the_night_is_made_by_one_machine_though_all_begin_at_the_same_moment(subject: Subject) -> str:
    hosts, key = _settled(subject)
    before, marks = len(versions(subject, key)), {host.id: _mark(host) for host in hosts}
    with ThreadPoolExecutor(len(hosts)) as pool, _held_up(subject) as database:
        runs = [pool.submit(_start, host) for host in hosts]
        _await_at_work(database, len(hosts))
        _let_go(database)
        for run in runs:
            run.result()
    told = {host.id: _said(host, marks[host.id]) for host in hosts}
    makers = [id for id, said in told.items() if f"making {key}" in said]
    if len(makers) != 1:
        raise CheckError(f"{len(makers)} of {len(hosts)} machines made the dump of the night: {told}")
    if idle := [
        id for id, said in told.items() if id not in makers and f"{key} was made by another machine" not in said
    ]:
        raise CheckError(f"these machines did not wait for the one that made the dump: {', '.join(idle)}")
    _must_be_one_more(subject, key, before)
    size = versions(subject, key)[0]["Size"]
    return f"{makers[0]} made {key} of {size} bytes, in the bucket once; {len(hosts) - 1} waited for it and made none"


@check("asg")
def a_machine_that_dies_half_way_through_the_dump_leaves_it_to_another(subject: Subject) -> str:
    (first, second, *_), key = _settled(subject)
    before, mark = len(versions(subject, key)), _mark(second)
    with ThreadPoolExecutor(2) as pool, _held_up(subject) as database:
        pool.submit(_start, first)
        _await_at_work(database, 1)
        takes_over = pool.submit(_start, second)
        _await_at_work(database, 2)
        with _cut_off(first, database):
            died = time.monotonic()
            _kill(first)
            _let_go(database)
            while not takes_over.done():
                if time.monotonic() > died + TAKEN_OVER_SECONDS:
                    raise CheckError(f"{second.id} had not taken over {TAKEN_OVER_SECONDS} s after {first.id} died")
                time.sleep(0.5)
        seconds = time.monotonic() - died
    if f"{key} was made: " not in (said := _said(second, mark)):
        raise CheckError(f"{second.id} did not make the dump that {first.id} began: {said[-600:]}")
    _must_be_one_more(subject, key, before)
    return f"{first.id} died at it, cut off from the database; {second.id} had made {key} {seconds:.0f} s later"


@check("asg")
def the_newest_dump_is_restored_elsewhere_and_compared_and_the_age_of_the_proven_one_is_in_cloudwatch(
    subject: Subject,
) -> str:
    people = People.make(subject, officers=2, owners=2)
    with Load(people, officers=2, fines=_FINES) as load:
        load.join()
    fines = int(_psql(_database(subject), "SELECT count(*) FROM infracciones_infraccion"))
    if fines < _FINES:
        raise CheckError(f"the database has {fines} fines: {_FINES} were posted, and the drill would prove little")
    on_the_host(subject, "Tier asg: make a dump now")
    key, host = newest(subject), subject.host
    mark = _mark(host, "fines-dump-drill.service")
    try:
        on_the_host(subject, "Tier asg: prove the newest dump")
    except CheckError as error:
        raise CheckError(f"the drill failed: {_said(host, mark, 'fines-dump-drill.service')[-900:]}") from error
    ended = time.time()
    said = _said(host, mark, "fines-dump-drill.service")
    told = [line.removeprefix("restore drill: ") for line in said.splitlines() if f"{key} is proven: " in line]
    if not told:
        raise CheckError(f"the drill does not say that it proved {key}: {said[-600:]}")
    rows = re.search(r", (\d+) rows are the same", told[-1])
    if rows is None or int(rows[1]) <= fines:  # there are people, migrations and more besides
        raise CheckError(f"the drill compared too little: {told[-1]}; before it there were {fines} fines")
    if left := host.run("find", "/var/lib/fines/drill", "-name", "PG_VERSION").stdout.strip():
        raise CheckError(f"the drill left a database behind: {left.splitlines()[0]}")
    return f"{told[-1]}; {proven_age(subject, 'dump', since=ended, unit='fines-backup-ages', within=HEARD_SECONDS):.0f} s old"


@check("asg")
def a_machine_adds_dumps_and_can_neither_write_over_one_nor_delete_one(subject: Subject) -> str:
    key, host, began = newest(subject), subject.host, time.time()
    place = f"--bucket {subject.backup_bucket} --key {key}"
    before = len(versions(subject, key))
    told = {
        what: host.run("bash", "-c", f". /opt/fines/host/bin/dumps.sh; {call}", check=False)
        for what, call in (
            ("write over it", f"keeper s3api put-object {place}"),
            ("write over it where there is none", f"keeper s3api put-object {place} --if-none-match '*'"),
            ("delete it", f"keeper s3api delete-object {place}"),
            ("read it by its own role", f"aws s3api head-object {place}"),
        )
    }
    subject.provoked.append((began, time.time()))
    refused = {what: any(word in done.stderr for word in _REFUSALS) for what, done in told.items()}
    if passed := [f"{what}: {told[what].stdout + told[what].stderr[-200:]}" for what in told if not refused[what]]:
        raise CheckError(f"a machine was not refused to {passed[0]}")
    if (after := len(versions(subject, key))) != before:
        raise CheckError(f"{key} has {after} versions, it had {before}")
    return f"refused to {', to '.join(told)}: {key}"


def _settled(subject: Subject) -> tuple[list[Machine], str]:
    """The machines, none of which is at work on a dump, and the key of the night's, which is there no more."""
    hosts, key = subject.hosts, tonight()
    if len(hosts) < 2:
        raise CheckError(f"{len(hosts)} machines serve: two are expected")
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(_start, hosts))
    if not versions(subject, key):
        raise CheckError(f"the machines were told to make {key}, and it is not there: {_said(hosts[0], '')[-600:]}")
    forget(subject, key)
    return hosts, key


def _must_be_one_more(subject: Subject, key: str, before: int) -> None:
    more = len(versions(subject, key)) - before
    if more != 1:
        raise CheckError(f"{key} was written {more} times: once is expected")
    if left := half_made(subject):
        raise CheckError(f"these uploads were begun and never ended: {', '.join(left)}")


def _start(host: Machine) -> None:
    """What the timer does at night; returns once it is over."""
    host.run("systemctl", "start", _UNIT, timeout=400, check=False)


def _kill(host: Machine) -> None:
    """Ends the dump as a power loss does, as far as a machine that lives on can: at once, and without a word to the database."""
    host.run("systemctl", "kill", "--signal=KILL", _UNIT)
    host.run("systemctl", "stop", _UNIT)  # a machine without power does not begin again


@contextmanager
def _cut_off(host: Machine, other: Machine) -> Iterator[None]:
    """Nothing that a machine sends reaches the other, not even that a connection is over."""
    route = ("blackhole", f"{other.address}/32")
    host.run("ip", "route", "add", *route)
    try:
        yield
    finally:
        host.run("ip", "route", "delete", *route)


@contextmanager
def _held_up(subject: Subject) -> Iterator[Machine]:
    """Whoever dumps the database waits at one of its tables, until it is let go; what is left of it then is ended."""
    database = _database(subject)
    named = ("env", "PGAPPNAME=holding", "runuser", "-u", "postgres", "--", "psql", "-qtAX", "fines", "-c", _HOLD)
    holding = threading.Thread(target=lambda: database.run(*named, check=False, timeout=620))
    holding.start()
    try:
        deadline = time.monotonic() + 30
        while _psql(database, _HELD) == "0":
            if time.monotonic() > deadline:
                raise CheckError("the table that dumps wait at could not be locked")
            time.sleep(0.2)
        yield database
    finally:
        _let_go(database)
        _psql(database, f"{_END} usename = 'fines_reader'")
        holding.join()


def _let_go(database: Machine) -> None:
    _psql(database, f"{_END} application_name = 'holding'")


def _await_at_work(database: Machine, count: int) -> None:
    """Waits until so many machines are at the dump: each waits for the table, or for the one that does."""
    deadline = time.monotonic() + _BEGUN_SECONDS
    while (seen := int(_psql(database, _WAITING))) < count:
        if time.monotonic() > deadline:
            raise CheckError(f"{seen} machines were at the dump {_BEGUN_SECONDS} s after {count} were told to")
        time.sleep(0.3)


def _database(subject: Subject) -> Machine:
    """The machine that stands in for the database, by the address that its name leads to."""
    addresses, folder = subject.tier.addresses(subject.outputs["DatabaseHost"]), subject.tier.run.machines
    homes = [home.name for home in folder.glob("rds-*") if (home / "machine.json").exists()]
    (found,) = [each for each in (Machine.load(folder, id) for id in homes) if each.alive and each.address in addresses]
    return found


def _psql(machine: Machine, statement: str) -> str:
    """What PostgreSQL answers its superuser: rows as lines."""
    return machine.run("runuser", "-u", "postgres", "--", "psql", "-qtAX", "fines", "-c", statement).stdout.strip()


def _mark(host: Machine, unit: str = _UNIT) -> str:
    """Where a unit's journal ends now."""
    shown = host.run("journalctl", "--lines=1", "--show-cursor", "--quiet", "--unit", unit, check=False).stdout
    found = re.search(r"^-- cursor: (\S+)$", shown, re.M)
    return found[1] if found else ""


def _said(host: Machine, mark: str, unit: str = _UNIT) -> str:
    """What a unit has said since."""
    since = [f"--after-cursor={mark}"] if mark else []
    return host.run("journalctl", "--quiet", "--output=cat", "--unit", unit, *since).stdout

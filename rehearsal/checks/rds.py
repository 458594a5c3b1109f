"""The managed database as RDS tells of it, and the machines that stand in for it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from rehearsal.checks import CheckError, Subject, serving
from rehearsal.machines.machine import Machine


def instance(subject: Subject) -> dict[str, Any]:
    """What RDS says of the stack's instance."""
    name = subject.outputs["DatabaseHost"]
    found = subject.tier.client("rds").describe_db_instances()["DBInstances"]
    (own,) = [each for each in found if each["Endpoint"]["Address"] == name]
    return dict(own)


def primary(subject: Subject) -> Machine:
    """The machine that the endpoint's name leads to."""
    addresses = subject.tier.addresses(subject.outputs["DatabaseHost"])
    found = [machine for machine in _machines(subject) if machine.address in addresses]
    if len(found) != 1:
        raise CheckError(f"the database's name leads to {addresses}: one machine was expected there")
    return found[0]


def await_standby(subject: Subject, *, seconds: float = 120) -> Machine:
    """The machine, in another zone, that has all that the primary acknowledges, once RDS says that there is one."""
    deadline = time.monotonic() + seconds
    while True:
        told, first = instance(subject), primary(subject)
        others = [machine for machine in _machines(subject) if machine.id != first.id and machine.alive]
        second = told.get("SecondaryAvailabilityZone")
        if told["DBInstanceStatus"] == "available" and second and len(others) == 1:
            if not told["MultiAZ"] or second == told["AvailabilityZone"]:
                raise CheckError(f"RDS says of its zones: {told['AvailabilityZone']} and {second}")
            return others[0]
        if time.monotonic() > deadline:
            raise CheckError(
                f"the database has no standby after {seconds:.0f} s: RDS says {told['DBInstanceStatus']}, second zone {second!r}"
            )
        time.sleep(0.5)


def psql(machine: Machine, statement: str) -> str:
    """What its PostgreSQL answers its superuser: rows as lines."""
    asked = ("runuser", "-u", "postgres", "--", "psql", "-qtAXc", statement, "fines")
    return machine.run(*asked).stdout.strip()


def value(subject: Subject) -> dict[str, str]:
    """What the service's secret holds now."""
    manager = subject.tier.client("secretsmanager")
    held = manager.get_secret_value(SecretId=subject.outputs["DatabaseSecretArn"])
    found: dict[str, str] = json.loads(held["SecretString"])
    return found


def in_a_container(subject: Subject, program: str, login: dict[str, str], *, seconds: float, **more: object) -> str:
    """What a Python program says in a container of the service, given on its standard input how to log in."""
    authorities = "rds-authorities.pem" if subject.in_pods else "authorities.pem"
    given = {
        "host": subject.outputs["DatabaseHost"],
        "dbname": "fines",
        "user": login["username"],
        "password": login["password"],
        "sslmode": "verify-full",
        "sslrootcert": f"/run/rds/{authorities}",
        **more,
    }
    return serving.in_a_container(subject, program, given, seconds=seconds)


def _machines(subject: Subject) -> list[Machine]:
    """All machines that ever stood in for the instance."""
    name = re.compile(rf"rds-{re.escape(instance(subject)['DBInstanceIdentifier'])}-\d+")
    folder = subject.tier.run.machines
    homes = [home.name for home in folder.glob("rds-*") if name.fullmatch(home.name)]
    return [Machine.load(folder, id) for id in homes if (folder / id / "machine.json").exists()]

"""What stands behind RDS for PostgreSQL: machines with PostgreSQL 17, whose master is no superuser, reached over TLS alone.

An instance in several zones has a second machine in another one, to which its writes are copied before they are acknowledged.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.services import ec2, rds

from rehearsal.cloud import events, postgresql
from rehearsal.cloud.appliances import Appliance, Appliances
from rehearsal.cloud.authority import Authority
from rehearsal.cloud.events import Events
from rehearsal.cloud.instances import INSTANCE, note, parameters_of, tell_event, tell_what_is_left_out
from rehearsal.cloud.keeping import beside, keep
from rehearsal.cloud.names import Names
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import replaced

log = logging.getLogger("rehearsal.databases")
# Seconds after which a primary without power counts as lost: RDS takes longer, and in less no client would have to wait.
NOTICE = 10.0
_PACE = 0.5
_LOOKS_SECONDS = 3.0  # between two questions whether the standby still follows
_AGAIN_SECONDS = 10.0  # after a standby that could not be made
# Parameters that are RDS's own, or that what stands in for it decides itself.
_NOT_POSTGRESQLS = ("rds.",)
PAST_OF = "_PastOf"  # in a record: the instance whose past it was made of


@dataclass
class Database:
    """The machines of an instance: the one that takes writes, and its standby if it has one."""

    id: str
    kind: postgresql.Kind
    primary: Appliance
    standby: Appliance | None = None
    in_step: bool = False  # the standby has all that is acknowledged
    made: int = 1  # machines until now; their names are numbered
    lost_at: float | None = None  # time.monotonic() at which the primary was first seen without power
    look_at: float = 0.0
    make_at: float = 0.0
    backed_up_at: float | None = None  # seconds since 1970, of the first automated backup
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def record(self) -> Properties:
        """MiniStack's record of the instance."""
        found: Properties = rds._instances[self.id]
        return found


class Databases:
    """Plays the database instances of all stacks."""

    def __init__(
        self, *, appliances: Appliances, names: Names, authority: Authority, seen: Events, region: str, backups: Path
    ) -> None:
        """`backups` is where the automated backups lie."""
        self._appliances, self._names, self._authority, self._seen = appliances, names, authority, seen
        self._backups = backups
        self._running: dict[str, Database] = {}  # by the instance's identifier
        self._plain = replaced(INSTANCE, create=self._create, update=self._update, delete=self._delete)
        tell_what_is_left_out()
        self._plain_reboot = rds._ACTION_MAP["RebootDBInstance"]
        rds._ACTION_MAP["RebootDBInstance"] = self._reboot
        keep("the databases", self._look_at_all, region=region, every=_PACE)

    # behind CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Any:
        id, attributes = self._plain["create"](logical_id, properties, stack)
        record = rds._instances[id]
        note(record, properties)
        database = self._first(record, secrets.token_hex(16))
        with database.lock:
            self._running[id] = database
            postgresql.make(
                database.primary,
                database.kind,
                master=record["MasterUsername"],
                password=record["_MasterUserPassword"],
                database=record["DBName"],
            )
            self._lead(database)
        return id, attributes  # its standby is made beside what the stack makes next

    def _first(self, record: Properties, copier_password: str) -> Database:
        """An instance with its first machine, which holds nothing yet."""
        name = record["Endpoint"]["Address"]
        parameters = {
            key: value
            for group in record["DBParameterGroups"]
            for key, value in parameters_of(group["DBParameterGroupName"]).items()
            if not key.startswith(_NOT_POSTGRESQLS)
        }
        kind = postgresql.Kind(name, self._authority.issue(name), parameters, copier_password)
        first = record["DBSubnetGroup"]["Subnets"][0]["SubnetIdentifier"]
        return Database(str(record["DBInstanceIdentifier"]), kind, self._boot(record, first, 1))

    def _update(
        self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Any:
        """What can change while it runs; a standby comes or goes soon after."""
        made = self._plain["update"](physical_id, old, new, stack, logical_id)
        if made[0] != physical_id:
            raise ValueError("a database instance that is replaced is not played here")
        note(rds._instances[physical_id], new)
        return made

    def _delete(self, physical_id: str, properties: Properties) -> None:
        self.end(physical_id)
        self._plain["delete"](physical_id, properties)

    # behind the calls that bring back a moment

    def running(self, id: str) -> Database | None:
        return self._running.get(id)

    def bring_back(self, source: Database, record: Properties, moment: str) -> None:
        """Makes an instance as another one was at a moment.

        Raises:
            ApplianceError: it could not be made; no machine of it is left.
        """
        database = self._first(record, source.kind.copier_password)
        try:
            postgresql.make_of_the_past(database.primary, database.kind, moment=moment)
        except BaseException:
            self._appliances.end(database.primary)
            raise
        self._running[database.id] = database
        self._lead(database)

    def end(self, id: str) -> None:
        """Ends the machines of an instance, if it has any."""
        if (database := self._running.pop(id, None)) is not None:
            with database.lock:  # a standby that is being made is made first, and ends with the others
                self._names.lead(database.kind.name, [])
                for each in (database.standby, database.primary):
                    if each is not None:
                        self._appliances.end(each)

    # the standby's own life

    def _look_at_all(self) -> None:
        for database in list(self._running.values()):
            try:
                with database.lock:
                    if self._running.get(database.id) is database:
                        self._look_at(database)
            except Exception:  # what cannot be done now is tried again, and holds up no other
                log.exception("the database %s could not be brought in step", database.id)

    def _look_at(self, database: Database) -> None:
        now = time.monotonic()
        if not database.primary.machine.alive:
            database.lost_at = database.lost_at or now
            if now - database.lost_at >= NOTICE:
                self._lose(database)
            return
        database.lost_at = None
        if database.backed_up_at is None and database.record["BackupRetentionPeriod"]:
            postgresql.back_up(database.primary)
            database.backed_up_at = time.time()
        if database.standby is None:
            if database.record["MultiAZ"] and now >= database.make_at:
                database.make_at = now + _AGAIN_SECONDS
                self._make_standby(database)
            return
        follows = database.standby.machine.alive
        if follows and now >= database.look_at:
            database.look_at = now + _LOOKS_SECONDS
            follows = postgresql.is_followed(database.primary)
        if not follows or not database.record["MultiAZ"]:
            self._drop_standby(database)

    def _make_standby(self, database: Database) -> None:
        """Makes the copy in another zone; commits wait for it once it has all that there is."""
        record = database.record
        subnets = [each["SubnetIdentifier"] for each in record["DBSubnetGroup"]["Subnets"]]
        elsewhere = [s for s in subnets if ec2._subnets[s]["AvailabilityZone"] != database.primary.zone]
        if not elsewhere:
            raise ValueError(f"the subnets of {database.id} are all in {database.primary.zone}")
        database.made += 1
        standby = self._boot(record, elsewhere[0], database.made)
        try:
            self._appliances.admit(database.primary, source=standby, port=postgresql.PORT)
            postgresql.copy(database.primary, to=standby, kind=database.kind)
            postgresql.wait_for_copy(database.primary, True)
        except BaseException:
            self._appliances.end(standby)
            if database.primary.machine.alive:
                postgresql.wait_for_copy(database.primary, False)
            raise
        database.standby, database.in_step, database.look_at = standby, True, time.monotonic() + _LOOKS_SECONDS
        record["SecondaryAvailabilityZone"] = standby.zone
        self._seen.add(standby.machine.id, events.IN_STEP)
        log.info("%s has a standby in %s: %s", database.id, standby.zone, standby.machine.id)

    def _drop_standby(self, database: Database) -> None:
        """Goes on without a standby that is dead, away or not wanted: what waits for it is acknowledged then."""
        standby, database.standby, database.in_step = database.standby, None, False
        assert standby is not None
        log.warning("%s goes on without its standby %s", database.id, standby.machine.id)
        postgresql.wait_for_copy(database.primary, False)
        database.record["SecondaryAvailabilityZone"] = ""
        self._appliances.end(standby)

    def _lose(self, database: Database) -> None:
        if database.in_step and database.standby is not None and database.standby.machine.alive:
            self._fail_over(database)
        elif database.record["DBInstanceStatus"] != "failed":
            database.record["DBInstanceStatus"] = "failed"
            log.error("%s lost its machine, and has no standby that has all of it", database.id)

    def _fail_over(self, database: Database) -> None:
        """Has the standby take over. What was the primary never takes a write again: its power goes first, and its address."""
        record, before, standby = database.record, database.primary, database.standby
        assert standby is not None
        tell_event(record, "Multi-AZ instance failover started.", "failover")
        self._appliances.end(before)
        postgresql.promote(standby)
        database.primary, database.standby, database.in_step, database.lost_at = standby, None, False, None
        self._lead(database)
        record["DBInstanceStatus"] = "available"
        self._seen.add(standby.machine.id, events.PROMOTED)
        tell_event(record, "Multi-AZ instance failover completed", "failover")
        log.warning("%s failed over from %s to %s", database.id, before.machine.id, standby.machine.id)

    def _boot(self, record: Properties, subnet: str, number: int) -> Appliance:
        groups = [group["VpcSecurityGroupId"] for group in record["VpcSecurityGroups"]]
        id = str(record["DBInstanceIdentifier"])
        outside = {postgresql.BACKUPS: self._kept(id)}
        if (source := record.get(PAST_OF)) is not None:
            outside[postgresql.ANOTHERS] = self._kept(source)
        return self._appliances.boot(f"rds-{id}-{number}", subnet=subnet, groups=groups, outside=outside)

    def _kept(self, id: str) -> Path:
        """Where the automated backups of an instance lie."""
        folder = self._backups / id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _lead(self, database: Database) -> None:
        """Has the endpoint's name lead to the primary, and the record say where that is."""
        self._names.lead(database.kind.name, [database.primary.address])
        database.record["AvailabilityZone"] = database.primary.zone
        database.record["SecondaryAvailabilityZone"] = ""

    # behind the API

    def _reboot(self, params: Properties) -> Any:
        """RebootDBInstance, which fails over where it is asked to."""
        database = self._running.get(rds._p(params, "DBInstanceIdentifier"))
        if database is None:
            return self._plain_reboot(params)
        record, forced = database.record, rds._p(params, "ForceFailover") == "true"
        if forced and not record["MultiAZ"]:
            message = "You can't force a failover if the instance isn't configured for Multi-AZ."
            return rds._error("InvalidParameterCombination", message, 400)
        if record["DBInstanceStatus"] != "available" or (forced and not database.in_step):
            message = f"Instance {database.id} is not in available state, or its standby is being made."
            return rds._error("InvalidDBInstanceState", message, 400)
        record["DBInstanceStatus"] = "rebooting"
        answer = rds._single_instance_response("RebootDBInstanceResponse", "RebootDBInstanceResult", record)
        beside(self._restart, database, forced, name=f"reboot {database.id}")
        return answer

    def _restart(self, database: Database, forced: bool) -> None:
        with database.lock:
            try:
                if forced:
                    self._fail_over(database)
                else:
                    postgresql.restart(database.primary)
                    tell_event(database.record, "DB instance restarted", "availability")
                database.record["DBInstanceStatus"] = "available"
            except Exception:
                log.exception("%s could not be rebooted", database.id)
                database.record["DBInstanceStatus"] = "failed"

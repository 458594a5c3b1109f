"""RDS's point-in-time recovery: another instance, made of what a living one kept, as that was at a moment."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import time
import uuid
from typing import Any

from ministack.services import rds

from rehearsal.cloud import postgresql
from rehearsal.cloud.databases import PAST_OF, Database, Databases
from rehearsal.cloud.keeping import beside
from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.moments")
_RESTORE, _DELETE = "RestoreDBInstanceToPointInTime", "DeleteDBInstance"


class Moments:
    """Answers the calls that bring back a moment, and that remove what was brought back."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._plain_delete = rds._ACTION_MAP[_DELETE]
        rds._ACTION_MAP |= {_RESTORE: self._restore, _DELETE: self._delete}

    def _restore(self, params: Properties) -> Any:
        source = self._databases.running(rds._p(params, "SourceDBInstanceIdentifier"))
        target = rds._p(params, "TargetDBInstanceIdentifier")
        if source is None:
            return rds._error("DBInstanceNotFound", "There is no such instance with automated backups.", 404)
        if target in rds._instances:
            return rds._error("DBInstanceAlreadyExists", f"DBInstance {target} already exists.", 400)
        if not source.record["BackupRetentionPeriod"]:
            return rds._error("PointInTimeRestoreNotEnabled", f"{source.id} keeps no automated backups.", 400)
        now = dt.datetime.now(dt.UTC)
        asked = now if rds._p(params, "UseLatestRestorableTime") == "true" else _moment(rds._p(params, "RestoreTime"))
        if asked is None or source.backed_up_at is None or not source.backed_up_at <= asked.timestamp() <= time.time():
            message = f"{source.id} can be restored to moments since its first backup, in UTC, as in {now:%FT%TZ}."
            return rds._error("InvalidParameterValue", message, 400)
        record = _of(source.record, target, params)
        rds._instances[target] = record
        beside(self._come_back, source, record, asked.isoformat(), name=f"restore {target}")
        return rds._single_instance_response(f"{_RESTORE}Response", f"{_RESTORE}Result", record)

    def _come_back(self, source: Database, record: Properties, moment: str) -> None:
        try:
            with source.lock:
                postgresql.keep_until_now(source.primary)
            self._databases.bring_back(source, record, moment)
            record["DBInstanceStatus"] = "available"
        except Exception:
            log.exception("%s could not be made of %s", record["DBInstanceIdentifier"], source.id)
            record["DBInstanceStatus"] = "failed"

    def _delete(self, params: Properties) -> Any:
        """Ends the machines of what was brought back; an instance of a stack's own is CloudFormation's to end."""
        id = rds._p(params, "DBInstanceIdentifier")
        database = self._databases.running(id)
        answer = self._plain_delete(params)
        if id not in rds._instances and database is not None:
            self._databases.end(id)
        return answer


def _of(record: Properties, id: str, params: Properties) -> Properties:
    """The record of an instance that is made of another: its size and users, in the network that the call names."""
    made = copy.deepcopy(record)
    door = [
        {"VpcSecurityGroupId": group, "Status": "active"}
        for group in rds._parse_member_list(params, "VpcSecurityGroupIds")
    ]
    group = rds._p(params, "DBParameterGroupName")
    made |= {
        PAST_OF: record["DBInstanceIdentifier"],
        "DBInstanceIdentifier": id,
        "DBInstanceArn": record["DBInstanceArn"].rpartition(":")[0] + f":{id}",
        "DbiResourceId": f"db-{uuid.uuid4().hex[:20].upper()}",
        "Endpoint": record["Endpoint"]
        | {"Address": record["Endpoint"]["Address"].replace(record["DBInstanceIdentifier"], id, 1)},
        "DBInstanceStatus": "creating",
        "MultiAZ": rds._p(params, "MultiAZ") == "true",
        "PubliclyAccessible": rds._p(params, "PubliclyAccessible") == "true",
        "DeletionProtection": rds._p(params, "DeletionProtection") == "true",
        "VpcSecurityGroups": door,
        "DBParameterGroups": [{"DBParameterGroupName": group, "ParameterApplyStatus": "in-sync"}] if group else [],
        "TagList": [],
    }
    return made


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

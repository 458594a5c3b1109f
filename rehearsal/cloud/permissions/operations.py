"""The resources of what people do that takes several at once: a session or a command on a machine, a database of another time."""

from __future__ import annotations

from rehearsal.cloud.permissions.asking import Check
from rehearsal.cloud.permissions.place import Place
from rehearsal.cloud.permissions.wire import Call

# Parameters of a restore, and the kinds of resources that they name.
_OF_A_RESTORE = (
    ("TargetDBInstanceIdentifier", "db"),
    ("SourceDBInstanceIdentifier", "db"),
    ("DBInstanceIdentifier", "db"),
    ("DBSnapshotIdentifier", "snapshot"),
    ("DBSubnetGroupName", "subgrp"),
    ("DBParameterGroupName", "pg"),
    ("OptionGroupName", "og"),
)


def shell(action: str, call: Call, place: Place) -> list[Check]:
    """A session is of a machine and by a document.

    A document of AWS's own has no account in its ARN, which the evaluator could not judge: here it has this one's.
    """
    given = call.parameters
    if session := given.get("SessionId"):
        arn = place.arn("ssm", f"session/{session}")
        tags = place.lookup.tags(arn)
        return [Check(action, arn, {f"ssm:resourceTag/{key}": value for key, value in tags.items()})]
    document = str(given.get("DocumentName") or "SSM-SessionManagerRunShell")
    # What AWS does where a policy has this condition: the document is asked for too, also the usual one.
    context = {"ssm:SessionDocumentAccessCheck": "true"}
    return [
        Check(action, place.arn("ec2", f"instance/{given.get('Target')}"), context),
        Check(action, place.arn("ssm", f"document/{document}"), context),
    ]


def command(action: str, call: Call, place: Place) -> list[Check]:
    """A command is for machines, and by a document: each is asked for. As with a shell's, AWS's own documents have this account."""
    given = call.parameters
    ids = given.get("InstanceIds") or []
    machines = [place.arn("ec2", f"instance/{id}") for id in ids] if isinstance(ids, list) else []
    return [Check(action, arn) for arn in (*machines, place.arn("ssm", f"document/{given.get('DocumentName')}"))]


def restore(action: str, call: Call, place: Place) -> list[Check]:
    """The database that is made, what it is made from, and what it is made with; nothing for other calls."""
    if not call.operation.startswith("RestoreDBInstance"):
        return []
    given = call.parameters
    public = str(given.get("PubliclyAccessible", "")).lower() == "true"  # on the wire it is a word
    context = {"rds:PubliclyAccessible": str(public).lower()}
    named = [(given[name], kind) for name, kind in _OF_A_RESTORE if given.get(name)]
    return [Check(action, place.arn("rds", f"{kind}:{name}"), context) for name, kind in named]

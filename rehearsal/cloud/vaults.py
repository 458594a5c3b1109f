"""What AWS Backup's templates have and MiniStack drops or does not know: selections of a plan, and the access policies of vaults."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import backup
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.policies import Properties

Made = tuple[str, Properties]


def teach() -> None:
    """Registers the type; to be called before MiniStack serves."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::Backup::BackupSelection"] = {
        "create": _select,
        "update": _select_anew,
        "delete": lambda id, _: backup._selections.pop(id, None),
    }
    _a_vault_keeps_its_access_policy(handlers["AWS::Backup::BackupVault"])


def _select(logical_id: str, properties: Properties, stack: str) -> Made:
    plan, given = properties["BackupPlanId"], properties["BackupSelection"]
    status, _, body = backup._create_selection(plan, {"BackupSelection": given})
    answer = json.loads(body)
    if status >= 400:
        raise ValueError(answer["Message"])
    id = str(answer["SelectionId"])
    return id, {"Id": id, "SelectionId": id, "BackupPlanId": plan}


def _select_anew(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    """A selection never changes: AWS replaces it, and CloudFormation deletes the old one."""
    return _select(logical_id or "", new, stack)


def _a_vault_keeps_its_access_policy(handlers: Properties) -> None:
    plain, told = dict(handlers), backup._get_vault_access_policy

    def keep(made: Made, properties: Properties) -> Made:
        backup._vaults[made[0]]["_AccessPolicy"] = properties.get("AccessPolicy")
        return made

    def get(name: str) -> Any:
        vault = backup._vaults.get(name)
        if vault is None or not vault.get("_AccessPolicy"):
            return told(name)
        policy = {"BackupVaultName": name, "BackupVaultArn": vault["BackupVaultArn"]}
        return backup._ok(policy | {"Policy": json.dumps(vault["_AccessPolicy"])})

    def update(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
        return keep(plain["update"](id, old, new, stack, logical_id), new)

    handlers["create"] = lambda logical_id, given, stack: keep(plain["create"](logical_id, given, stack), given)
    handlers["update"] = update
    backup._get_vault_access_policy = get

"""Vaults, plans and selections of AWS Backup."""

from __future__ import annotations

import json

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, picked, reads


@reads("AWS::Backup::BackupVault")
def vault(cloud: Cloud, asked: Asked) -> Found:
    backup, name = cloud("backup"), asked.physical_id
    record = backup.describe_backup_vault(BackupVaultName=name)
    try:
        policy = json.loads(backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"])
    except backup.exceptions.ResourceNotFoundException:
        policy = None
    properties = {
        **picked(record, "BackupVaultName", "EncryptionKeyArn"),
        "AccessPolicy": policy,
        "BackupVaultTags": backup.list_tags(ResourceArn=record["BackupVaultArn"])["Tags"],
    }
    return Found(properties, picked(record, "BackupVaultName", "BackupVaultArn"))


@reads("AWS::Backup::BackupPlan")
def plan(cloud: Cloud, asked: Asked) -> Found:
    backup = cloud("backup")
    record = backup.get_backup_plan(BackupPlanId=asked.physical_id)
    told = dict(record["BackupPlan"])
    # A template has other names for the rules and for where they lead.
    rules = [{**rule, "TargetBackupVault": rule["TargetBackupVaultName"]} for rule in told.pop("Rules", [])]
    properties = {
        "BackupPlan": {**told, "BackupPlanRule": rules},
        "BackupPlanTags": backup.list_tags(ResourceArn=record["BackupPlanArn"])["Tags"],
    }
    return Found(properties, picked(record, "BackupPlanId", "BackupPlanArn", "VersionId"))


@reads("AWS::Backup::BackupSelection")
def selection(cloud: Cloud, asked: Asked) -> Found:
    plan = asked.wanted["BackupPlanId"]
    record = cloud("backup").get_backup_selection(BackupPlanId=plan, SelectionId=asked.physical_id)
    properties = picked(record, "BackupPlanId", "BackupSelection")
    return Found(properties, {"Id": asked.physical_id, **picked(record, "BackupPlanId", "SelectionId")})

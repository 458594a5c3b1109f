"""Database instances, their parameter groups and subnet groups."""

from __future__ import annotations

from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, only, picked, reads

_SAME = (
    "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DBInstanceClass",
    "DBName",
    "DatabaseInsightsMode",
    "DeletionProtection",
    "Engine",
    "Iops",
    "KmsKeyId",
    "MasterUsername",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "MultiAZ",
    "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "PubliclyAccessible",
    "StorageEncrypted",
    "StorageThroughput",
    "StorageType",
)


@reads("AWS::RDS::DBInstance")
def instance(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("rds").describe_db_instances(DBInstanceIdentifier=asked.physical_id)
    record = only(answer["DBInstances"], asked.physical_id)
    groups = record.get("DBParameterGroups", [])
    version, wanted = record.get("EngineVersion", ""), str(asked.wanted.get("EngineVersion", ""))
    properties = {
        **picked(record, *_SAME),
        "AllocatedStorage": record.get("AllocatedStorage"),
        "DBInstanceIdentifier": record["DBInstanceIdentifier"],
        "DBParameterGroupName": groups[0]["DBParameterGroupName"] if groups else None,
        "DBSubnetGroupName": record.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "EnableCloudwatchLogsExports": record.get("EnabledCloudwatchLogsExports", []),
        "EnableIAMDatabaseAuthentication": record.get("IAMDatabaseAuthenticationEnabled"),
        "EnablePerformanceInsights": record.get("PerformanceInsightsEnabled"),
        # A version of one number means its newest minor one.
        "EngineVersion": wanted if version.split(".")[0] == wanted else version,
        # AWS never tells a password; nor what becomes of backups when the instance is gone, or whether it may be upgraded.
        "MasterUserPassword": UNREADABLE,
        "DeleteAutomatedBackups": UNREADABLE,
        "AllowMajorVersionUpgrade": UNREADABLE,
        "Tags": record.get("TagList", []),
        "VPCSecurityGroups": [each["VpcSecurityGroupId"] for each in record.get("VpcSecurityGroups", [])],
    }
    endpoint = record["Endpoint"]
    attributes = {
        "Endpoint.Address": endpoint["Address"],
        "Endpoint.Port": str(endpoint["Port"]),
        "DBInstanceArn": record["DBInstanceArn"],
        "DbiResourceId": record.get("DbiResourceId"),
    }
    return Found(properties, attributes)


@reads("AWS::RDS::DBParameterGroup")
def parameter_group(cloud: Cloud, asked: Asked) -> Found:
    rds, name = cloud("rds"), asked.physical_id
    record = only(rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"], name)
    wanted = asked.wanted.get("Parameters", {})
    found = {
        each["ParameterName"]: each.get("ParameterValue")
        for each in cloud.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name)
    }
    properties = {
        **picked(record, "Description"),
        "Family": record["DBParameterGroupFamily"],
        "Parameters": {key: found.get(key) for key in wanted},
        "Tags": _tags(rds, record["DBParameterGroupArn"]),
    }
    return Found(properties, {"DBParameterGroupName": name})


@reads("AWS::RDS::DBSubnetGroup")
def subnet_group(cloud: Cloud, asked: Asked) -> Found:
    rds, name = cloud("rds"), asked.physical_id
    record = only(rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"], name)
    properties = {
        "DBSubnetGroupDescription": record.get("DBSubnetGroupDescription"),
        "SubnetIds": [each["SubnetIdentifier"] for each in record.get("Subnets", [])],
        "Tags": _tags(rds, record["DBSubnetGroupArn"]),
    }
    return Found(properties)


def _tags(rds: Any, arn: str) -> list[Any]:
    found: list[Any] = rds.list_tags_for_resource(ResourceName=arn)["TagList"]
    return found

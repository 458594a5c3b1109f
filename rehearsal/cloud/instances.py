"""MiniStack's records of database instances: what they lack of those of RDS, and what they say."""

from __future__ import annotations

import time
import uuid

from ministack.services import rds

from rehearsal.cloud.policies import Properties

INSTANCE = "AWS::RDS::DBInstance"


def note(record: Properties, properties: Properties) -> None:
    """Keeps what MiniStack drops of an instance."""
    record["DatabaseInsightsMode"] = properties.get("DatabaseInsightsMode", "")
    record["EnabledCloudwatchLogsExports"] = list(properties.get("EnableCloudwatchLogsExports", []))


def tell_what_is_left_out() -> None:
    """Has DescribeDBInstances tell of insights, logs and the standby's zone, which MiniStack's own leaves out."""
    plain = rds._instance_xml

    def told(record: Properties) -> str:
        text = str(plain(record))
        logs = "".join(f"<member>{name}</member>" for name in record.get("EnabledCloudwatchLogsExports", []))
        text = text.replace(
            "<EnabledCloudwatchLogsExports/>", f"<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>"
        )
        if second := record.get("SecondaryAvailabilityZone"):
            text += f"<SecondaryAvailabilityZone>{second}</SecondaryAvailabilityZone>"
        return text + f"<DatabaseInsightsMode>{record.get('DatabaseInsightsMode', '')}</DatabaseInsightsMode>"

    rds._instance_xml = told


def tell_event(record: Properties, message: str, category: str) -> None:
    """Adds to what DescribeEvents tells of the instance."""
    rds._events[str(uuid.uuid4())] = {
        "SourceIdentifier": record["DBInstanceIdentifier"],
        "SourceType": "db-instance",
        "SourceArn": record["DBInstanceArn"],
        "Message": message,
        "Date": time.time(),
        "EventCategories": [category],
    }


def parameters_of(group: str) -> dict[str, str]:
    """The parameters that a group sets, by name."""
    record = rds._param_groups.get(group) or {}
    return {name: str(value["ParameterValue"]) for name, value in record.get("Parameters", {}).items()}

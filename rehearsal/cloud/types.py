"""Resource types that MiniStack does not know or leaves without state, taught to it with their services' own records."""

from __future__ import annotations

import secrets
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2
from ministack.services.cloudformation import provisioners, wait_conditions

from rehearsal.cloud import vaults
from rehearsal.cloud.ec2 import Ec2
from rehearsal.machines.volume import Volume
from rehearsal.places import Run

Properties = dict[str, Any]
Made = tuple[str, Properties]

lifecycle_policies: dict[str, Properties] = {}  # Data Lifecycle Manager's own state, by policy id


def teach(run: Run, machines: Ec2) -> None:
    """Registers the types; to be called before MiniStack serves."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::EIP"] = {
        "create": lambda *given: _create_address(machines, *given),
        "update": _update_tags,
        "delete": _delete_address,
    }
    volumes = _Volumes(run)
    handlers["AWS::EC2::Volume"] = {"create": volumes.create, "update": volumes.update, "delete": volumes.delete}
    handlers["AWS::EC2::FlowLog"] = {"create": _create_flow_log, "delete": lambda id, _: ec2._flow_logs.pop(id, None)}
    handlers["AWS::DLM::LifecyclePolicy"] = {
        "create": _create_policy,
        "update": _update_policy,
        "delete": lambda id, _: lifecycle_policies.pop(id, None),
    }
    vaults.teach()
    region_of_handle = wait_conditions.SIGNAL_PATH

    def handle_url(token: str) -> str:
        # On AWS too a handle is a presigned URL of a bucket of CloudFormation's.
        return f"https://cloudformation-waitcondition-{get_region()}.s3.{get_region()}.amazonaws.com{region_of_handle}{token}"

    wait_conditions.handle_url = handle_url
    wait = wait_conditions.wait_for

    def wait_once(token: str, *given: Any) -> Any:
        """The URL ends with the wait that it is for: AWS's own ends some hours later, and refuses who comes after that."""
        try:
            return wait(token, *given)
        finally:
            wait_conditions.discard_handle(handle_url(token))

    wait_conditions.wait_for = wait_once


def _create_address(machines: Ec2, logical_id: str, properties: Properties, stack: str) -> Made:
    id = f"eipalloc-{secrets.token_hex(8)}1"
    address = machines.next_elastic_address()
    ec2._addresses[id] = {
        "AllocationId": id,
        "PublicIp": address,
        "Domain": properties.get("Domain", "vpc"),
        "AssociationId": None,
        "InstanceId": None,
        "NetworkInterfaceId": None,
        "PrivateIpAddress": None,
    }
    ec2._tags[id] = list(properties.get("Tags", []))
    return address, {"AllocationId": id, "PublicIp": address}


def _update_tags(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    id = _allocation(physical_id)
    ec2._tags[id] = list(new.get("Tags", []))
    return physical_id, {"AllocationId": id, "PublicIp": physical_id}


def _delete_address(physical_id: str, properties: Properties) -> None:
    ec2._addresses.pop(_allocation(physical_id), None)


def _allocation(address: str) -> str:
    return next((str(id) for id, record in ec2._addresses.items() if record["PublicIp"] == address), "")


class _Volumes:
    def __init__(self, run: Run) -> None:
        self._run = run

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        id = f"vol-{secrets.token_hex(8)}1"
        snapshot = properties.get("SnapshotId", "")
        source = self._run.volumes / f"{snapshot}.img" if snapshot else None
        if source is not None and not source.exists():
            raise ValueError(f"The snapshot '{snapshot}' does not exist.")
        Volume(id, self._run.volumes / f"{id}.img").make(int(properties["Size"]), source=source)
        ec2._volumes[id] = {
            "VolumeId": id,
            "Size": int(properties["Size"]),
            "AvailabilityZone": properties["AvailabilityZone"],
            "State": "available",
            "VolumeType": properties.get("VolumeType", "gp2"),
            "SnapshotId": snapshot,
            "Iops": int(properties.get("Iops", 3000)),
            "Encrypted": properties.get("Encrypted") in (True, "true"),
            "CreateTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "Attachments": [],
            "MultiAttachEnabled": False,
            "Throughput": int(properties.get("Throughput", 125)),
        }
        ec2._tags[id] = list(properties.get("Tags", []))
        return id, {"VolumeId": id}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Made:
        for fixed in ("AvailabilityZone", "SnapshotId", "Encrypted"):
            if old.get(fixed) != new.get(fixed):
                raise ValueError(f"Update to resource type AWS::EC2::Volume is not supported ({fixed})")
        if int(new["Size"]) < int(old["Size"]):
            raise ValueError("New size cannot be smaller than existing size")
        Volume(physical_id, self._run.volumes / f"{physical_id}.img").grow(int(new["Size"]))
        ec2._volumes[physical_id].update(Size=int(new["Size"]), VolumeType=new.get("VolumeType", "gp2"))
        ec2._tags[physical_id] = list(new.get("Tags", []))
        return physical_id, {"VolumeId": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        Volume(physical_id, self._run.volumes / f"{physical_id}.img").remove()
        ec2._volumes.pop(physical_id, None)


def _create_flow_log(logical_id: str, properties: Properties, stack: str) -> Made:
    id = f"fl-{secrets.token_hex(8)}1"
    ec2._flow_logs[id] = {
        "FlowLogId": id,
        "ResourceId": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "LogDestinationType": properties.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": properties.get("LogDestination", ""),
        "LogGroupName": properties.get("LogGroupName", ""),
        "DeliverLogsPermissionArn": properties.get("DeliverLogsPermissionArn", ""),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }
    ec2._tags[id] = list(properties.get("Tags", []))
    return id, {"Id": id}


def _create_policy(logical_id: str, properties: Properties, stack: str) -> Made:
    id = f"policy-{secrets.token_hex(8)}1"
    lifecycle_policies[id] = dict(properties)
    return id, {"Arn": f"arn:aws:dlm:{get_region()}:{get_account_id()}:policy/{id}"}


def _update_policy(
    physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
) -> Made:
    lifecycle_policies[physical_id] = dict(new)
    return physical_id, {"Arn": f"arn:aws:dlm:{get_region()}:{get_account_id()}:policy/{physical_id}"}

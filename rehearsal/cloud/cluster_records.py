"""MiniStack's records of clusters: what they lack of those of EKS, and the security group that EKS makes."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import ec2

from rehearsal.cloud.policies import Properties


def await_books(record: Properties) -> None:
    """MiniStack looks for Docker beside; it has written its record once it says so."""
    while record["status"] != "ACTIVE":
        time.sleep(0.05)


def note(record: Properties, properties: Properties) -> None:
    """Keeps what MiniStack drops of a cluster."""
    access, network = properties.get("AccessConfig", {}), properties.get("KubernetesNetworkConfig", {})
    creator = access.get("BootstrapClusterCreatorAdminPermissions", True)
    record.setdefault("accessConfig", {})["bootstrapClusterCreatorAdminPermissions"] = _is_true(creator)
    record["computeConfig"] = camel(properties.get("ComputeConfig", {}))
    record["storageConfig"] = camel(properties.get("StorageConfig", {}))
    record["upgradePolicy"] = camel(properties.get("UpgradePolicy", {}))
    record["deletionProtection"] = _is_true(properties.get("DeletionProtection", False))
    record["encryptionConfig"] = [camel(each) for each in properties.get("EncryptionConfig", [])]
    record["kubernetesNetworkConfig"] |= camel(network)


def camel(value: Any) -> Any:
    """Properties as EKS's API names them."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: camel(each) for key, each in value.items()}
    if isinstance(value, list):
        return [camel(each) for each in value]
    return value == "true" if value in ("true", "false") else value


def _is_true(value: Any) -> bool:
    return value in (True, "true")


def make_group(group: str, cluster: str, subnet: str) -> None:
    """The security group that EKS makes for a cluster, which lets in what is in it."""
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}], "IpRanges": []}
    ec2._security_groups[group] = {
        "GroupId": group,
        "GroupName": f"eks-cluster-sg-{cluster}",
        "Description": "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes",
        "VpcId": ec2._subnets[subnet]["VpcId"],
        "OwnerId": "000000000000",
        "IpPermissions": [rule],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": []}],
    }

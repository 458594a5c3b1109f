"""What networks over several zones have and MiniStack's CloudFormation does not know: NAT gateways, rules between security groups."""

from __future__ import annotations

import secrets
import time
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import told_besides

Made = tuple[str, Properties]


def teach(machines: Ec2) -> None:
    """Registers the types; to be called before MiniStack serves."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::NatGateway"] = {
        "create": _create_gateway,
        "update": _update_gateway,
        "delete": lambda id, _: ec2._nat_gateways.pop(id, None),
    }
    for direction, key in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        rules = _Rules(machines, key)
        handlers[f"AWS::EC2::SecurityGroup{direction}"] = {
            "create": rules.create,
            "update": rules.update,
            "delete": rules.delete,
        }
    _a_gateway_tells_its_address()
    told_besides("AWS::EC2::VPC", lambda id: {"CidrBlock": ec2._vpcs[id]["CidrBlock"]})


def _create_gateway(logical_id: str, properties: Properties, stack: str) -> Made:
    id, subnet, allocation = f"nat-{secrets.token_hex(8)}1", properties["SubnetId"], properties["AllocationId"]
    if allocation not in ec2._addresses:
        raise ValueError(f"The allocation ID '{allocation}' does not exist")
    ec2._nat_gateways[id] = {
        "NatGatewayId": id,
        "SubnetId": subnet,
        "VpcId": ec2._subnets[subnet]["VpcId"],
        "AllocationId": allocation,
        "ConnectivityType": properties.get("ConnectivityType", "public"),
        "State": "available",
        "CreateTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "Tags": list(properties.get("Tags", [])),
    }
    ec2._tags[id] = list(properties.get("Tags", []))
    return id, {"NatGatewayId": id}


def _update_gateway(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    for fixed in ("SubnetId", "AllocationId", "ConnectivityType"):
        if old.get(fixed) != new.get(fixed):
            raise ValueError(f"Update to resource type AWS::EC2::NatGateway is not supported ({fixed})")
    ec2._tags[id] = ec2._nat_gateways[id]["Tags"] = list(new.get("Tags", []))
    return id, {"NatGatewayId": id}


def _a_gateway_tells_its_address() -> None:
    """DescribeNatGateways leaves out the address of a gateway."""
    plain = ec2._ACTION_MAP["DescribeNatGateways"]

    def describe(params: Properties) -> Any:
        status, headers, body = plain(params)
        text = body.decode() if isinstance(body, bytes) else body
        for id, record in ec2._nat_gateways.items():
            address = ec2._addresses.get(record["AllocationId"])
            told = (
                f"<natGatewayAddressSet><item><allocationId>{record['AllocationId']}</allocationId>"
                f"<publicIp>{address['PublicIp'] if address else ''}</publicIp></item></natGatewayAddressSet>"
            )
            head, found, tail = text.partition(f"<natGatewayId>{id}</natGatewayId>")
            if found:
                text = head + found + tail.replace("<natGatewayAddressSet/>", told, 1)
        return status, headers, text.encode()

    ec2._ACTION_MAP["DescribeNatGateways"] = describe


class _Rules:
    """Rules of security groups that are resources of their own."""

    def __init__(self, machines: Ec2, key: str) -> None:
        self._machines, self._key = machines, key

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        id = f"sgr-{secrets.token_hex(8)}1"
        (rule,) = provisioners._ec2_sg_permissions([properties])
        group.setdefault(self._key, []).append(rule | {"_rule": id})
        self._machines.expose()
        return id, {"Id": id}

    def update(self, id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
        self.delete(id, old)
        return self.create(logical_id or "", new, stack)

    def delete(self, id: str, properties: Properties) -> None:
        if (group := ec2._security_groups.get(properties["GroupId"])) is not None:
            group[self._key] = [rule for rule in group.get(self._key, []) if rule.get("_rule") != id]
            self._machines.expose()

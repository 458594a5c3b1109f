"""VPC, subnets, gateways, routes, security groups, flow logs and addresses, read from EC2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rehearsal.ledger.readers.registry import Absent, Asked, Cloud, Found, Properties, only, picked, reads

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
# the names that a rule's sources have in the API, in a template, and the key that holds their value
_SOURCES = (
    ("IpRanges", "CidrIp", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId", "SecurityGroupId"),
)


@reads("AWS::EC2::VPC")
def vpc(cloud: Cloud, asked: Asked) -> Found:
    ec2, id = cloud("ec2"), asked.physical_id
    record = only(ec2.describe_vpcs(VpcIds=[id])["Vpcs"], id)
    support = ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsSupport")["EnableDnsSupport"]
    names = ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    properties = {
        **picked(record, "CidrBlock", "InstanceTenancy", "Tags"),
        "EnableDnsSupport": support.get("Value"),
        "EnableDnsHostnames": names.get("Value"),
    }
    return Found(properties, {"VpcId": id, "CidrBlock": record["CidrBlock"]})


@reads("AWS::EC2::Subnet")
def subnet(cloud: Cloud, asked: Asked) -> Found:
    record = only(cloud("ec2").describe_subnets(SubnetIds=[asked.physical_id])["Subnets"], asked.physical_id)
    properties = picked(record, "AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "VpcId", "Tags")
    attributes = picked(record, "SubnetId", "AvailabilityZone", "VpcId", "CidrBlock")
    return Found(properties, attributes)


@reads("AWS::EC2::InternetGateway")
def internet_gateway(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_internet_gateways(InternetGatewayIds=[asked.physical_id])
    record = only(answer["InternetGateways"], asked.physical_id)
    return Found(picked(record, "Tags"), picked(record, "InternetGatewayId"))


@reads("AWS::EC2::VPCGatewayAttachment")
def gateway_attachment(cloud: Cloud, asked: Asked) -> Found:
    id = asked.wanted["InternetGatewayId"]
    answer = cloud("ec2").describe_internet_gateways(InternetGatewayIds=[id])
    record = only(answer["InternetGateways"], id)
    attached = only(record.get("Attachments", []), f"an attachment of {id}")
    return Found({"InternetGatewayId": record["InternetGatewayId"], "VpcId": attached["VpcId"]})


@reads("AWS::EC2::RouteTable")
def route_table(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_route_tables(RouteTableIds=[asked.physical_id])
    record = only(answer["RouteTables"], asked.physical_id)
    return Found(picked(record, "VpcId", "Tags"), picked(record, "RouteTableId"))


@reads("AWS::EC2::Route")
def route(cloud: Cloud, asked: Asked) -> Found:
    id = asked.wanted["RouteTableId"]
    key = next(key for key in _DESTINATIONS if key in asked.wanted)
    table = only(cloud("ec2").describe_route_tables(RouteTableIds=[id])["RouteTables"], id)
    found = [route for route in table.get("Routes", []) if route.get(key) == asked.wanted[key]]
    record = only(found, f"a route of {id} to {asked.wanted[key]}")
    targets = ("GatewayId", "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId")
    return Found({"RouteTableId": table["RouteTableId"], **picked(record, *_DESTINATIONS, *targets)})


@reads("AWS::EC2::SubnetRouteTableAssociation")
def route_table_association(cloud: Cloud, asked: Asked) -> Found:
    for table in cloud.pages("ec2", "describe_route_tables", "RouteTables"):
        for association in table.get("Associations", []):
            if association["RouteTableAssociationId"] == asked.physical_id:
                properties = {"RouteTableId": table["RouteTableId"], "SubnetId": association.get("SubnetId")}
                return Found(properties, {"Id": asked.physical_id})
    raise Absent(f"{asked.physical_id}: no route table has this association")


@reads("AWS::EC2::SecurityGroup")
def security_group(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_security_groups(GroupIds=[asked.physical_id])
    record = only(answer["SecurityGroups"], asked.physical_id)
    properties = {
        **picked(record, "GroupName", "VpcId", "Tags"),
        "GroupDescription": record.get("Description"),
        "SecurityGroupIngress": _own(record.get("IpPermissions", []), "Source", asked),
        "SecurityGroupEgress": _own(record.get("IpPermissionsEgress", []), "Destination", asked),
    }
    return Found(properties, picked(record, "GroupId", "VpcId"))


def _own(permissions: list[Any], side: str, asked: Asked) -> list[Properties]:
    """A group's rules; those between groups only where its own list has such: else they are resources of their own, read by themselves."""
    source = f"{side}SecurityGroupId"
    listed = asked.wanted.get("SecurityGroupIngress" if side == "Source" else "SecurityGroupEgress", [])
    own = any(source in rule for rule in listed)
    return [rule for rule in _rules(permissions, side) if own or source not in rule]


@reads("AWS::EC2::SecurityGroupIngress")
def ingress(cloud: Cloud, asked: Asked) -> Found:
    return _rule(cloud, asked, "IpPermissions", "Source")


@reads("AWS::EC2::SecurityGroupEgress")
def egress(cloud: Cloud, asked: Asked) -> Found:
    return _rule(cloud, asked, "IpPermissionsEgress", "Destination")


def _rule(cloud: Cloud, asked: Asked, key: str, side: str) -> Found:
    """A rule among those of its group: the API tells no id of it there, so it is known by what it says."""
    group = asked.wanted["GroupId"]
    record = only(cloud("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"], group)
    names = ("IpProtocol", "FromPort", "ToPort", f"{side}SecurityGroupId", "CidrIp", "Description")
    found = [
        rule
        for rule in _rules(record.get(key, []), side)
        if all(str(rule.get(name)) == str(asked.wanted[name]) for name in names if name in asked.wanted)
    ]
    return Found({"GroupId": record["GroupId"], **picked(only(found, f"such a rule in {group}"), *names)})


@reads("AWS::EC2::NatGateway")
def nat_gateway(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_nat_gateways(NatGatewayIds=[asked.physical_id])
    record = only(answer["NatGateways"], asked.physical_id)
    addresses = record.get("NatGatewayAddresses", [])
    properties = {
        **picked(record, "ConnectivityType", "SubnetId", "Tags"),
        "AllocationId": addresses[0].get("AllocationId") if addresses else None,
    }
    return Found(properties, {"NatGatewayId": record["NatGatewayId"]})


@reads("AWS::EC2::VPCEndpoint")
def endpoint(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_vpc_endpoints(VpcEndpointIds=[asked.physical_id])
    record = only(answer["VpcEndpoints"], asked.physical_id)
    return Found(
        picked(record, "RouteTableIds", "ServiceName", "VpcEndpointType", "VpcId", "Tags"), {"Id": asked.physical_id}
    )


def _rules(permissions: list[Any], side: str) -> Iterator[Properties]:
    """The rules one by one: the API gathers the sources of equal protocol and ports, a template lists them."""
    for permission in permissions:
        ports = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission}
        for plural, key, name in _SOURCES:
            for source in permission.get(plural, []):
                name = name if name.startswith("Cidr") else side + name
                rule = {**ports, name: source[key]}
                yield {**rule, "Description": source["Description"]} if source.get("Description") else rule


@reads("AWS::EC2::FlowLog")
def flow_log(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("ec2").describe_flow_logs(FlowLogIds=[asked.physical_id])
    record = only(answer["FlowLogs"], asked.physical_id)
    same = picked(
        record, "ResourceId", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName", "LogFormat", "Tags"
    )
    properties = {
        **same,
        "DeliverLogsPermissionArn": record.get("DeliverLogsPermissionArn"),
        "MaxAggregationInterval": record.get("MaxAggregationInterval"),
        # The API tells what a flow log watches by the resource's id alone.
        "ResourceType": _kind(record["ResourceId"]),
    }
    return Found(properties, {"Id": record["FlowLogId"]})


def _kind(id: str) -> str:
    return {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}.get(id.partition("-")[0], id)


@reads("AWS::EC2::EIP")
def address(cloud: Cloud, asked: Asked) -> Found:
    # Not every EC2 heeds the list of addresses that is asked for.
    listed = cloud("ec2").describe_addresses(PublicIps=[asked.physical_id])["Addresses"]
    record = only([each for each in listed if each["PublicIp"] == asked.physical_id], asked.physical_id)
    return Found(
        picked(record, "Domain", "InstanceId", "PublicIpv4Pool", "NetworkBorderGroup", "Tags"),
        picked(record, "AllocationId", "PublicIp"),
    )

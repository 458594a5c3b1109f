"""Load balancers, their listeners and target groups."""

from __future__ import annotations

from typing import Any

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, only, picked, reads


@reads("AWS::ElasticLoadBalancingV2::LoadBalancer")
def load_balancer(cloud: Cloud, asked: Asked) -> Found:
    elb, arn = cloud("elbv2"), asked.physical_id
    record = only(elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"], arn)
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    properties = {
        **picked(record, "IpAddressType", "Scheme", "SecurityGroups", "Type"),
        "Name": record["LoadBalancerName"],
        "LoadBalancerAttributes": _asked_for(attributes, asked.wanted.get("LoadBalancerAttributes")),
        "Subnets": [zone["SubnetId"] for zone in record.get("AvailabilityZones", [])],
        "Tags": _tags(elb, arn),
    }
    attributes_of = {
        "DNSName": record["DNSName"],
        "CanonicalHostedZoneID": record.get("CanonicalHostedZoneId"),
        "LoadBalancerFullName": arn.partition("loadbalancer/")[2],
        "LoadBalancerArn": arn,
    }
    return Found(properties, attributes_of)


@reads("AWS::ElasticLoadBalancingV2::TargetGroup")
def target_group(cloud: Cloud, asked: Asked) -> Found:
    elb, arn = cloud("elbv2"), asked.physical_id
    record = only(elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"], arn)
    attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    same = (
        "HealthCheckEnabled",
        "HealthCheckIntervalSeconds",
        "HealthCheckPath",
        "HealthCheckPort",
        "HealthCheckProtocol",
        "HealthCheckTimeoutSeconds",
        "HealthyThresholdCount",
        "Matcher",
        "Port",
        "Protocol",
        "TargetType",
        "UnhealthyThresholdCount",
        "VpcId",
    )
    properties = {
        **picked(record, *same),
        "Name": record["TargetGroupName"],
        "TargetGroupAttributes": _asked_for(attributes, asked.wanted.get("TargetGroupAttributes")),
        "Tags": _tags(elb, arn),
    }
    attributes_of = {
        "TargetGroupFullName": arn.rpartition(":")[2],
        "TargetGroupName": record["TargetGroupName"],
        "TargetGroupArn": arn,
    }
    return Found(properties, attributes_of)


@reads("AWS::ElasticLoadBalancingV2::Listener")
def listener(cloud: Cloud, asked: Asked) -> Found:
    record = only(cloud("elbv2").describe_listeners(ListenerArns=[asked.physical_id])["Listeners"], asked.physical_id)
    properties = {
        **picked(record, "LoadBalancerArn", "Port", "Protocol", "SslPolicy", "AlpnPolicy"),
        "Certificates": [{"CertificateArn": each["CertificateArn"]} for each in record.get("Certificates", [])],
        "DefaultActions": record.get("DefaultActions", []),
    }
    return Found(properties, {"ListenerArn": asked.physical_id})


def _asked_for(attributes: list[Any], wanted: Any) -> list[Any]:
    """Of all attributes, which AWS tells with its defaults, those that the template names."""
    names = {each["Key"] for each in wanted or []}
    return [each for each in attributes if each["Key"] in names]


def _tags(elb: Any, arn: str) -> list[Any]:
    found: list[Any] = only(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"], arn)["Tags"]
    return found

"""Distributions with what they refer to: access controls for their origins, and policies for the headers of their answers."""

from __future__ import annotations

from typing import Any

from rehearsal.ledger.readers.registry import Asked, Cloud, Found, reads

# Members of the API's whose names the template spells otherwise.
_NAMES = {"IsIPV6Enabled": "IPV6Enabled"}


@reads("AWS::CloudFront::Distribution")
def distribution(cloud: Cloud, asked: Asked) -> Found:
    client, id = cloud("cloudfront"), asked.physical_id
    record = client.get_distribution(Id=id)["Distribution"]
    tags = client.list_tags_for_resource(Resource=record["ARN"])["Tags"]["Items"]
    properties = {"DistributionConfig": _as_in_templates(record["DistributionConfig"]), "Tags": tags}
    return Found(properties, {"Id": id, "DomainName": record["DomainName"]})


@reads("AWS::CloudFront::OriginAccessControl")
def access_control(cloud: Cloud, asked: Asked) -> Found:
    config = cloud("cloudfront").get_origin_access_control_config(Id=asked.physical_id)["OriginAccessControlConfig"]
    return Found({"OriginAccessControlConfig": config}, {"Id": asked.physical_id})


@reads("AWS::CloudFront::ResponseHeadersPolicy")
def headers_policy(cloud: Cloud, asked: Asked) -> Found:
    # Its lists have their Items in templates too.
    answer = cloud("cloudfront").get_response_headers_policy_config(Id=asked.physical_id)
    config = answer["ResponseHeadersPolicyConfig"]
    return Found({"ResponseHeadersPolicyConfig": config}, {"Id": asked.physical_id})


def _as_in_templates(value: Any) -> Any:
    """A configuration whose lists are lists: the API counts them, {Quantity, Items}."""
    if isinstance(value, list):
        return [_as_in_templates(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Quantity" in value:
        return [_as_in_templates(each) for each in value.get("Items", [])]
    return {_NAMES.get(name, name): _as_in_templates(each) for name, each in value.items()}

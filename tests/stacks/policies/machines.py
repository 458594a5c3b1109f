"""What must be true of machines and of what reaches them."""

from __future__ import annotations

from typing import Any

from tests.stacks.policies.reading import inbound, lets_in, machines, of_kinds
from tests.stacks.synthesis import Template, flat


def nobody_can_reach_ssh_from_the_internet(template: Template) -> list[str]:
    return [id for id, rule in inbound(template) if lets_in(rule, 22)]


def inbound_is_closed_but_for_http_https_and_dns(template: Template) -> list[str]:
    named = {("tcp", 80), ("tcp", 443), ("tcp", 53), ("udp", 53)}
    return [
        f"{id}: {rule}"
        for id, rule in inbound(template)
        if (rule["IpProtocol"], rule.get("FromPort")) not in named or rule.get("FromPort") != rule.get("ToPort")
    ]


def no_machine_has_a_key_for_ssh(template: Template) -> list[str]:
    return [id for id, data in machines(template) if "KeyName" in data]


def machines_demand_imdsv2_and_hide_it_from_containers(template: Template) -> list[str]:
    wanted = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    return [id for id, data in machines(template) if not wanted.items() <= data.get("MetadataOptions", {}).items()]


def disks_are_encrypted(template: Template) -> list[str]:
    encrypted = {"AWS::EC2::Volume": "Encrypted", "AWS::RDS::DBInstance": "StorageEncrypted"}
    bad = [
        id for id, disk in of_kinds(template, *encrypted) if disk["Properties"].get(encrypted[disk["Type"]]) is not True
    ]
    for id, data in machines(template):
        disks = data.get("BlockDeviceMappings", [])
        if not disks or any(disk["Ebs"].get("Encrypted") is not True for disk in disks):
            bad.append(id)
    return bad


def _node_groups(template: Template) -> dict[str, Any]:
    return {id: each for id, each in template["Resources"].items() if each["Type"] == "AWS::EKS::Nodegroup"}


def launch_templates_name_a_concrete_image_and_version(template: Template) -> list[str]:
    bad = []
    # EKS chooses the image of its nodes: by the release that a setting names, never because a template says "latest".
    nodes = {flat(g["Properties"]["LaunchTemplate"]["Id"]) for g in _node_groups(template).values()}
    for id, data in machines(template):
        if f"${{{id}}}" in nodes:
            continue
        image = data["ImageId"]
        parameter = template.get("Parameters", {}).get(image.get("Ref"), {}) if isinstance(image, dict) else {}
        typed = parameter.get("Type") == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
        if not (typed or str(image).startswith("ami-")):
            bad.append(id)
    for id, group in of_kinds(template, "AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::Nodegroup"):
        if "LatestVersionNumber" not in flat(group["Properties"]["LaunchTemplate"]["Version"]):
            bad.append(id)
    return bad

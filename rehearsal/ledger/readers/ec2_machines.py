"""Launch templates and volumes, read from EC2."""

from __future__ import annotations

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, only, picked, reads


@reads("AWS::EC2::LaunchTemplate")
def launch_template(cloud: Cloud, asked: Asked) -> Found:
    ec2, id = cloud("ec2"), asked.physical_id
    record = only(ec2.describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"], id)
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=["$Latest"])
    latest = only(versions["LaunchTemplateVersions"], f"the latest version of {id}")
    properties = {
        "LaunchTemplateName": record["LaunchTemplateName"],
        "VersionDescription": latest.get("VersionDescription"),
        # The API has the template's own names inside.
        "LaunchTemplateData": latest["LaunchTemplateData"],
        "TagSpecifications": [{"ResourceType": "launch-template", "Tags": record.get("Tags", [])}],
    }
    attributes = {
        "LaunchTemplateId": id,
        "LatestVersionNumber": str(record["LatestVersionNumber"]),
        "DefaultVersionNumber": str(record["DefaultVersionNumber"]),
    }
    return Found(properties, attributes)


@reads("AWS::EC2::Volume")
def volume(cloud: Cloud, asked: Asked) -> Found:
    record = only(cloud("ec2").describe_volumes(VolumeIds=[asked.physical_id])["Volumes"], asked.physical_id)
    same = picked(
        record,
        "AvailabilityZone",
        "Encrypted",
        "Iops",
        "KmsKeyId",
        "MultiAttachEnabled",
        "OutpostArn",
        "Size",
        "SnapshotId",
        "Throughput",
        "VolumeType",
        "Tags",
    )
    return Found({**same, "AutoEnableIO": UNREADABLE}, {"VolumeId": record["VolumeId"]})

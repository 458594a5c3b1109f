"""What must be true of what holds data, and of secrets."""

from __future__ import annotations

from tests.stacks.policies.reading import of_kinds, refuses_plain, tag_keys
from tests.stacks.synthesis import Template, flat, resources

# What holds data, and the policies that keep it: of a database a snapshot is kept, since the instance would hold its network.
_STATEFUL = {
    "AWS::S3::Bucket": "Retain",
    "AWS::EC2::Volume": "Retain",
    "AWS::SecretsManager::Secret": "Retain",
    "AWS::RDS::DBInstance": "Snapshot",
    "AWS::Backup::BackupVault": "Retain",
}


def buckets_are_private(template: Template) -> list[str]:
    wanted = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    return [
        id
        for id, bucket in resources(template, "AWS::S3::Bucket").items()
        if bucket["Properties"].get("PublicAccessBlockConfiguration") != wanted
    ]


def buckets_are_encrypted_versioned_and_tidied(template: Template) -> list[str]:
    bad = []
    for id, bucket in resources(template, "AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
        if not (
            "BucketEncryption" in properties
            and properties.get("VersioningConfiguration") == {"Status": "Enabled"}
            and any("NoncurrentVersionExpiration" in rule for rule in rules)
            and any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        ):
            bad.append(id)
    return bad


def buckets_refuse_what_is_not_tls(template: Template) -> list[str]:
    policies = resources(template, "AWS::S3::BucketPolicy").values()
    safe = {
        flat(policy["Properties"]["Bucket"])
        for policy in policies
        if refuses_plain(policy["Properties"]["PolicyDocument"]["Statement"])
    }
    return [id for id in resources(template, "AWS::S3::Bucket") if f"${{{id}}}" not in safe]


def what_holds_data_is_kept_on_update_and_delete(template: Template) -> list[str]:
    return [
        id
        for id, resource in of_kinds(template, *_STATEFUL)
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {_STATEFUL[resource["Type"]]}
    ]


def secrets_are_named_and_never_written_down(template: Template) -> list[str]:
    bad = []
    for id, secret in resources(template, "AWS::SecretsManager::Secret").items():
        if "SecretString" in secret["Properties"] or "GenerateSecretString" not in secret["Properties"]:
            bad.append(id)
    # RDS takes its master's password by a reference that CloudFormation resolves and shows nobody.
    written = {
        id: str({**resource, "Properties": {**resource.get("Properties", {}), "MasterUserPassword": ""}})
        if resource["Type"] == "AWS::RDS::DBInstance"
        else str(resource)
        for id, resource in template["Resources"].items()
    }
    return bad + [
        id for id, text in written.items() if "resolve:secretsmanager" in text or "resolve:ssm-secure" in text
    ]


def machines_and_data_carry_the_stacks_tag(template: Template) -> list[str]:
    return [
        id
        for id, resource in of_kinds(template, *_STATEFUL, "AWS::AutoScaling::AutoScalingGroup")
        if not {"fines:stack", "fines:stage"} <= tag_keys(resource["Properties"])
    ]

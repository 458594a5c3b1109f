"""What MiniStack forgets is kept, and acted on."""

from __future__ import annotations

import json
import string

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.rehearsal.ledger.bench import Aws, Deployed, small_template


def test_a_put_tells_the_encryption_that_the_template_gave_the_bucket(aws: Aws) -> None:
    template = small_template()
    rule = template["Resources"]["Files"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    rule["ServerSideEncryptionByDefault"] = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/aws/s3"}
    stack = aws.deploy(template)
    answer = aws("s3").put_object(Bucket=stack.id("Files"), Key="photo", Body=b"x")
    assert answer["ServerSideEncryption"] == "aws:kms"
    assert stack.read().differ == []


def test_a_bucket_whose_owner_is_enforced_refuses_an_access_control_list(stack: Deployed) -> None:
    with pytest.raises(ClientError) as refusal:
        stack.cloud("s3").put_object(Bucket=stack.id("Files"), Key="photo", Body=b"x", ACL="public-read")
    assert refusal.value.response["Error"]["Code"] in ("AccessControlListNotSupported", "AccessDenied")


def test_a_configuration_that_an_update_drops_is_gone(stack: Deployed) -> None:
    template = small_template()
    properties = template["Resources"]["Files"]["Properties"]
    del properties["LifecycleConfiguration"], properties["Tags"]
    del template["Resources"]["Photographs"]["Properties"]
    stack.update(template)
    s3, bucket = stack.cloud("s3"), stack.id("Files")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=stack.id("Photographs"))
    for call in (s3.get_bucket_lifecycle_configuration, s3.get_bucket_tagging):
        with pytest.raises(ClientError):
            call(Bucket=bucket)
    assert stack.read().ok


def test_a_lifecycle_rule_keeps_its_filter_and_transitions(aws: Aws) -> None:
    template = small_template()
    template["Resources"]["Files"]["Properties"]["LifecycleConfiguration"]["Rules"] = [
        {
            "Status": "Enabled",
            "Prefix": "media/",
            "TagFilters": [{"Key": "old", "Value": "yes"}],
            "ObjectSizeGreaterThan": "128",
            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
        }
    ]
    assert aws.deploy(template).read().differ == []


def test_a_generated_secret_has_no_character_that_its_settings_exclude(stack: Deployed) -> None:
    value = stack.cloud("secretsmanager").get_secret_value(SecretId=stack.id("Secret"))["SecretString"]
    root = json.loads(value)["root"]
    assert len(root) == 64
    assert not set(root) & set(string.punctuation)


def test_a_secrets_reference_is_its_arn(stack: Deployed) -> None:
    secret = stack.cloud("secretsmanager").describe_secret(SecretId=stack.id("Secret"))
    assert stack.id("Secret") == secret["ARN"]


def test_a_secret_lives_through_an_update_and_ends_with_its_stack(stack: Deployed) -> None:
    secrets, id = stack.cloud("secretsmanager"), stack.id("Secret")
    value = secrets.get_secret_value(SecretId=id)["SecretString"]
    template = small_template()
    template["Resources"]["Secret"]["Properties"]["Description"] = "Another description"
    stack.update(template)
    assert stack.id("Secret") == id
    assert secrets.get_secret_value(SecretId=id)["SecretString"] == value
    assert stack.read().differ == []
    del template["Resources"]["Secret"]
    template["Resources"]["Rights"]["Properties"]["PolicyDocument"]["Statement"].pop(0)
    stack.update(template)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secrets.describe_secret(SecretId=id)


def test_a_signal_that_comes_before_its_wait_condition_is_in_the_events(aws: Aws) -> None:
    template = small_template()
    template["Resources"]["Served"]["DependsOn"] = ["Custom", "Group"]
    ledger = aws.deploy(template, early=True).read()
    assert ledger.missing == []


def test_a_lifecycle_policy_that_nobody_made_is_not_found(aws: Aws) -> None:
    with pytest.raises(aws("dlm").exceptions.ResourceNotFoundException):
        aws("dlm").get_lifecycle_policy(PolicyId="policy-0123456789abcdef0")


def test_a_launch_template_is_after_a_rollback_of_the_version_before(stack: Deployed) -> None:
    def latest() -> int:
        found = stack.cloud("ec2").describe_launch_templates(LaunchTemplateIds=[stack.id("Machine")])
        return int(found["LaunchTemplates"][0]["LatestVersionNumber"])

    template = small_template()
    template["Resources"]["Machine"]["Properties"]["LaunchTemplateData"]["InstanceType"] = "t3.large"
    template["Resources"]["Disk"]["Properties"]["Size"] = 1  # a volume never shrinks
    template["Resources"]["Disk"]["DependsOn"] = "Machine"
    with pytest.raises(WaiterError):
        stack.update(template)
    (record,) = stack.cloud("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    assert record["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert latest() == 1
    assert stack.read().differ == []
    template["Resources"]["Disk"] = small_template()["Resources"]["Disk"]
    stack.update(template)
    assert latest() == 2
    assert stack.read().differ == []

"""What the deployment left in the cloud, and what another one would do to it. None of these needs a machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.variant import deploy, variant
from rehearsal.places import BUILD


@check("single", machines=False, beside="the outage")
def every_output_names_something_that_exists(subject: Subject) -> str:
    asked: dict[str, Callable[[str], Any]] = {
        "AlarmTopic": lambda arn: subject.tier.client("sns").get_topic_attributes(TopicArn=arn),
        "BackupLocation": lambda url: subject.tier.client("s3").head_bucket(Bucket=url.split("/")[2]),
        "GroupName": lambda name: _one(
            subject.tier.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name]),
            "AutoScalingGroups",
        ),
        "MediaBucket": lambda name: subject.tier.client("s3").head_bucket(Bucket=name),
        "PublicAddress": lambda address: _one(
            subject.tier.client("ec2").describe_addresses(PublicIps=[address]), "Addresses"
        ),
        "SecretArn": lambda arn: subject.tier.client("secretsmanager").describe_secret(SecretId=arn),
    }
    outputs = subject.tier.outputs(subject.stack)
    given = set(subject.template["Outputs"])
    if wrong := given ^ set(outputs):
        raise CheckError(f"the stack's outputs are not the template's: {', '.join(sorted(wrong))}")
    if empty := [name for name, value in outputs.items() if not value.strip()]:
        raise CheckError(f"these outputs are empty: {', '.join(empty)}")
    for name, look in asked.items():
        try:
            look(outputs[name])
        except (ClientError, LookupError) as error:
            raise CheckError(f"the output {name} names {outputs[name]}, which is not there: {error}") from error
    if outputs["PublicAddress"] not in outputs["GlueRecords"]:
        raise CheckError(f"the glue records have another address than the host's: {outputs['GlueRecords']}")
    return f"{len(outputs)} outputs, {len(asked)} of them looked up"


def _one(answer: dict[str, Any], key: str) -> None:
    if len(answer[key]) != 1:
        raise LookupError(f"{len(answer[key])} were found")


@check("single", machines=False, beside="the outage")
def the_release_names_an_image_that_the_registry_has(subject: Subject) -> str:
    name = f"/fines/{subject.stack}/release"
    release = json.loads(subject.tier.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    repository, _, tag = release["image"].partition("/")[2].rpartition(":")
    try:
        found = subject.tier.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        return str(found["imageDetails"][0]["imageDigest"])
    except (ClientError, LookupError) as error:
        raise CheckError(f"{name} names {release['image']}, which the registry does not have: {error}") from error


@check("single", machines=False, beside="the outage")
def synthesizing_and_deploying_again_changes_nothing(subject: Subject) -> str:
    before = _events(subject)
    deploy(subject, variant(subject, "again"), log="deploy-again")
    if changed := _events(subject) - before:
        raise CheckError(f"a second deployment touched {', '.join(sorted({name for _, name, _ in changed}))}")
    return f"still the {len(before)} events of the first"


def _events(subject: Subject) -> set[tuple[str, str, str]]:
    """Id, resource and status of all that ever happened to the stack."""
    pages = (
        subject.tier.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=subject.stack)
    )
    return {
        (event["EventId"], event["LogicalResourceId"], event["ResourceStatus"])
        for page in pages
        for event in page["StackEvents"]
    }


@check("single", machines=False, beside="the outage")
def wrong_settings_are_each_named_and_nothing_is_synthesized(subject: Subject) -> str:
    wrong = {"app_containers": 0, "timezone": "Mars/Olympus", "cpu": "z80", "domian": "multas.example"}
    assembly = BUILD / "synth" / f"{subject.tier.run.tier}-wrong"
    shutil.rmtree(assembly, ignore_errors=True)
    try:
        subject.tier.cdk.synth({**subject.context, **wrong}, lambda _: None, name=assembly.name)
    except CdkError as error:
        said = str(error)
    else:
        raise CheckError(f"the app took the settings {wrong}")
    if "ended with 1 " not in said:
        raise CheckError(f"the CLI ended otherwise than with 1: {said[:200]}")
    if silent := [name for name in wrong if name not in said]:
        raise CheckError(f"nothing was said of {', '.join(silent)}: {said}")
    if "Traceback" in said:
        raise CheckError(f"the answer has a traceback: {said}")
    if made := [file.name for file in assembly.glob("*.template.json")]:
        raise CheckError(f"templates were synthesized all the same: {', '.join(made)}")
    return f"{len(wrong)} wrong settings, {len(wrong)} messages"

"""What the CDK needs in an account and region before it can deploy there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError

from operate import stack
from operate.context import PROJECT
from operate.finding import Finding, ok, stops, warning
from operate.subject import Subject
from operate.trouble import code_of

QUALIFIER = "hnb659fds"  # the CDK's own, which nothing here changes
PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"
LEAST = 6  # requiresBootstrapStackVersion of the assembly
_TEMPLATE = PROJECT / "node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"


def bootstrap(subject: Subject) -> Iterator[Finding]:
    account, region = subject.account_id(), subject.region
    command = f"cdk bootstrap aws://{account}/{region}"
    bucket = f"cdk-{QUALIFIER}-assets-{account}-{region}"
    toolkit = stack.find(subject.account, "CDKToolkit")
    version = _version(subject)
    if toolkit is None and version is None:
        if _there(subject, bucket):
            yield stops(
                "bootstrap",
                f"not done in {region}, and the bucket {bucket} of an earlier one was left behind",
                f"look what is in it, then: aws s3 rb s3://{bucket} --force; {command}",
            )
        else:
            yield stops("bootstrap", f"not done in account {account}, region {region}", command)
    elif toolkit is not None and not toolkit.serves:
        yield stops(
            "bootstrap",
            f"the stack CDKToolkit is in state {toolkit.status}: {toolkit.reason or 'no reason given'}",
            command,
        )
    elif version is None:
        yield stops("bootstrap", f"the stack CDKToolkit is there, the parameter {PARAMETER} is not", command)
    elif version < LEAST:
        yield stops("bootstrap", f"version {version}, and this app wants {LEAST} at least", command)
    elif not _there(subject, bucket):
        yield stops(
            "bootstrap",
            f"version {version}, but its bucket {bucket} is gone",
            f"aws cloudformation delete-stack --stack-name CDKToolkit --region {region}, wait for its end, then: {command}",
        )
    elif (wanted := wanted_version()) and version < wanted:
        yield warning("bootstrap", f"version {version}, and the CLI pinned here brings {wanted}", command)
    else:
        yield ok("bootstrap", f"version {version} in {region}")


def wanted_version(template: Path = _TEMPLATE) -> int:
    """The version that the CLI's own bootstrap template makes; 0 where the CLI is not installed."""
    found = re.search(
        r"CdkBootstrapVersion:.*?Value: '?(\d+)", template.read_text() if template.exists() else "", re.DOTALL
    )
    return int(found[1]) if found else 0


def _version(subject: Subject) -> int | None:
    try:
        return int(subject.account.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            return None
        raise


def _there(subject: Subject, bucket: str) -> bool:
    try:
        subject.account.client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket", "NotFound"):
            return False
        if code_of(error) != "403":  # there, and not for these credentials: the CDK's own role reads it
            raise
    return True

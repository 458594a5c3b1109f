"""What the roles may do, what they are refused, and that containers do not get the host's credentials."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports
from rehearsal.cloud.permissions import catalogue
from rehearsal.cloud.permissions.asking import Policy, Role
from rehearsal.cloud.permissions.evaluator import Evaluator
from rehearsal.cloud.permissions.probes import Proof, prove

# Session Manager's agent registers its own machine, under an id that exists only then.
_ON_ANY = {"ssm:UpdateInstanceInformation"}
_ASK_METADATA = """
import sys, urllib.request
request = urllib.request.Request(
    "http://169.254.169.254/latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
)
try:
    print("TOKEN", urllib.request.urlopen(request, timeout=4).read()[:8])
except OSError as error:
    print("NOTHING", error)
"""


# What a container does with a photo, and what it must not do; by the library and the credentials of the service.
_ASK_AS_CONTAINER = """
import json, sys
import boto3
from botocore.exceptions import ClientError
media, backups = sys.argv[1:]
s3, sts = boto3.client("s3"), boto3.client("sts")
identity = sts.get_caller_identity()["Arn"]
trouble = ""
try:
    s3.put_object(Bucket=media, Key="rehearsal", Body=b"x")
    assert s3.get_object(Bucket=media, Key="rehearsal")["Body"].read() == b"x"
    s3.delete_object(Bucket=media, Key="rehearsal")
except ClientError as error:
    trouble = str(error)
tries = {
    "read a backup": lambda: s3.get_object(Bucket=backups, Key="pgbackrest/archive/main/archive.info"),
    "write a backup": lambda: s3.put_object(Bucket=backups, Key="rehearsal", Body=b"x"),
    "delete a backup": lambda: s3.delete_object(Bucket=backups, Key="pgbackrest/backup/main/backup.info"),
    "list the backups": lambda: s3.list_objects_v2(Bucket=backups),
    "list the photos": lambda: s3.list_objects_v2(Bucket=media),
    "list the buckets": lambda: s3.list_buckets(),
    "take another role": lambda: sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/another", RoleSessionName="rehearsal"),
}
allowed, refused = [], []
for name, ask in tries.items():
    try:
        ask()
        allowed.append(name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        (refused if code in ("AccessDenied", "403") else allowed).append(name)
print(json.dumps({"identity": identity, "allowed": allowed, "refused": refused, "trouble": trouble}))
"""


@check("single", machines=False, beside=True)
def every_statement_of_the_roles_of_host_and_containers_allows_its_own_resource_and_no_other(subject: Subject) -> str:
    roles = [
        role for role in roles_of(subject) if "ec2.amazonaws.com" in str(role.trust) or "RolesHost" in str(role.trust)
    ]
    if len(roles) < 2:
        raise CheckError(f"the roles of host and containers were expected, these were found: {[r.name for r in roles]}")
    proofs = asyncio.run(_prove(roles, subject))
    if wrong := [proof.detail for proof in proofs if not proof.ok] + [_unlimited(p) for p in proofs if _unlimited(p)]:
        raise CheckError(f"{len(wrong)} of {len(proofs)} statements are not proved both ways: {wrong[0]}")
    return f"{len(proofs)} statements of {len(roles)} roles, each proved both ways"


@check("single", beside=True)
def the_host_is_refused_what_its_role_does_not_name(subject: Subject) -> str:
    tried = (
        "aws ec2 terminate-instances --instance-ids i-0123456789abcdef0",
        "aws s3 ls",
        "aws s3 cp s3://$FINES_MEDIA_BUCKET/photo /tmp/photo",
        "aws ssm get-parameter --name /another/parameter",
        "aws secretsmanager list-secrets",
        "aws iam list-roles",
        "aws cloudwatch put-metric-data --namespace Another --metric-name M --value 1",
        "aws ec2 detach-volume --volume-id vol-0123456789abcdef0",
        "aws sts assume-role --role-arn arn:aws:iam::000000000000:role/another --role-session-name rehearsal",
    )
    passed, began = [], time.time()
    for command in tried:
        done = subject.host.run("bash", "-c", f"set -a; . /etc/fines/boot.env; set +a; {command}", check=False)
        if done.returncode == 0 or not any(
            word in done.stderr for word in ("AccessDenied", "UnauthorizedOperation", "Forbidden", "not authorized")
        ):
            passed.append(f"{command}: {(done.stdout + done.stderr)[-200:]}")
    subject.provoked.append((began, time.time()))
    if passed:
        raise CheckError(f"{len(passed)} of {len(tried)} were not refused: {passed[0]}")
    return f"{len(tried)} calls refused"


@check("single", beside=True)
def a_container_cannot_get_the_credentials_of_the_host(subject: Subject) -> str:
    host = subject.host
    name = f"fines-web-{ports(subject)[0]}"
    said = host.run("podman", "exec", "-i", name, "python3", "-", input=_ASK_METADATA, timeout=30).stdout
    from_host = host.run("python3", "-", input=_ASK_METADATA, timeout=30).stdout
    if not from_host.startswith("TOKEN"):
        raise CheckError(f"the host itself gets no token, so the container's failure proves nothing: {from_host}")
    if not said.startswith("NOTHING"):
        raise CheckError(f"a container got a token of the metadata service: {said}")
    return said.strip()


@check("single", beside=True)
def the_credentials_of_a_container_are_of_its_own_role_and_open_photos_alone(subject: Subject) -> str:
    host = subject.host
    roles = [role.arn for role in roles_of(subject) if "RolesHost" in str(role.trust)]
    words = ("python3", "-", subject.outputs["MediaBucket"], subject.backup_bucket)
    began = time.time()
    entered = ("podman", "exec", "-i", f"fines-web-{ports(subject)[0]}", *words)
    done = host.run(*entered, input=_ASK_AS_CONTAINER, timeout=90, check=False)
    subject.provoked.append((began, time.time()))
    if done.returncode:
        raise CheckError(f"a container cannot do its work: {done.stderr.strip()[-300:]}")
    told = json.loads(done.stdout)
    own = [arn for arn in roles if arn.rpartition("/")[2] == told["identity"].split("/")[1]]
    if len(roles) != 1 or not own:
        raise CheckError(f"a container is {told['identity']}, its role is {roles}")
    if told["trouble"] or told["allowed"]:
        raise CheckError(told["trouble"] or f"a container may {', '.join(told['allowed'])}")
    return f"{own[0].rpartition('/')[2]}: a photo put, read and deleted; refused: {', '.join(told['refused'])}"


def _unlimited(proof: Proof) -> str:
    """What is wrong with a statement that refuses no resource although its action knows of resources."""
    probe = proof.probe
    kinds = ", ".join(catalogue.resource_formats(probe.action))
    if probe.varied != "action" or not kinds or probe.action in _ON_ANY:
        return ""
    return f"{probe.action} is allowed on every {kinds} by {probe.statement}"


async def _prove(roles: Sequence[Role], subject: Subject) -> list[Proof]:
    evaluator = Evaluator(node=Path(sys.executable).parent / "node")
    await evaluator.start()
    try:
        region = str(subject.tier.session.region_name)
        return [proof for role in roles for proof in await prove(role, judge=evaluator, region=region)]
    finally:
        await evaluator.stop()


def roles_of(subject: Subject) -> list[Role]:
    """The roles of the stack, as IAM itself tells them."""
    iam = subject.tier.client("iam")
    stack = subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)["StackResources"]
    roles = []
    for name in [r["PhysicalResourceId"] for r in stack if r["ResourceType"] == "AWS::IAM::Role"]:
        role = iam.get_role(RoleName=name)["Role"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        policies = [Policy(n, iam.get_role_policy(RoleName=name, PolicyName=n)["PolicyDocument"]) for n in names]
        roles.append(
            Role(arn=role["Arn"], policies=tuple(policies), trust=role["AssumeRolePolicyDocument"], id=role["RoleId"])
        )
    return roles

"""What each role of the stack may do and no more: the machines', the containers', the functions', the network's and people's."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports_of
from rehearsal.checks.credentials import in_container, no_token, own_role_alone, refused_on
from rehearsal.checks.roles import proved, roles_of

# By the logical ids of the template; what other roles the stack has is proved too.
_PARTS = {
    "asg": ("RolesHost", "RolesApp", "Migrator", "Rotator", "Operator", "Reviewer", "Deployer"),
    "eks": (
        "RolesWeb",
        "RolesMigration",
        "DumpsRole",
        "ControllerIdentity",
        "AutoscalerIdentity",
        "Rotator",
        "Operator",
    ),
}
# What a container does, and what it must not do; by the library and the credentials of the service.
CALLS = """
media, login, other, master = sys.argv[1:]
s3, sts, secrets = boto3.client("s3"), boto3.client("sts"), boto3.client("secretsmanager")
def works():
    s3.put_object(Bucket=media, Key="rehearsal", Body=b"x")
    assert s3.get_object(Bucket=media, Key="rehearsal")["Body"].read() == b"x"
    s3.delete_object(Bucket=media, Key="rehearsal")
    assert "password" in secrets.get_secret_value(SecretId=login)["SecretString"]
tries = {
    "list the photos": lambda: s3.list_objects_v2(Bucket=media),
    "list the buckets": lambda: s3.list_buckets(),
    "read another's secret": lambda: secrets.get_secret_value(SecretId=other),
    "read the master's password": lambda: secrets.get_secret_value(SecretId=master),
    "write a secret": lambda: secrets.put_secret_value(SecretId=login, SecretString="{}"),
    "rotate its secret": lambda: secrets.rotate_secret(SecretId=login),
    "take another role": lambda: sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/another", RoleSessionName="rehearsal"),
}
"""


@check("asg", beside=True)
def every_statement_of_every_role_of_the_stack_allows_its_own_resource_and_no_other(subject: Subject) -> str:
    roles = roles_of(subject)
    if lacking := [part for part in _PARTS[subject.tier.run.tier] if not any(part in role.name for role in roles)]:
        raise CheckError(f"these roles were expected and not found: {', '.join(lacking)}")
    return proved(subject, roles)


@check("asg", beside=True)
def a_machine_is_refused_what_its_role_does_not_name(subject: Subject) -> str:
    tried = (
        "call ec2 terminate-instances InstanceIds:='[\"i-0123456789abcdef0\"]'",
        "call s3 list-buckets",
        "call s3 get-object Bucket=$FINES_MEDIA_BUCKET Key=photo",
        "call ssm get-parameter Name=/another/parameter",
        "call secretsmanager list-secrets",
        f"call secretsmanager get-secret-value SecretId={master_of(subject)}",
        "call secretsmanager rotate-secret SecretId=$FINES_DATABASE_SECRET_ARN",
        "call autoscaling set-desired-capacity AutoScalingGroupName=$FINES_GROUP_NAME DesiredCapacity:=2",
        "call iam list-roles",
        'call cloudwatch put-metric-data Namespace=Another MetricData:=\'[{"MetricName": "M", "Value": 1}]\'',
        f"call sts assume-role RoleArn={subject.outputs['OperatorRoleArn']} RoleSessionName=rehearsal",
    )
    return refused_on(subject, subject.hosts[0], tried)


@check("asg", beside=True)
def a_container_of_each_machine_cannot_get_the_credentials_of_its_host(subject: Subject) -> str:
    said = {machine.id: no_token(machine, ports_of(machine)[0]) for machine in subject.hosts}
    if len(said) < 2:
        raise CheckError(f"two machines were expected, these serve: {', '.join(said)}")
    return "; ".join(f"{id}: {what}" for id, what in said.items())


@check("asg", beside=True)
def the_credentials_of_a_container_are_of_its_own_role_and_open_photos_and_its_login_alone(subject: Subject) -> str:
    # machines take one more role, for dumps, which is no container's
    roles = [each.arn for each in roles_of(subject) if "RolesHost" in str(each.trust) and "RolesApp" in each.name]
    host = subject.hosts[-1]
    outputs = subject.outputs
    secrets = (outputs["DatabaseSecretArn"], outputs["SecretArn"], master_of(subject))
    began = time.time()
    try:
        refused = own_role_alone(in_container(host, ports_of(host)[0]), roles, CALLS, outputs["MediaBucket"], *secrets)
    finally:
        subject.provoked.append((began, time.time()))
    return f"{roles[0].rpartition('/')[2]}: photos and its login opened; refused: {', '.join(refused)}"


def master_of(subject: Subject) -> str:
    """The secret of the database's master."""
    found = subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)["StackResources"]
    secrets = [each for each in found if each["ResourceType"] == "AWS::SecretsManager::Secret"]
    (arn,) = (each["PhysicalResourceId"] for each in secrets if each["LogicalResourceId"].startswith("DatabaseMaster"))
    return str(arn)

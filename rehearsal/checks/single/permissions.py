"""What the roles may do, what they are refused, and that containers do not get the host's credentials."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports
from rehearsal.checks.credentials import in_container, no_token, own_role_alone, refused_on
from rehearsal.checks.roles import proved, roles_of

# What a container does with a photo, and what it must not do; by the library and the credentials of the service.
_CALLS = """
media, backups = sys.argv[1:]
s3, sts = boto3.client("s3"), boto3.client("sts")
def works():
    s3.put_object(Bucket=media, Key="rehearsal", Body=b"x")
    assert s3.get_object(Bucket=media, Key="rehearsal")["Body"].read() == b"x"
    s3.delete_object(Bucket=media, Key="rehearsal")
tries = {
    "read a backup": lambda: s3.get_object(Bucket=backups, Key="pgbackrest/archive/main/archive.info"),
    "write a backup": lambda: s3.put_object(Bucket=backups, Key="rehearsal", Body=b"x"),
    "delete a backup": lambda: s3.delete_object(Bucket=backups, Key="pgbackrest/backup/main/backup.info"),
    "list the backups": lambda: s3.list_objects_v2(Bucket=backups),
    "list the photos": lambda: s3.list_objects_v2(Bucket=media),
    "list the buckets": lambda: s3.list_buckets(),
    "take another role": lambda: sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/another", RoleSessionName="rehearsal"),
}
"""


@check("single", machines=False, beside="the outage")
def every_statement_of_the_roles_of_host_and_containers_allows_its_own_resource_and_no_other(subject: Subject) -> str:
    roles = [
        role for role in roles_of(subject) if "ec2.amazonaws.com" in str(role.trust) or "RolesHost" in str(role.trust)
    ]
    if len(roles) < 2:
        raise CheckError(f"the roles of host and containers were expected, these were found: {[r.name for r in roles]}")
    return proved(subject, roles)


@check("single", beside="the outage")
def the_host_is_refused_what_its_role_does_not_name(subject: Subject) -> str:
    tried = (
        "call ec2 terminate-instances InstanceIds:='[\"i-0123456789abcdef0\"]'",
        "call s3 list-buckets",
        "call s3 get-object Bucket=$FINES_MEDIA_BUCKET Key=photo",
        "call ssm get-parameter Name=/another/parameter",
        "call secretsmanager list-secrets",
        "call iam list-roles",
        'call cloudwatch put-metric-data Namespace=Another MetricData:=\'[{"MetricName": "M", "Value": 1}]\'',
        "call ec2 detach-volume VolumeId=vol-0123456789abcdef0",
        "call sts assume-role RoleArn=arn:aws:iam::000000000000:role/another RoleSessionName=rehearsal",
    )
    return refused_on(subject, subject.host, tried)


@check("single", beside="the outage")
def a_container_cannot_get_the_credentials_of_the_host(subject: Subject) -> str:
    return no_token(subject.host, ports(subject)[0])


@check("single", beside="the outage")
def the_credentials_of_a_container_are_of_its_own_role_and_open_photos_alone(subject: Subject) -> str:
    roles = [role.arn for role in roles_of(subject) if "RolesHost" in str(role.trust)]
    words = (subject.outputs["MediaBucket"], subject.backup_bucket)
    began = time.time()
    try:
        refused = own_role_alone(in_container(subject.host, ports(subject)[0]), roles, _CALLS, *words)
    finally:
        subject.provoked.append((began, time.time()))
    return f"{roles[0].rpartition('/')[2]}: a photo put, read and deleted; refused: {', '.join(refused)}"

"""A gate with a role of a host and a role of an application, and clients whose requests go through it.

The clients are boto3's own: what they would send is taken just before it leaves, the gate judges it, and what the gate
answers is read by the client as an answer of AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

from rehearsal.cloud.permissions import Evaluator, Gate, Ledger, Policy, Request, Role, Session, Sessions, Verdict
from rehearsal.cloud.permissions.lookup import Nothing

ACCOUNT, REGION = "123456789012", "us-east-1"
HOST_ROLE = f"arn:aws:iam::{ACCOUNT}:role/fines-dev-single-HostRole"
APP_ROLE = f"arn:aws:iam::{ACCOUNT}:role/fines-dev-single-AppRole"
INSTANCE, VOLUME, ADDRESS = "i-0a1b2c3d4e5f60718", "vol-0a1b2c3d4e5f60719", "eipalloc-0a1b2c3d4e5f60710"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fines/dev/root-AbCdEf"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/fines-dev-single/0c2c1a30-0000-11f0-8000-0e0000000000"
_GROUP_ID = "7c1a2b3c-1111-2222-3333-444455556666"
GROUP = (
    f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{_GROUP_ID}:autoScalingGroupName/fines-dev-single-Group"
)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:fines-dev-single-Alarms"


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def allow(sid: str, action: str | list[str], resource: str | list[str], **condition: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


HOST_POLICY = document(
    allow("Release", "ssm:GetParameter", arn("ssm", "parameter/fines/dev/single/release")),
    allow("Ds", "ssm:PutParameter", arn("ssm", "parameter/fines/dev/single/ds")),
    allow("Secret", "secretsmanager:GetSecretValue", SECRET),
    allow("BackupList", ["s3:ListBucket", "s3:GetBucketLocation"], "arn:aws:s3:::backups"),
    allow(
        "Backup",
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        "arn:aws:s3:::backups/pgbackrest/*",
    ),
    allow("Login", "ecr:GetAuthorizationToken", "*"),
    allow(
        "Pull",
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
        arn("ecr", "repository/cdk-assets"),
    ),
    allow("Volume", ["ec2:AttachVolume", "ec2:DetachVolume"], arn("ec2", f"volume/{VOLUME}")),
    allow(
        "VolumeInstance",
        ["ec2:AttachVolume", "ec2:DetachVolume"],
        arn("ec2", "instance/*"),
        StringEquals={"aws:ResourceTag/aws:cloudformation:stack-name": "fines-dev-single"},
    ),
    allow(
        "Address",
        "ec2:AssociateAddress",
        [arn("ec2", f"elastic-ip/{ADDRESS}"), arn("ec2", "instance/*")],
        StringEquals={"ec2:ResourceTag/stage": "dev"},
    ),
    allow("Look", ["ec2:DescribeVolumes", "ec2:DescribeAddresses"], "*"),
    allow("Signal", ["cloudformation:SignalResource", "cloudformation:DescribeStackResource"], STACK),
    allow(
        "Lifecycle",
        ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
        arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/fines-dev-single-Group"),
        StringEquals={"autoscaling:ResourceTag/stage": "dev"},
    ),
    allow("Metrics", "cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "Fines/fines-dev-single"}),
    allow(
        "Logs",
        ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
        arn("logs", "log-group:/fines/dev/single/*:*"),
    ),
    allow("App", "sts:AssumeRole", [APP_ROLE, f"arn:aws:iam::{ACCOUNT}:role/stranger"]),
    allow("Alarm", "sns:Publish", TOPIC),
    allow(
        "Session",
        [
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:OpenControlChannel",
            "ec2messages:GetMessages",
        ],
        "*",
    ),
)
TRUSTS_EC2 = document(
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
)
TRUSTS_HOST = document({"Effect": "Allow", "Principal": {"AWS": HOST_ROLE}, "Action": "sts:AssumeRole"})
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::backups", "arn:aws:s3:::backups/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


class Cloud(Nothing):
    """What exists in the tests' cloud."""

    def __init__(self) -> None:
        self.tagged: dict[str, dict[str, str]] = {
            arn("ec2", f"instance/{INSTANCE}"): {
                "aws:cloudformation:stack-name": "fines-dev-single",
                "stage": "dev",
            },
            arn("ec2", f"elastic-ip/{ADDRESS}"): {"stage": "dev"},
            GROUP: {"stage": "dev"},
        }

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.tagged.get(arn, {})

    def address_of(self, public_ip_or_association: str) -> str | None:
        return ADDRESS if public_ip_or_association == "203.0.113.7" else None

    def secret_arn(self, name_or_arn: str) -> str | None:
        return SECRET if name_or_arn in ("fines/dev/root", SECRET, SECRET[:-7]) else None

    def stack_arn(self, name: str) -> str | None:
        return STACK if name == "fines-dev-single" else None

    def group_arn(self, name: str) -> str | None:
        return GROUP if name == "fines-dev-single-Group" else None

    def bucket_exists(self, name: str) -> bool:
        return name in ("backups", "media", "public")


class PassedOn(Exception):
    """The gate passed the request on to the local AWS."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"passed on: {verdict.question}")
        self.verdict = verdict


@dataclass
class Bench:
    """A gate and what stands around it; tests change its roles and resource policies."""

    run: Callable[[Coroutine[Any, Any, Any]], Any]
    evaluator: Evaluator
    cloud: Cloud = field(default_factory=Cloud)
    sessions: Sessions = field(default_factory=Sessions)
    ledger: Ledger = field(default_factory=Ledger)
    roles: dict[str, Role] = field(default_factory=dict)
    resource_policies: dict[str, Any] = field(default_factory=dict)
    users: dict[str, Session] = field(default_factory=dict)  # by their keys
    seeds: dict[tuple[str, str], str] = field(default_factory=dict)  # of devices, by serial and user
    strict: bool = False

    def __post_init__(self) -> None:
        media = allow("Media", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::media/*")
        self.roles[HOST_ROLE] = Role(HOST_ROLE, (Policy("Host", HOST_POLICY),), TRUSTS_EC2, id="AROAHOST")
        self.roles[APP_ROLE] = Role(APP_ROLE, (Policy("App", document(media)),), TRUSTS_HOST, id="AROAAPP")
        self.resource_policies["arn:aws:s3:::backups"] = document(TLS_ONLY)

    @property
    def gate(self) -> Gate:
        return Gate(
            evaluator=self.evaluator,
            sessions=self.sessions,
            lookup=self.cloud,
            account=ACCOUNT,
            region=REGION,
            roles=self.roles.get,
            resource_policy=self.resource_policies.get,
            users=self.users.get,
            seeds=lambda serial, user: self.seeds.get((serial, user), ""),
            ledger=self.ledger,
            strict=self.strict,
            trusted_keys=frozenset({ACCOUNT}),
        )

    def admit(self, request: Request) -> Verdict:
        verdict: Verdict = self.run(self.gate.admit(request))
        return verdict

    def client(self, service: str, *, role: str = HOST_ROLE, source: str = INSTANCE, **settings: Any) -> Any:
        """A boto3 client with a session of a role, whose requests go to the gate."""
        given = self.sessions.issue(role, source=source)
        return self.client_with(service, given.access_key, given.secret, given.token, **settings)

    def client_with(self, service: str, key: str, secret: str, token: str | None = None, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=True, **settings.pop("config", {}))
        client = boto3.Session(key, secret, token, region_name=REGION).client(service, config=config, **settings)
        client.meta.events.register("before-send", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        verdict = self.admit(request_of(request))
        if verdict.status is None:
            raise PassedOn(verdict)
        return AWSResponse(request.url, verdict.status, dict(verdict.headers), _Body(verdict.body))

    def signed(
        self,
        service: str,
        *,
        method: str = "POST",
        host: str = "",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        role: str = HOST_ROLE,
    ) -> Request:
        """A request signed by botocore's own signer with a session of a role."""
        given = self.sessions.issue(role, source=INSTANCE)
        url = f"https://{host or f'{service}.{REGION}.amazonaws.com'}{path}"
        request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
        credentials = Credentials(given.access_key, given.secret, given.token)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(credentials, service, REGION).add_auth(request)
        return request_of(request.prepare())

    def send(self, request: Request) -> None:
        """Sends a request, as a client would."""
        verdict = self.admit(request)
        if verdict.status is None:
            raise PassedOn(verdict)

    def passes(self, call: Callable[[], Any]) -> Verdict:
        """Makes a call that the gate must pass on; returns the verdict."""
        with pytest.raises(PassedOn) as passed:
            call()
        return passed.value.verdict


class _Body(BytesIO):
    """The body of an answer, read as urllib3's."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def request_of(prepared: Any) -> Request:
    """The request that a prepared request of botocore's would be on arrival."""
    scheme, _, rest = prepared.url.partition("://")
    host, slash, target = rest.partition("/")
    headers = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in dict(prepared.headers).items()
    }
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    return Request.of(
        method=prepared.method,
        scheme=scheme,
        host=host,
        target=slash + target,
        headers={"host": host, **headers},
        body=body,
        source_ip="10.0.0.10",
    )

"""What a machine may call, and what its containers may: one method for each thing that it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks import posture
from stacks.parts.network import PublicNetwork
from stacks.parts.release import Release

STACK_TAG = "fines:stack"  # what tells this stack's machines from others
Conditions = Mapping[str, Mapping[str, object]]


class HostRoles(Construct):
    """The role of a tier's machines, and the narrower one that each takes for the service's containers."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.host = iam.Role(
            self,
            "Host",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="What the host itself calls",
        )
        self.app = iam.Role(
            self,
            "App",
            assumed_by=iam.ArnPrincipal(self.host.role_arn),
            description="What the service's containers call: photographs and nothing else",
        )
        self.take(self.app, sid="TakeTheContainersRole")
        self._instances = self._arn("ec2", "instance/*")
        self._own = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": cdk.Stack.of(self).stack_name}}
        self._accept_wildcard(
            "*",
            because="Describe calls, ssmmessages and ecr:GetAuthorizationToken have no resource-level permissions; "
            "PutMetricData is bound to one namespace, and Session Manager's agent registers its own machine.",
        )

    def take(self, role: iam.Role, *, sid: str) -> None:
        """A narrower role, for a part of what the machine does."""
        self._allow(sid, "sts:AssumeRole", on=[role.role_arn])

    def fetch_host_files(self, files: s3_assets.Asset) -> None:
        """The scripts and configuration that user data unpacks."""
        self._allow("FetchTheHostFiles", "s3:GetObject", on=[files.bucket.arn_for_objects(files.s3_object_key)])

    def read_secret(self, secret: secretsmanager.Secret) -> None:
        """The root of all secrets, once at boot."""
        self._allow("ReadTheSecret", "secretsmanager:GetSecretValue", on=[secret.secret_arn])

    def tell_ages(self, secrets: Sequence[secretsmanager.ISecret]) -> None:
        """When each secret was rotated, which is no part of its value."""
        self._allow(
            "TellAgesOfPasswords", "secretsmanager:DescribeSecret", on=[secret.secret_arn for secret in secrets]
        )

    def follow(self, release: Release) -> None:
        """The parameter that says what to run, and the image it names."""
        self._allow("FollowTheRelease", "ssm:GetParameter", on=[release.parameter.parameter_arn])
        self.pull(release.image)

    def pull(self, image: ecr_assets.DockerImageAsset) -> None:
        """The service's image."""
        self._allow("LogInToTheRegistry", "ecr:GetAuthorizationToken", on=["*"])
        self._allow(
            "PullTheImage",
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=[image.repository.repository_arn],
        )

    def attach(self, volume: ec2.CfnVolume) -> None:
        """The data volume, to this stack's machines and no other."""
        verbs = ("ec2:AttachVolume", "ec2:DetachVolume")
        self._allow("AttachTheDataVolume", *verbs, on=[self._arn("ec2", f"volume/{volume.ref}")])
        self._allow("AttachToOwnMachines", *verbs, on=[self._instances], only_if=self._own)
        self._accept_wildcard(
            self._instances,
            because="A machine's id exists only once it runs; a condition on its tag keeps to this stack's own.",
        )
        self._allow("LookAtVolumes", "ec2:DescribeVolumes", on=["*"])

    def take_address(self, network: PublicNetwork) -> None:
        """The fixed address, away from the machine that was before."""
        address = self._arn("ec2", f"elastic-ip/{network.address.attr_allocation_id}")
        self._allow("TakeTheAddress", "ec2:AssociateAddress", on=[address])
        self._allow("TakeItOnOwnMachines", "ec2:AssociateAddress", on=[self._instances], only_if=self._own)

    def keep_backups(self, bucket: s3.Bucket) -> None:
        """pgBackRest's repository, the escrow of DNS keys and certificates, and notes of which volumes were filled."""
        files = bucket.arn_for_objects("*")
        self._allow("ListBackups", "s3:ListBucket", on=[bucket.bucket_arn])
        self._allow("KeepBackups", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=[files])
        self._accept_wildcard(
            files,
            because="pgBackRest names its files itself, and the bucket is this host's alone: its backups, their escrow, and which volumes were filled.",
        )

    def keep_media(self, bucket: s3.Bucket) -> None:
        """What the service's containers do with photographs; the bucket keeps what was deleted for as long as its setting says."""
        files = bucket.arn_for_objects("*")
        self.app.add_to_policy(
            iam.PolicyStatement(
                sid="KeepMedia", actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[files]
            )
        )
        posture.accept(
            self.app,
            finding(files, self),
            because="The service names photographs itself, and the bucket holds photographs alone.",
        )

    def read_in_containers(self, *secrets: secretsmanager.ISecret) -> None:
        """What the service itself reads, and reads again once it was rotated."""
        self.app.add_to_policy(
            iam.PolicyStatement(
                sid="ReadItsSecrets",
                actions=["secretsmanager:GetSecretValue"],
                resources=[secret.secret_arn for secret in secrets],
            )
        )

    def publish(self, parameter_name: str) -> None:
        """The DS record of the zone, whose key the host makes."""
        self._allow("PublishTheDsRecord", "ssm:PutParameter", on=[self._arn("ssm", f"parameter{parameter_name}")])

    def report(self, *, namespace: str, log_prefix: str) -> None:
        """Metrics in one namespace, and lines to the log groups under a prefix."""
        bound = {"StringEquals": {"cloudwatch:namespace": namespace}}
        self._allow("SendMetrics", "cloudwatch:PutMetricData", on=["*"], only_if=bound)
        groups = self._arn("logs", f"log-group:{log_prefix}/*")
        self._allow("SendLogs", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=[groups])
        self._accept_wildcard(
            groups,
            because="Log streams are named after machines that do not exist yet; the prefix is this stack's own.",
        )

    def signal(self, group_name: str) -> None:
        """That the host serves, to CloudFormation, and that it stopped cleanly, to its group."""
        self._allow("SignalTheStack", "cloudformation:SignalResource", on=[cdk.Stack.of(self).stack_id])
        group = self._arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{group_name}")
        verbs = ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat")
        self._allow("StopCleanly", *(f"autoscaling:{verb}" for verb in verbs), on=[group])
        self._accept_wildcard(
            group, because="The wildcard stands for an id that AWS makes up for the group; its name is given in full."
        )

    def be_reached(self) -> None:
        """Session Manager, the only way to a shell: what its agent calls, and no more of AWS's managed policy."""
        channels = [f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")]
        self._allow("BeReachedBySessionManager", "ssm:UpdateInstanceInformation", *channels, on=["*"])

    def _allow(self, sid: str, *actions: str, on: list[str], only_if: Conditions | None = None) -> None:
        self.host.add_to_policy(
            iam.PolicyStatement(sid=sid, actions=list(actions), resources=on, conditions=dict(only_if or {}))
        )

    def _accept_wildcard(self, resource: str, *, because: str) -> None:
        posture.accept(self.host, finding(resource, self), because=because)

    def _arn(self, service: str, rest: str) -> str:
        stack = cdk.Stack.of(self)
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{rest}"


def bound(scope: Construct, boundary: str) -> None:
    """Bounds every role below a construct by a policy, those that the CDK makes for its own functions too."""
    if boundary:
        policy = iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", boundary)
        iam.PermissionsBoundary.of(scope).apply(policy)


def finding(resource: str, scope: Construct) -> str:
    """The id of cdk-nag's finding about a wildcard: it writes references as <LogicalId.Attribute>."""
    resolved = cdk.Stack.of(scope).resolve(resource)
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) and "Fn::Join" in resolved else [resolved]
    return f"AwsSolutions-IAM5[Resource::{''.join(_written(part) for part in parts)}]"


def _written(part: object) -> str:
    if isinstance(part, dict):
        ((kind, of),) = part.items()
        return f"<{'.'.join(of) if kind == 'Fn::GetAtt' else of}>"
    return str(part)

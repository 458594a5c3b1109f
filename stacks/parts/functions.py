"""Functions made from the service's image: what a deployment or a schedule runs beside the machines, in the same network."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import posture
from stacks.parts.network import ZonedNetwork
from stacks.settings import Cpu

_ARCHITECTURES = {Cpu.ARM64: lambda_.Architecture.ARM_64, Cpu.X86_64: lambda_.Architecture.X86_64}
# What Lambda itself calls with a function's role to put it into a network (Lambda developer guide, "VPC access").
INTERFACES = (
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"),
    *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets"),
)


class ServiceFunction(Construct):
    """A handler of the service's image, in the private subnets, with a role and a security group of its own."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        what: str,
        handler: str,
        network: ZonedNetwork,
        image: ecr_assets.DockerImageAsset,
        cpu: Cpu,
        log_retention: logs.RetentionDays,
        minutes: int,
        environment: Mapping[str, str],
        retry_attempts: int | None = None,
    ) -> None:
        """`retry_attempts`: how often Lambda itself calls again what ended without an answer; else as it likes, which is twice."""
        super().__init__(scope, id)
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=network.vpc, description=f"A function: {what}", allow_all_outbound=True
        )
        self.log = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=cdk.RemovalPolicy.DESTROY)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What a function calls: {what}",
        )
        self.allow("WriteItsLog", "logs:CreateLogStream", "logs:PutLogEvents", on=[self.log.log_group_arn])
        self.allow(
            "BeInTheNetwork",
            *INTERFACES,
            on=["*"],
        )
        posture.accept(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="Lambda makes the function's network interfaces itself, under ids that nobody knows before.",
        )
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=what,
            code=lambda_.DockerImageCode.from_ecr(
                image.repository,
                tag_or_digest=image.image_tag,
                entrypoint=["/venv/bin/python", "-m", "awslambdaric"],
                cmd=[handler],
            ),
            architecture=_ARCHITECTURES[cpu],
            memory_size=512,
            timeout=cdk.Duration.minutes(minutes),
            role=self.role,
            log_group=self.log,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_groups=[self.security_group],
            environment=dict(environment),
            retry_attempts=retry_attempts,
        )

    def allow(self, sid: str, *actions: str, on: list[str]) -> None:
        """One more thing that the function may do."""
        self.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=list(actions), resources=on))

"""The deployment's patience: a function that waits until what was applied to the cluster is done, and fails with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import posture
from stacks.parts.cluster import Cluster
from stacks.parts.network import ZonedNetwork

_CODE = Path(__file__).parent.parent / "functions" / "rollout"
_MINUTES = 15  # a function's most


class Rollout(Construct):
    """Applying a manifest waits for nothing. This asks Kubernetes, by the deployment's own kubectl and its role."""

    def __init__(
        self, scope: Construct, id: str, *, cluster: Cluster, network: ZonedNetwork, log_retention: logs.RetentionDays
    ) -> None:
        super().__init__(scope, id)
        self._cluster = cluster
        name = cdk.Stack.of(self).stack_name
        self.log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{name}-Cluster-rollout",
            retention=log_retention,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description="Waits until a rollout or a migration is done, and says why it is not",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.X86_64,  # that of the layers' kubectl
            code=lambda_.Code.from_asset(str(_CODE)),
            handler="index.handler",
            memory_size=512,
            timeout=cdk.Duration.minutes(_MINUTES),
            role=cluster.kubectl_role,
            log_group=self.log,
            layers=cluster.layers,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_groups=[cluster.cluster.cluster_security_group],
            retry_attempts=0,
        )
        posture.accept(
            self.function,
            "AwsSolutions-L1",
            because="It is the runtime of the layers with kubectl and the AWS CLI, which the CDK tests together.",
        )

    def wait(
        self,
        scope: Construct,
        id: str,
        *,
        kind: str,
        name: str,
        namespace: str,
        release: str,
        values: Mapping[str, str],
    ) -> cdk.CustomResource:
        """A resource that is there once a Deployment is rolled out, or a Job complete; `release` and `values` are what it is of.

        When either changes, it is waited for again. What follows an object depends on this, and not on its manifest.
        """
        resource = cdk.CustomResource(
            scope,
            id,
            service_token=self.function.function_arn,
            resource_type="Custom::Rollout",
            service_timeout=cdk.Duration.minutes(_MINUTES + 1),
            properties={
                "ClusterName": self._cluster.cluster.cluster_name,
                "Namespace": namespace,
                "Kind": kind,
                "Name": name,
                "Release": release,
                **({"Values": dict(values)} if values else {}),
            },
        )
        resource.node.add_dependency(self._cluster.ready, self.log)
        return resource


def release_of(scope: Construct, *what: Any) -> str:
    """A short name for what objects say, references included: another one whenever a file, a setting or the image changes."""
    resolved = cdk.Stack.of(scope).resolve(list(what))
    return hashlib.sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest()[:10]

"""The cluster: its control plane, who may speak to it, and the function by which a deployment does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.lambda_layer_kubectl_v36 import KubectlV36Layer
from constructs import Construct, IConstruct

from stacks import posture
from stacks.parts.functions import INTERFACES
from stacks.parts.monitoring import days_of, retention_of
from stacks.parts.network import ZonedNetwork
from stacks.parts.permissions import finding

SERVICES = "172.20.0.0/16"  # addresses of the cluster's services, outside of the network's range
_ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"


class Cluster(Construct):
    """A control plane whose API is private, or open to named ranges besides; the stack's name is its own.

    Two roles get in: the administrator's, and the one that the deployment's own functions have (`kubectl`). Whoever made the
    cluster does not. What is applied to it depends on `ready`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        version: str,
        public_ranges: Sequence[str],
        administrator: str,
        log_days: int,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id)
        self.name = cdk.Stack.of(self).stack_name
        self._retention_days = days_of(log_days)
        key = kms.Key(
            self,
            "SecretsKey",
            description=f"Secrets of the cluster {self.name}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,  # with the cluster, nothing is left that it could open
        )
        # EKS would make it itself, and keep what is in it for ever.
        kept = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/eks/{self.name}/cluster",
            retention=retention_of(log_days),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.kubectl_role = self._kubectl_role()
        private = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        made = eks.Cluster(
            self,
            "Cluster",
            cluster_name=self.name,
            version=eks.KubernetesVersion.of(version),
            vpc=network.vpc,
            vpc_subnets=[private],
            service_ipv4_cidr=SERVICES,
            endpoint_access=(
                eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from(*public_ranges)
                if public_ranges
                else eks.EndpointAccess.PRIVATE
            ),
            cluster_logging=[
                eks.ClusterLoggingTypes.API,
                eks.ClusterLoggingTypes.AUDIT,
                eks.ClusterLoggingTypes.AUTHENTICATOR,
                eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
                eks.ClusterLoggingTypes.SCHEDULER,
            ],
            secrets_encryption_key=key,
            default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
            default_capacity=0,
            bootstrap_cluster_creator_admin_permissions=False,
            bootstrap_self_managed_addons=False,
            # A role whose permissions are all named here: what the construct would add are policies of AWS's for all registries.
            kubectl_provider_options=eks.KubectlProviderOptions(
                kubectl_layer=KubectlV36Layer(self, "Kubectl"),
                role=self.kubectl_role.without_policy_updates(),
            ),
        )
        self.cluster = cast(eks.ICluster, made)  # which it is, but for a property that its own typing leaves out
        plain = made.node.default_child
        assert isinstance(plain, eks.CfnCluster)
        plain.deletion_protection = deletion_protection
        plain.node.add_dependency(kept)
        posture.accept(
            made.role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonEKSClusterPolicy]",
            because="AWS keeps this policy in step with what the control plane calls, and only EKS takes the role.",
        )
        if public_ranges:
            posture.accept(
                made,
                "AwsSolutions-EKS1",
                because="The setting endpoint_public_ranges names who reaches the API from outside; nobody gets in without a role.",
            )
        made.grant_access(
            "Administrator",
            administrator,
            [eks.AccessPolicy.from_access_policy_name(_ADMINISTRATOR, access_scope_type=eks.AccessScopeType.CLUSTER)],
        )
        self._mend_the_functions(network)

    @property
    def ready(self) -> IConstruct:
        """What a deployment's functions wait for before they speak to the cluster."""
        return self.cluster.node.find_child("KubectlReadyBarrier")

    @property
    def layers(self) -> list[lambda_.ILayerVersion]:
        """kubectl, and the AWS CLI that makes its tokens."""
        command_line, kubectl = self._provider.node.find_child("AwsCliLayer"), self.node.find_child("Kubectl")
        assert isinstance(command_line, lambda_.LayerVersion) and isinstance(kubectl, lambda_.LayerVersion)
        return [command_line, kubectl]

    @property
    def _provider(self) -> Construct:
        provider = self.cluster.node.find_child("KubectlProvider")
        assert isinstance(provider, Construct)
        return provider

    def _kubectl_role(self) -> iam.Role:
        stack = cdk.Stack.of(self)
        role = iam.Role(
            self,
            "KubectlRole",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="What the deployment's own functions call, and are to the cluster",
        )
        streams = (
            f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/lambda/{self.name}-Cluster*"
        )
        cluster = f"arn:{stack.partition}:eks:{stack.region}:{stack.account}:cluster/{self.name}"
        for sid, actions, on in (
            ("WriteTheirLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), streams),
            ("FindTheCluster", ("eks:DescribeCluster",), cluster),
            ("BeInTheNetwork", INTERFACES, "*"),
        ):
            role.add_to_policy(iam.PolicyStatement(sid=sid, actions=list(actions), resources=[on]))
        posture.accept(
            role,
            finding(streams, self),
            because="Lambda names the streams of a log group itself; the groups of this prefix are this stack's own.",
        )
        posture.accept(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            because="Lambda makes the functions' network interfaces itself, under ids that nobody knows before.",
        )
        return role

    def _mend_the_functions(self, network: ZonedNetwork) -> None:
        """Says of the construct's own functions what it has no words for: how long they log, and what is accepted of them."""
        self.node.try_remove_child("HasEcrPublic")  # of a policy that the role above does without
        handler = self._provider.node.find_child("Handler")
        framework = self._provider.node.find_child("Provider").node.find_child("framework-onEvent")
        for function in (handler, framework):
            group = function.node.find_child("LogGroup").node.default_child
            assert isinstance(group, logs.CfnLogGroup)
            group.retention_in_days = self._retention_days
            group.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
            # What is applied depends on this: no function speaks after its log has gone, and made a new one that stays.
            self.ready.node.add_dependency(group)
        # The functions call AWS by the way out, also when what was applied is taken back.
        self.ready.node.add_dependency(network.vpc.internet_connectivity_established)
        for managed in ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole"):
            posture.accept(
                framework,
                f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{managed}]",
                because="The CDK's own function between CloudFormation and kubectl has it: a log, and its place in the network.",
            )
        assert isinstance(handler, lambda_.Function)
        posture.accept(
            handler,
            "AwsSolutions-L1",
            because="The CDK chooses the runtime of its own function and layers, and tests them with that one.",
        )
        posture.accept(
            framework,
            finding(f"{handler.function_arn}:*", self),
            because="The CDK's own function calls one function of this stack, whatever version of it there is.",
        )

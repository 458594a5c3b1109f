"""What runs in the cluster and works on AWS: the controller that binds pods to the load balancer, and the nodes' autoscaler."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IDependable

from stacks import posture
from stacks.kubernetes_versions import AUTOSCALER_CHART, LOAD_BALANCER_CONTROLLER, VERSIONS
from stacks.parts.identities import PodRole
from stacks.parts.network import ZonedNetwork
from stacks.parts.permissions import finding

READINESS_GATES = "elbv2.k8s.aws/pod-readiness-gate-inject"  # the namespace's label that asks for them
_SYSTEM = "kube-system"
_TIMEOUT = cdk.Duration.minutes(10)


class LoadBalancerController(Construct):
    """AWS Load Balancer Controller, told to do nothing but to keep one target group in step with a service's pods.

    It makes no load balancer, no rule and no security group: its role may not. It is there before any pod of the service, and
    goes after the last one: without it a binding could not be deleted, and a pod that asks for a readiness gate not be made.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.ICluster,
        network: ZonedNetwork,
        targets: elbv2.ApplicationTargetGroup,
        after: list[IDependable],
    ) -> None:
        super().__init__(scope, id)
        account, stack = "aws-load-balancer-controller", cdk.Stack.of(self)
        identity = PodRole(
            self,
            "Identity",
            cluster=cluster,
            namespace=_SYSTEM,
            account=account,
            what="What the controller calls that keeps the load balancer's targets in step with pods",
        )
        verbs = ("TargetGroups", "TargetGroupAttributes", "TargetHealth")
        identity.allow(
            "LookAtTargets",
            *(f"elasticloadbalancing:Describe{what}" for what in verbs),
            *(f"ec2:Describe{what}" for what in ("AvailabilityZones", "SecurityGroups", "Subnets", "Vpcs")),
            on=["*"],
        )
        posture.accept(
            identity.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="These calls know no resource; they tell of targets, zones and networks, and change nothing.",
        )
        changes = ("RegisterTargets", "DeregisterTargets")
        identity.allow(
            "KeepTargetsInStep", *(f"elasticloadbalancing:{verb}" for verb in changes), on=[targets.target_group_arn]
        )
        self.chart = eks.HelmChart(
            self,
            "Chart",
            cluster=cluster,
            chart="aws-load-balancer-controller",
            repository="https://aws.github.io/eks-charts",
            version=LOAD_BALANCER_CONTROLLER,
            release="aws-load-balancer-controller",
            namespace=_SYSTEM,
            create_namespace=False,
            wait=True,
            timeout=_TIMEOUT,
            values={
                "clusterName": cluster.cluster_name,
                # It cannot ask the machine's metadata, which pods do not reach.
                "region": stack.region,
                "vpcId": network.vpc.vpc_id,
                "serviceAccount": {"name": account},
                "replicaCount": 2,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "resources": {
                    "requests": {"cpu": "50m", "memory": "96Mi"},
                    "limits": {"cpu": "500m", "memory": "256Mi"},
                },
                # A certificate for its webhooks that an upgrade of the chart does not make anew under running pods.
                "keepTLSSecret": True,
                "enableServiceMutatorWebhook": False,
                "enableShield": False,
                "enableWaf": False,
                "enableWafv2": False,
                # A pod without its readiness gate would take the place of one that serves before the load balancer knows it.
                "podMutatorWebhookConfig": {"failurePolicy": "Fail"},
                "createIngressClassResource": False,
                "ingressClassParams": {"create": False},
            },
        )
        self.chart.node.add_dependency(identity, *after)


class Autoscaler(Construct):
    """Kubernetes' Cluster Autoscaler: makes a node for pods that have no room, and ends one whose pods fit on others."""

    def __init__(
        self, scope: Construct, id: str, *, cluster: eks.ICluster, version: str, after: list[IDependable]
    ) -> None:
        super().__init__(scope, id)
        account, stack = "cluster-autoscaler", cdk.Stack.of(self)
        identity = PodRole(
            self,
            "Identity",
            cluster=cluster,
            namespace=_SYSTEM,
            account=account,
            what="What the autoscaler calls to make and to end nodes",
        )
        identity.allow(
            "LookAtGroups",
            *(f"autoscaling:Describe{what}" for what in ("AutoScalingGroups", "AutoScalingInstances")),
            *("autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities"),
            *("ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions"),
            "ec2:GetInstanceTypesFromInstanceRequirements",
            on=["*"],
        )
        nodegroups = f"arn:{stack.partition}:eks:{stack.region}:{stack.account}:nodegroup/{stack.stack_name}/*/*"
        identity.allow("LookAtNodeGroups", "eks:DescribeNodegroup", on=[nodegroups])
        groups = f"arn:{stack.partition}:autoscaling:{stack.region}:{stack.account}:autoScalingGroup:*:autoScalingGroupName/eks-*"
        own = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": stack.stack_name}}
        identity.allow(
            "MakeAndEndNodes",
            "autoscaling:SetDesiredCapacity",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            on=[groups],
            only_if=own,
        )
        for resource, because in (
            ("*", "These calls know no resource; they tell of groups and types of machines, and change nothing."),
            (nodegroups, "EKS makes up the ids of node groups; the cluster is this stack's own, by its name."),
            (
                groups,
                "EKS names a node group's machines itself; the tag that it gives them says of which cluster they are.",
            ),
        ):
            posture.accept(identity.role, finding(resource, self), because=because)
        chart = eks.HelmChart(
            self,
            "Chart",
            cluster=cluster,
            chart="cluster-autoscaler",
            repository="https://kubernetes.github.io/autoscaler",
            version=AUTOSCALER_CHART,
            release="cluster-autoscaler",
            namespace=_SYSTEM,
            create_namespace=False,
            wait=True,
            timeout=_TIMEOUT,
            values={
                "fullnameOverride": "cluster-autoscaler",
                "cloudProvider": "aws",
                "awsRegion": stack.region,
                "autoDiscovery": {"clusterName": cluster.cluster_name},
                "image": {"tag": VERSIONS[version].autoscaler},
                "rbac": {"serviceAccount": {"name": account}},
                "priorityClassName": "system-cluster-critical",
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "500m", "memory": "384Mi"},
                },
                "extraArgs": {
                    "balance-similar-node-groups": True,
                    "expander": "least-waste",
                    # A node's disk holds nothing that is missed: what uploads are on their way is drained with its pod.
                    "skip-nodes-with-local-storage": False,
                    "skip-nodes-with-system-pods": False,
                    "scale-down-unneeded-time": "10m",
                    # Pods of the priority that room is kept by are worth a node; what is below that is not.
                    "expendable-pods-priority-cutoff": -100,
                },
            },
        )
        chart.node.add_dependency(identity, *after)

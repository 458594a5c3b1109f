"""The add-ons of the cluster that AWS publishes, each with its version, its settings and its role."""

from __future__ import annotations

import json
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.kubernetes_versions import ADD_ONS, VERSIONS
from stacks.parts.identities import accept_managed, managed, pod_role

# Service accounts of the add-ons that call AWS, by the names that AWS gives them, and the policies that AWS keeps for them.
_ACCOUNTS = {
    "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    "amazon-cloudwatch-observability": ("cloudwatch-agent", "CloudWatchAgentServerPolicy"),
}
# What Container Insights writes of a cluster, by names of its own; it would make these groups itself, and keep them for ever.
_INSIGHTS = ("application", "dataplane", "host", "performance")


class AddOn(Construct):
    """One add-on, whose settings are always these: what somebody changed by hand is changed back."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.ICluster,
        name: str,
        version: str,
        settings: Mapping[str, object],
    ) -> None:
        super().__init__(scope, id)
        associations = None
        if name in _ACCOUNTS:
            account, policy = _ACCOUNTS[name]
            role = pod_role(self, "Role", what=f"What the add-on {name} calls")
            for each in managed(policy):
                role.add_managed_policy(each)
            accept_managed(
                role,
                policy,
                because="AWS keeps this policy in step with its own add-on, whose pods alone have the role.",
            )
            associations = [
                eks.CfnAddon.PodIdentityAssociationProperty(role_arn=role.role_arn, service_account=account)
            ]
        self.plain = eks.CfnAddon(
            self,
            "AddOn",
            cluster_name=cluster.cluster_name,
            addon_name=name,
            addon_version=version,
            configuration_values=json.dumps(settings, sort_keys=True) if settings else None,
            resolve_conflicts="OVERWRITE",
            pod_identity_associations=associations,
        )


class BeforeNodes(Construct):
    """What a node needs to be ready, and its pods to have a network and a role: addresses, services, credentials."""

    def __init__(self, scope: Construct, id: str, *, cluster: eks.ICluster, version: str) -> None:
        super().__init__(scope, id)
        identities = self._add("Identities", cluster, "eks-pod-identity-agent", ADD_ONS["eks-pod-identity-agent"], {})
        addresses = self._add(
            "Addresses",
            cluster,
            "vpc-cni",
            ADD_ONS["vpc-cni"],
            # NETWORK_POLICY_ENFORCING_MODE strict would close a pod until its policies are known, the cluster's own ones too,
            # which have none; default deny in the service's namespace comes with the namespace, before any pod of it.
            {"enableNetworkPolicy": "true", "nodeAgent": {"enablePolicyEventLogs": "true"}},
        )
        addresses.plain.node.add_dependency(identities)
        self._add("Services", cluster, "kube-proxy", VERSIONS[version].kube_proxy, {})

    def _add(self, id: str, cluster: eks.ICluster, name: str, version: str, settings: Mapping[str, object]) -> AddOn:
        return AddOn(self, id, cluster=cluster, name=name, version=version, settings=settings)


class OnNodes(Construct):
    """What runs on nodes and serves the cluster: names, disks, the figures that pods are scaled by, and CloudWatch's."""

    def __init__(
        self, scope: Construct, id: str, *, cluster: eks.ICluster, log_retention: logs.RetentionDays, collector: str
    ) -> None:
        """`collector` is the configuration of the collector of containers' logs, stacks/kubernetes/collector.conf."""
        super().__init__(scope, id)
        name = cdk.Stack.of(self).stack_name
        groups = [
            logs.LogGroup(
                self,
                f"{kind.title()}Log",
                log_group_name=f"/aws/containerinsights/{name}/{kind}",
                retention=log_retention,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            )
            for kind in _INSIGHTS
        ]
        insights = {
            "agent": {"config": {"logs": {"metrics_collected": {"kubernetes": {"enhanced_container_insights": True}}}}},
            "containerLogs": {"fluentBit": {"config": {"extraFiles": {"application-log.conf": collector}}}},
        }
        for what, each, settings in (
            ("Names", "coredns", {"replicaCount": 2, "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1}}),
            ("Disks", "aws-ebs-csi-driver", {}),
            ("Figures", "metrics-server", {}),
            ("Insights", "amazon-cloudwatch-observability", insights),
        ):
            made = AddOn(self, what, cluster=cluster, name=each, version=ADD_ONS[each], settings=settings)
            made.plain.node.add_dependency(*groups)

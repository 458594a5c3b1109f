"""The nodes: a managed group of EC2 machines in private subnets, on which the cluster's pods run."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from stacks.parts.identities import accept_managed, managed
from stacks.parts.network import ZonedNetwork
from stacks.parts.permissions import STACK_TAG
from stacks.settings import Cpu

_IMAGES = {Cpu.ARM64: "AL2023_ARM_64_STANDARD", Cpu.X86_64: "AL2023_x86_64_STANDARD"}
_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


class Nodes(Construct):
    """Amazon Linux 2023 with encrypted disks, whose metadata no pod reaches; replaced one by one, a new one first.

    What pods call of AWS is their own role's: that of the nodes lets them join, and pull images. Between `least` and `most` the
    autoscaler decides; CloudFormation leaves the size that it made. `after` is what nodes need to become ready.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        cluster: eks.ICluster,
        version: str,
        cpu: Cpu,
        instance_type: str,
        disk_gibibytes: int,
        release: str,
        least: int,
        most: int,
        after: IDependable,
    ) -> None:
        super().__init__(scope, id)
        name = cdk.Stack.of(self).stack_name
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="What a node calls to join the cluster and to pull images",
            managed_policies=managed(*_POLICIES),
        )
        accept_managed(
            role,
            *_POLICIES,
            because="AWS keeps these in step with what its own kubelet calls; both only describe, and pull images.",
        )
        template = ec2.CfnLaunchTemplate(
            self,
            "Template",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                # hop limit 1: a pod in a network of its own is one hop further
                metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                    http_tokens="required", http_put_response_hop_limit=1
                ),
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/xvda",
                        ebs=ec2.CfnLaunchTemplate.EbsProperty(
                            volume_size=disk_gibibytes, volume_type="gp3", encrypted=True, delete_on_termination=True
                        ),
                    )
                ],
                tag_specifications=[
                    ec2.CfnLaunchTemplate.TagSpecificationProperty(
                        resource_type=kind,
                        tags=[cdk.CfnTag(key="Name", value=name), cdk.CfnTag(key=STACK_TAG, value=name)],
                    )
                    for kind in ("instance", "volume")
                ],
            ),
        )
        self.group = eks.CfnNodegroup(
            self,
            "Group",
            cluster_name=cluster.cluster_name,
            node_role=role.role_arn,
            subnets=network.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS).subnet_ids,
            ami_type=_IMAGES[cpu],
            capacity_type="ON_DEMAND",
            instance_types=[instance_type],
            # With the cluster's, or CloudFormation would see no change when the cluster gets another; EKS upgrades no cluster whose
            # nodes are behind.
            version=version,
            release_version=release or None,
            launch_template=eks.CfnNodegroup.LaunchTemplateSpecificationProperty(
                id=template.ref, version=template.attr_latest_version_number
            ),
            # All three, or EKS makes no group. From then on the autoscaler moves the size: CloudFormation touches it when one of these changes.
            scaling_config=eks.CfnNodegroup.ScalingConfigProperty(min_size=least, desired_size=least, max_size=most),
            # A new node is there before an old one is drained; what its pods' budgets forbid is waited for.
            update_config=eks.CfnNodegroup.UpdateConfigProperty(max_unavailable=1),
            node_repair_config=eks.CfnNodegroup.NodeRepairConfigProperty(enabled=True),
            labels={"fines/role": "service"},
        )
        self.group.node.add_dependency(after, network.vpc.internet_connectivity_established)

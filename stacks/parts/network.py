"""The networks: one public subnet in one zone with a fixed address, or subnets of three kinds over several zones."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import posture
from stacks.readers import MOST_ZONES

RANGE = "10.30.0.0/16"  # of the network over several zones
_OPEN = (
    (ec2.Port.tcp(80), "HTTP, which redirects"),
    (ec2.Port.tcp(443), "HTTPS"),
    (ec2.Port.tcp(53), "DNS over TCP"),
    (ec2.Port.udp(53), "DNS"),
)


class PublicNetwork(Construct):
    """A VPC with one public subnet and no NAT, its machine's security group, and the address that the world knows.

    `zone` is a number: 0 is the first of the region's availability zones.
    """

    def __init__(self, scope: Construct, id: str, *, zone: int, log_retention: logs.RetentionDays) -> None:
        super().__init__(scope, id)
        self.zone = cdk.Fn.select(zone, cdk.Fn.get_azs())
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.20.0.0/16"),
            availability_zones=[self.zone],
            nat_gateways=0,
            restrict_default_security_group=False,  # no machine uses that group, and restricting it takes a function
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24)
            ],
        )
        self.subnet = self.vpc.public_subnets[0]
        # CloudFormation makes the subnet of another zone before it deletes this one, so each zone has a range of its own.
        subnet = self.subnet.node.default_child
        assert isinstance(subnet, ec2.CfnSubnet)
        subnet.cidr_block = f"10.20.{zone}.0/24"
        _log_refusals(self, self.vpc, log_retention)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self.vpc,
            description="What the world reaches of the host: HTTP, HTTPS and DNS",
            allow_all_outbound=True,
        )
        for port, what in _OPEN:
            self.security_group.add_ingress_rule(ec2.Peer.any_ipv4(), port, what)
        posture.accept(
            self.security_group,
            "AwsSolutions-EC23",
            because="A public web service, and the name server of its zone, answer everybody on 53, 80 and 443 alone.",
        )
        self.address = ec2.CfnEIP(self, "Address", domain="vpc")
        # an address needs the way to the internet first, and must go before it does
        self.address.node.add_dependency(self.subnet.internet_connectivity_established)


class ZonedNetwork(Construct):
    """A VPC over several zones: public subnets for the load balancer, private ones for what calls out, isolated ones for data.

    What lies in private subnets reaches S3 without a way out, and all else through the NAT gateways.
    """

    def __init__(
        self, scope: Construct, id: str, *, zones: int, nat_gateways: int, log_retention: logs.RetentionDays
    ) -> None:
        super().__init__(scope, id)
        kinds = (
            ("Public", ec2.SubnetType.PUBLIC, 24),
            ("Private", ec2.SubnetType.PRIVATE_WITH_EGRESS, 20),
            ("Isolated", ec2.SubnetType.PRIVATE_ISOLATED, 24),
        )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(RANGE),
            availability_zones=[cdk.Fn.select(number, cdk.Fn.get_azs()) for number in range(zones)],
            reserved_azs=MOST_ZONES - zones,  # a zone more moves no range: CloudFormation would make every subnet anew
            nat_gateways=nat_gateways,
            restrict_default_security_group=False,  # no machine uses that group, and restricting it takes a function
            subnet_configuration=[
                ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=mask, map_public_ip_on_launch=False)
                if kind is ec2.SubnetType.PUBLIC
                else ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=mask)
                for name, kind, mask in kinds
            ],
        )
        self.vpc.add_gateway_endpoint("ToS3", service=ec2.GatewayVpcEndpointAwsService.S3)
        _log_refusals(self, self.vpc, log_retention)


def _log_refusals(scope: Construct, vpc: ec2.Vpc, retention: logs.RetentionDays) -> None:
    """What was let in is in the web servers' own logs; what was not is in the network's."""
    group = logs.LogGroup(scope, "FlowLogGroup", retention=retention, removal_policy=cdk.RemovalPolicy.DESTROY)
    vpc.add_flow_log(
        "FlowLog",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
        traffic_type=ec2.FlowLogTrafficType.REJECT,
    )

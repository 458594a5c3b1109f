"""The load balancer: HTTPS for the world, TLS on to the machines, and the health check that their group goes by."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks import posture
from stacks.parts.network import ZonedNetwork

LONGEST_REQUEST = 130  # seconds: an upload of 50,000 rows may take NGINX's 120, and a little to be answered


class Balancer(Construct):
    """An application load balancer before what answers HTTPS with a certificate of its own making: machines, or pods by address."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        certificate: acm.ICertificate,
        access_logs: s3.IBucket,
        deletion_protection: bool,
        pods: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            description="What the world reaches of the load balancer: HTTP and HTTPS",
            allow_all_outbound=False,
        )
        for port, what in ((ec2.Port.tcp(80), "HTTP, which redirects"), (ec2.Port.tcp(443), "HTTPS")):
            self.security_group.add_ingress_rule(ec2.Peer.any_ipv4(), port, what)
        posture.accept(
            self.security_group,
            "AwsSolutions-EC23",
            because="A public web service answers everybody on the two ports of the web, and on no other.",
        )
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=network.vpc,
            internet_facing=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            security_group=self.security_group,
            deletion_protection=deletion_protection,
            drop_invalid_header_fields=True,
            idle_timeout=cdk.Duration.seconds(LONGEST_REQUEST),
        )
        self.balancer.log_access_logs(access_logs, "balancer")
        self.targets = elbv2.ApplicationTargetGroup(
            self,
            "Pods" if pods else "Machines",
            vpc=network.vpc,
            port=443,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            target_type=elbv2.TargetType.IP if pods else elbv2.TargetType.INSTANCE,
            deregistration_delay=cdk.Duration.seconds(LONGEST_REQUEST),
            # By chance, and less to a machine whose answers are errors: the one with the fewest requests under way may be one
            # that fails fast, and would be sent nearly all of them.
            load_balancing_algorithm_type=elbv2.TargetGroupLoadBalancingAlgorithmType.WEIGHTED_RANDOM,
            enable_anomaly_mitigation=True,
            health_check=elbv2.HealthCheck(
                # The process alone: a database that is away for minutes must not make the group replace its machines.
                path="/healthz",
                protocol=elbv2.Protocol.HTTPS,
                healthy_http_codes="200",
                interval=cdk.Duration.seconds(10),
                timeout=cdk.Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        self.https = self.balancer.add_listener(
            "Https",
            port=443,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            ssl_policy=elbv2.SslPolicy.TLS13_RES,
            certificates=[certificate],
            default_target_groups=[self.targets],
            open=False,  # the security group says it, with words
        )
        self.balancer.add_listener(
            "Http",
            port=80,
            protocol=elbv2.ApplicationProtocol.HTTP,
            default_action=elbv2.ListenerAction.redirect(protocol="HTTPS", port="443", permanent=True),
            open=False,
        )

"""The service's name in Route 53: the certificate that its zone proves, and the records that lead to a tier."""

from __future__ import annotations

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from constructs import Construct


class ServiceName(Construct):
    """A name in a hosted zone that exists. Other tiers may answer under it too: each record has a weight."""

    def __init__(
        self, scope: Construct, id: str, *, domain: str, zone_id: str, zone_name: str, certificate_arn: str
    ) -> None:
        super().__init__(scope, id)
        self._domain = domain
        self._zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=zone_id, zone_name=zone_name
        )
        self.certificate: acm.ICertificate = (
            acm.Certificate.from_certificate_arn(self, "Certificate", certificate_arn)
            if certificate_arn
            else acm.Certificate(
                self,
                "Certificate",
                domain_name=domain,
                validation=acm.CertificateValidation.from_dns(self._zone),
            )
        )

    def lead_to(self, balancer: elbv2.ApplicationLoadBalancer, *, tier: str, weight: int) -> route53.CfnRecordSet:
        """This tier's share of those who ask for the name; none while its load balancer has nothing healthy behind it."""
        return route53.CfnRecordSet(
            self,
            "Record",
            hosted_zone_id=self._zone.hosted_zone_id,
            name=f"{self._domain}.",
            type="A",
            set_identifier=tier,
            weight=weight,
            alias_target=route53.CfnRecordSet.AliasTargetProperty(
                dns_name=balancer.load_balancer_dns_name,
                hosted_zone_id=balancer.load_balancer_canonical_hosted_zone_id,
                evaluate_target_health=True,
            ),
        )


class SharedName(Construct):
    """A share of a name in a hosted zone for a tier with a fixed address, beside those of other tiers."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        domain: str,
        zone_id: str,
        address: str,
        tier: str,
        weight: int,
    ) -> None:
        super().__init__(scope, id)
        route53.CfnRecordSet(
            self,
            "Record",
            hosted_zone_id=zone_id,
            name=f"{domain}.",
            type="A",
            set_identifier=tier,
            weight=weight,
            ttl="60",  # as long as an alias of a load balancer is remembered
            resource_records=[address],
        )

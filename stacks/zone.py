"""A hosted zone that outlives the tiers: made once, delegated once, so that no deployment waits for a delegation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_route53 as route53
from constructs import Construct

from stacks import values
from stacks.settings import DOMAIN_NAME
from stacks.values import SettingsError


class ZoneStack(cdk.Stack):
    """A public hosted zone, retained; its outputs are what the registrar and the other tiers' settings ask for."""

    def __init__(self, scope: Construct, id: str, *, name: str) -> None:
        super().__init__(scope, id, description="The hosted zone of the fines service", termination_protection=True)
        zone = route53.PublicHostedZone(self, "Zone", zone_name=name)
        zone.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        assert zone.hosted_zone_name_servers is not None
        cdk.CfnOutput(self, "HostedZoneId", value=zone.hosted_zone_id, description="For the setting hosted_zone_id")
        cdk.CfnOutput(
            self,
            "NameServers",
            value=cdk.Fn.join(" ", zone.hosted_zone_name_servers),
            description="The zone's name servers, to enter at the registrar of its domain",
        )


def zone_name(context: Mapping[str, Any]) -> str:
    """The setting hosted_zone_name.

    Raises:
        SettingsError: it is missing, or no name.
    """
    given = context.get("hosted_zone_name")
    if not given:
        raise SettingsError(
            "hosted_zone_name is missing: give the zone's name, for example: -c hosted_zone_name=example.org"
        )
    read: str = values.text(DOMAIN_NAME, example="example.org")("hosted_zone_name", given)
    return read

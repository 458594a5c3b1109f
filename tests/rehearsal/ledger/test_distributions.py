"""A distribution is read back with its access control and its policy of headers, and what somebody changed is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rehearsal.ledger.bench import Aws, Deployed

_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # the managed cache policy CachingOptimized


def template() -> dict[str, Any]:
    """A bucket behind a distribution, as the template of a tier has them."""
    domain: dict[str, Any] = {"Fn::GetAtt": ["Files", "RegionalDomainName"]}
    return {
        "Resources": {
            "Files": {"Type": "AWS::S3::Bucket"},
            "Access": {
                "Type": "AWS::CloudFront::OriginAccessControl",
                "Properties": {
                    "OriginAccessControlConfig": {
                        "Name": {"Ref": "AWS::StackName"},
                        "OriginAccessControlOriginType": "s3",
                        "SigningBehavior": "always",
                        "SigningProtocol": "sigv4",
                    }
                },
            },
            "Headers": {
                "Type": "AWS::CloudFront::ResponseHeadersPolicy",
                "Properties": {
                    "ResponseHeadersPolicyConfig": {
                        "Name": {"Ref": "AWS::StackName"},
                        "CorsConfig": {
                            "AccessControlAllowCredentials": False,
                            "AccessControlAllowHeaders": {"Items": ["*"]},
                            "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
                            "AccessControlAllowOrigins": {"Items": ["https://fines.example"]},
                            "OriginOverride": True,
                        },
                        "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
                    }
                },
            },
            "Served": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {
                    "DistributionConfig": {
                        "Comment": "Files of the tests",
                        "Enabled": True,
                        "IPV6Enabled": True,
                        "HttpVersion": "http2and3",
                        "DefaultCacheBehavior": {
                            "AllowedMethods": ["GET", "HEAD"],
                            "CachePolicyId": _OPTIMIZED,
                            "Compress": True,
                            "ResponseHeadersPolicyId": {"Ref": "Headers"},
                            "TargetOriginId": "files",
                            "ViewerProtocolPolicy": "redirect-to-https",
                        },
                        "Origins": [
                            {
                                "Id": "files",
                                "DomainName": domain,
                                "OriginAccessControlId": {"Fn::GetAtt": ["Access", "Id"]},
                                "S3OriginConfig": {"OriginAccessIdentity": ""},
                            }
                        ],
                    },
                    "Tags": [{"Key": "stage", "Value": "dev"}],
                },
            },
        }
    }


@pytest.fixture
def deployed(aws: Aws) -> Deployed:
    return aws.deploy(template())


def test_all_of_it_is_compared_and_nothing_differs(deployed: Deployed) -> None:
    ledger = deployed.read()
    assert (ledger.missing, ledger.differ, ledger.unread) == ([], [], [])
    assert ledger.created == 4 and ledger.given == ledger.compared > 20


def _plain_http(stack: Deployed) -> None:
    client, id = stack.cloud("cloudfront"), stack.id("Served")
    found = client.get_distribution_config(Id=id)
    found["DistributionConfig"]["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    client.update_distribution(Id=id, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"])


def _another_origin(stack: Deployed) -> None:
    client, id = stack.cloud("cloudfront"), stack.id("Served")
    found = client.get_distribution_config(Id=id)
    found["DistributionConfig"]["Origins"]["Items"][0]["OriginAccessControlId"] = ""
    client.update_distribution(Id=id, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"])


def _any_origin(stack: Deployed) -> None:
    client, id = stack.cloud("cloudfront"), stack.id("Headers")
    found = client.get_response_headers_policy_config(Id=id)
    config = found["ResponseHeadersPolicyConfig"]
    config["CorsConfig"]["AccessControlAllowOrigins"] = {"Quantity": 1, "Items": ["*"]}
    client.update_response_headers_policy(Id=id, IfMatch=found["ETag"], ResponseHeadersPolicyConfig=config)


@pytest.mark.parametrize(
    ("change", "told"),
    [(_plain_http, "ViewerProtocolPolicy"), (_another_origin, "OriginAccessControlId"), (_any_origin, "AllowOrigins")],
)
def test_what_somebody_changed_is_told(deployed: Deployed, change: Callable[[Deployed], None], told: str) -> None:
    change(deployed)
    assert told in "\n".join(deployed.read().differ)

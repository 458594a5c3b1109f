"""Static files of tier asg: read by one distribution, written by one function, and published before any machine changes."""

from __future__ import annotations

from typing import Any

from tests.stacks.synthesis import Template, flat, resources, synthesize, the_only


def _asg(**settings: object) -> Template:
    return synthesize(tier="asg", **settings)


def _bucket(template: Template) -> str:
    (id,) = (id for id in resources(template, "AWS::S3::Bucket") if "Static" in id)
    return id


def _statements(template: Template) -> list[dict[str, Any]]:
    found = [
        policy["Properties"]["PolicyDocument"]["Statement"]
        for policy in resources(template, "AWS::S3::BucketPolicy").values()
        if policy["Properties"]["Bucket"] == {"Ref": _bucket(template)}
    ]
    (statements,) = found
    return list(statements)


def test_the_bucket_lets_its_own_distribution_read_and_nobody_else_anything() -> None:
    template = _asg()
    (distribution,) = resources(template, "AWS::CloudFront::Distribution")
    (allowed,) = (each for each in _statements(template) if each["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    arn = flat(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert arn.endswith(f":distribution/${{{distribution}}}") and "*" not in arn


def test_the_distribution_signs_what_it_asks_the_bucket_for_and_redirects_plain_http() -> None:
    template = _asg()
    config = the_only(template, "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
    access = the_only(template, "AWS::CloudFront::OriginAccessControl")["Properties"]["OriginAccessControlConfig"]
    (origin,) = config["Origins"]
    assert flat(origin["DomainName"]) == f"${{{_bucket(template)}.RegionalDomainName}}"
    (control,) = resources(template, "AWS::CloudFront::OriginAccessControl")
    assert flat(origin["OriginAccessControlId"]) == f"${{{control}.Id}}"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    behaviour = config["DefaultCacheBehavior"]
    assert (behaviour["ViewerProtocolPolicy"], behaviour["Compress"]) == ("redirect-to-https", True)
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    assert "CacheBehaviors" not in config


def test_names_that_all_regions_share_have_the_region_in_them() -> None:
    for region in ("us-east-1", "sa-east-1"):
        template = _asg(region=region)
        access = the_only(template, "AWS::CloudFront::OriginAccessControl")["Properties"]["OriginAccessControlConfig"]
        headers = the_only(template, "AWS::CloudFront::ResponseHeadersPolicy")["Properties"]
        assert region in access["Name"] and region in headers["ResponseHeadersPolicyConfig"]["Name"]


def test_the_pages_of_the_domain_alone_may_read_what_needs_permission() -> None:
    headers = the_only(_asg(domain="multas.fines.example"), "AWS::CloudFront::ResponseHeadersPolicy")["Properties"]
    cors = headers["ResponseHeadersPolicyConfig"]["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {"Items": ["https://multas.fines.example"]}
    assert cors["AccessControlAllowCredentials"] is False


def test_no_role_but_the_publishers_names_the_bucket_and_that_one_deletes_and_reads_nothing() -> None:
    template = _asg()
    bucket = _bucket(template)
    naming = {
        id: {
            action
            for each in policy["Properties"]["PolicyDocument"]["Statement"]
            if bucket in str(each["Resource"])
            for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
        }
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        if bucket in str(policy["Properties"]["PolicyDocument"])
    }
    ((role, actions),) = naming.items()
    assert "Publisher" in role
    assert actions == {"s3:ListBucket", "s3:PutObject"}


def test_machines_change_only_after_the_files_that_their_pages_name_are_published() -> None:
    template = _asg()
    group = the_only(template, "AWS::AutoScaling::AutoScalingGroup")
    (done,) = resources(template, "Custom::Publication")
    assert done in group["DependsOn"]
    published = template["Resources"][done]
    (migrated,) = resources(template, "Custom::Migration").values()
    assert published["Properties"]["Release"] == migrated["Properties"]["Release"]
    policies = [id for id in resources(template, "AWS::S3::BucketPolicy") if "Static" in id]
    assert set(policies) <= set(published["DependsOn"])


def test_machines_are_told_where_their_pages_files_are() -> None:
    template = _asg()
    (distribution,) = resources(template, "AWS::CloudFront::Distribution")
    data = the_only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]["UserData"]
    assert f"FINES_STATIC_ORIGIN=https://${{{distribution}.DomainName}}" in flat(data).replace("'", "").replace('"', "")


def test_tier_single_serves_its_own() -> None:
    template = synthesize()
    assert not [each for each in template["Resources"].values() if "CloudFront" in each["Type"]]
    assert "FINES_STATIC_ORIGIN" not in str(template)

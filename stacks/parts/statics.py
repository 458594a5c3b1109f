"""Static files: published into a bucket before the release that needs them, and served to browsers by CloudFront."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks import posture
from stacks.parts.functions import ServiceFunction
from stacks.parts.network import ZonedNetwork
from stacks.parts.permissions import finding
from stacks.settings import Cpu

_YEAR = cdk.Duration.days(365)


class StaticFiles(Construct):
    """A distribution in front of a bucket that nobody else may read, under CloudFront's own name and certificate.

    Names carry their content's hash: what a file says of its own keeping (a year) is what browsers and CloudFront heed.
    """

    def __init__(self, scope: Construct, id: str, *, bucket: s3.Bucket, pages: str) -> None:
        """`pages` is the origin of the pages that name the files, such as https://fines.example."""
        super().__init__(scope, id)
        self.bucket = bucket
        stack = cdk.Stack.of(self)
        name = f"{stack.stack_name}-{stack.region}-static"  # CloudFront's names are of all regions
        access = cloudfront.S3OriginAccessControl(self, "Access", origin_access_control_name=name)
        headers = cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=name,
            comment="Static files: their types are to be believed, and the service's own pages may read them",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_origins=[pages],
                access_control_allow_methods=["GET", "HEAD"],
                access_control_allow_headers=["*"],
                access_control_allow_credentials=False,
                origin_override=True,
            ),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_YEAR, override=True
                ),
            ),
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Static files of {stack.stack_name}",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(
                    bucket, origin_access_control=access, origin_access_levels=[cloudfront.AccessLevel.READ]
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=headers,
                compress=True,
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_ALL,  # the cheaper ones have no edge in South America
        )
        self.origin = f"https://{self.distribution.distribution_domain_name}"
        for rule, because in (
            ("CFR1", "Officers and administrators look from wherever they are, and the files tell nobody anything."),
            ("CFR2", "It answers GET and HEAD alone, with files that anybody may read: nothing behind it can be hurt."),
            (
                "CFR3",
                "CloudFront writes to buckets with access control lists, or from us-east-1; ours log what it reads.",
            ),
            ("CFR4", "With CloudFront's own name and certificate its oldest protocol cannot be chosen."),
        ):
            posture.accept(self.distribution, f"AwsSolutions-{rule}", because=because)


class Publication(Construct):
    """Puts a release's static files into their bucket; what depends on this changes after it, or not at all.

    On the way back it does nothing: the files of the version before are still there.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        bucket: s3.Bucket,
        image: ecr_assets.DockerImageAsset,
        cpu: Cpu,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id)
        publisher = ServiceFunction(
            self,
            "Publisher",
            what="Publishes the static files of a release",
            handler="fines.functions.statics.handler",
            network=network,
            image=image,
            cpu=cpu,
            log_retention=log_retention,
            minutes=5,
            environment={"STATIC_BUCKET": bucket.bucket_name},
        )
        publisher.allow("SeeWhatIsThere", "s3:ListBucket", on=[bucket.bucket_arn])
        files = bucket.arn_for_objects("static/*")
        publisher.allow("Publish", "s3:PutObject", on=[files])
        posture.accept(
            publisher.role,
            finding(files, self),
            because="Names carry hashes of what is in the files, so each release has others.",
        )
        self.function, self.log = publisher.function, publisher.log
        done = cdk.CustomResource(
            self,
            "Done",
            service_token=publisher.function.function_arn,
            resource_type="Custom::Publication",
            service_timeout=cdk.Duration.minutes(6),  # a minute more than the function may take
            properties={"Release": image.asset_hash},
        )
        # S3 can be reached, and CloudFront may read, before a page names a file.
        done.node.add_dependency(network.vpc.internet_connectivity_established, bucket)

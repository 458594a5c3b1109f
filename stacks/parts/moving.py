"""The paths by which a stage's data moves from one tier to another; none is there unless the setting `moves_between` opens it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks import posture
from stacks.parts.permissions import finding
from stacks.parts.storage import Buckets

EXCHANGE = "promote"  # the folder of a bucket for backups that the other tier may read


class Moving(Construct):
    """What a role of a tier may do while data moves to it from another stack, and from it to that stack: its machines', or a pod's.

    It reads the other's photographs and what that put into its bucket for backups to be fetched; it writes to its own
    buckets alone. Each stack says so of its own: nothing moves unless both are open.
    """

    def __init__(self, scope: Construct, id: str, *, other: str, role: iam.Role, buckets: Buckets) -> None:
        super().__init__(scope, id)
        self._role = role
        stack = cdk.Stack.of(self)
        own_account = {"StringEquals": {"aws:ResourceAccount": stack.account}}
        # CloudFormation names a bucket after its stack and the resource in it, in small letters, and adds letters of its own.
        theirs = {name: f"arn:{stack.partition}:s3:::{other}-buckets{name}*" for name in ("media", "backups")}
        self._allow("ListOwnPhotographs", "s3:ListBucket", on=buckets.media.bucket_arn)
        self._allow(
            "KeepPhotographsThatMove", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=_all(buckets.media)
        )
        self._allow(
            "PutRowsToBeFetched",
            *("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
            on=buckets.backups.arn_for_objects(f"{EXCHANGE}/*"),
        )
        self._allow(
            "FindThemAgain",
            "s3:ListBucket",
            on=buckets.backups.bucket_arn,
            only_if={"StringLike": {"s3:prefix": f"{EXCHANGE}/*"}},
        )
        self._allow("ListTheirPhotographs", "s3:ListBucket", on=theirs["media"], only_if=own_account)
        self._allow("ReadTheirPhotographs", "s3:GetObject", on=f"{theirs['media']}/*", only_if=own_account)
        self._allow("FetchTheirRows", "s3:GetObject", on=f"{theirs['backups']}/{EXCHANGE}/*", only_if=own_account)

    def _allow(self, sid: str, *actions: str, on: str, only_if: dict[str, dict[str, str]] | None = None) -> None:
        self._role.add_to_policy(
            iam.PolicyStatement(sid=sid, actions=list(actions), resources=[on], conditions=only_if or {})
        )
        if "*" in on:
            posture.accept(
                self._role,
                finding(on, self),
                because="Names of photographs are made up, and so is the end of the other bucket's name; for the time of a move.",
            )


def _all(bucket: s3.Bucket) -> str:
    return bucket.arn_for_objects("*")

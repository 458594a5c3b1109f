"""The nightly dump of a managed database: what a machine takes on to make it, to prove it, and to say how old it is."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks import posture
from stacks.parts.permissions import Conditions, finding

# Where dumps lie in the bucket, what their own snapshots said of all tables, and which of them were restored and compared.
_FOLDERS = ("dumps", "sums", "proven")


class Dumps(Construct):
    """A role that reads the database and adds to its dumps: it can neither take one away nor write over one.

    `trusted` is who takes it: machines, whose own role can none of this, or pods of their own account.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        trusted: iam.IPrincipal,
        what: str,
        bucket: s3.Bucket,
        reader: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, id)
        self.role = iam.Role(self, "Role", assumed_by=trusted, description=what)
        self._allow("ReadTheReadersSecret", "secretsmanager:GetSecretValue", on=[reader.secret_arn])
        self._allow("ListDumps", "s3:ListBucket", on=[bucket.bucket_arn])
        files = [bucket.arn_for_objects(f"{folder}/*") for folder in _FOLDERS]
        self._allow("ReadDumps", "s3:GetObject", on=files)
        # S3 user guide, "Enforce conditional writes": what makes an object must say that it is to replace none; the calls
        # that begin an upload and send its parts cannot say so, and make none.
        unless_there = {"Null": {"s3:if-none-match": "false"}}
        self._allow("WriteWhatIsNotThere", "s3:PutObject", on=files, only_if=unless_there)
        in_parts = {"Bool": {"s3:ObjectCreationOperation": "false"}}
        self._allow("SendDumpsInParts", "s3:PutObject", on=files[:1], only_if=in_parts)
        self._allow("GiveUpADump", "s3:AbortMultipartUpload", on=files[:1])
        posture.accept(
            self.role,
            *(finding(each, self) for each in files),
            because="Dumps are named after their nights, and each of the three folders holds nothing else.",
        )

    def _allow(self, sid: str, *actions: str, on: list[str], only_if: Conditions | None = None) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(sid=sid, actions=list(actions), resources=on, conditions=dict(only_if or {}))
        )

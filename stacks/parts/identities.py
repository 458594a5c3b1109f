"""Who pods are to AWS: a role for each service account, by EKS Pod Identity."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks import posture
from stacks.parts.permissions import Conditions, finding


class PodRole(Construct):
    """A role that the pods of one service account have, and nobody else.

    A pod that started before the association has none of it: whatever makes pods depends on this.
    """

    def __init__(
        self, scope: Construct, id: str, *, cluster: eks.ICluster, namespace: str, account: str, what: str
    ) -> None:
        super().__init__(scope, id)
        self.role = pod_role(self, "Role", what=what)
        associate(self, "Association", cluster, namespace, account, self.role)

    def allow(self, sid: str, *actions: str, on: Sequence[str], only_if: Conditions | None = None) -> None:
        """One more thing that the pods may do."""
        self.role.add_to_policy(
            iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(on), conditions=dict(only_if or {}))
        )


class PodRoles(Construct):
    """One role for each of the service's workloads, by the names of their accounts in a namespace."""

    def __init__(self, scope: Construct, id: str, *, cluster: eks.ICluster, namespace: str) -> None:
        super().__init__(scope, id)
        self._cluster, self._namespace = cluster, namespace
        self._made: dict[str, PodRole] = {}

    def read(self, account: str, *secrets: secretsmanager.ISecret) -> None:
        """Secrets, each time anew."""
        arns = [secret.secret_arn for secret in secrets]
        self._of(account).allow("ReadItsSecrets", "secretsmanager:GetSecretValue", on=arns)

    def keep_media(self, account: str, bucket: s3.Bucket) -> None:
        """What the service does with photographs; the bucket keeps what was deleted for as long as its setting says."""
        files = bucket.arn_for_objects("*")
        self._of(account).allow("KeepMedia", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=[files])
        posture.accept(
            self._of(account).role,
            finding(files, self),
            because="The service names photographs itself, and the bucket holds photographs alone.",
        )

    def tell_ages(self, account: str, *, secrets: Sequence[secretsmanager.ISecret], bucket: s3.Bucket) -> None:
        """When passwords were rotated, and of when the newest dumps are; no value of either."""
        described = [secret.secret_arn for secret in secrets]
        role = self._of(account)
        role.allow("TellAgesOfPasswords", "secretsmanager:DescribeSecret", on=described)
        role.allow("ListDumps", "s3:ListBucket", on=[bucket.bucket_arn])
        files = [bucket.arn_for_objects(f"{folder}/*") for folder in ("dumps", "proven")]
        role.allow("ReadTheirMoments", "s3:GetObject", on=files)  # what HeadObject asks for
        posture.accept(
            role.role,
            *(finding(each, self) for each in files),
            because="Dumps are named after their nights, and each of the two folders holds nothing else.",
        )

    def hand_over(self, account: str, role: iam.Role) -> None:
        """A role that is made elsewhere, for an account."""
        associate(self, f"{account.title()}Association", self._cluster, self._namespace, account, role)

    def role_of(self, account: str) -> iam.Role:
        """The role of an account, to which a part adds what it needs."""
        return self._of(account).role

    def _of(self, account: str) -> PodRole:
        if account not in self._made:
            self._made[account] = PodRole(
                self,
                account.title(),
                cluster=self._cluster,
                namespace=self._namespace,
                account=account,
                what=f"What the service's pods of the account {account} call",
            )
        return self._made[account]


def associate(
    scope: Construct, id: str, cluster: eks.ICluster, namespace: str, account: str, role: iam.Role
) -> eks.CfnPodIdentityAssociation:
    """Hands a role to the pods of an account."""
    return eks.CfnPodIdentityAssociation(
        scope,
        id,
        cluster_name=cluster.cluster_name,
        namespace=namespace,
        service_account=account,
        role_arn=role.role_arn,
    )


def to_pods() -> iam.IPrincipal:
    """EKS, which hands a role to pods and says whose they are."""
    return iam.ServicePrincipal("pods.eks.amazonaws.com").with_session_tags()


def pod_role(scope: Construct, id: str, *, what: str) -> iam.Role:
    """A role that EKS hands to pods."""
    return iam.Role(scope, id, assumed_by=to_pods(), description=what)


def accept_managed(role: Construct, *policies: str, because: str) -> None:
    """Accepts policies of AWS's own on a role."""
    for policy in policies:
        posture.accept(
            role, f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]", because=because
        )


def managed(*policies: str) -> list[iam.IManagedPolicy]:
    """Policies of AWS's own, by their names with their paths."""
    return [iam.ManagedPolicy.from_aws_managed_policy_name(policy) for policy in policies]

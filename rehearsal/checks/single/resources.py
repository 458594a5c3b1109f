"""The template's resources, read back from the local AWS."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.cloud.stand_ins import STAND_INS
from rehearsal.ledger import read_back

# What no API tells, of all tiers: type and property, or the type of what only its own function knows.
UNREADABLE = {
    "AWS::CertificateManager::Certificate DomainValidationOptions",
    *(f"AWS::CloudFormation::WaitCondition {name}" for name in ("Count", "Handle", "Timeout")),
    "AWS::CloudWatch::Dashboard Tags",
    *(f"AWS::EKS::Addon {name}" for name in ("PodIdentityAssociations", "ResolveConflicts")),
    "AWS::EKS::Cluster BootstrapSelfManagedAddons",
    "AWS::ElasticLoadBalancingV2::Listener Tags",
    *(f"AWS::Lambda::Function Code.{name}" for name in ("S3Bucket", "S3Key")),
    *(f"AWS::Lambda::LayerVersion Content.{name}" for name in ("S3Bucket", "S3Key")),
    *(f"AWS::RDS::DBInstance {name}" for name in ("AllowMajorVersionUpgrade", "DeleteAutomatedBackups")),
    "AWS::RDS::DBInstance MasterUserPassword",
    "AWS::SecretsManager::RotationSchedule RotateImmediatelyOnUpdate",
    "AWS::SecretsManager::SecretTargetAttachment TargetType",
    *(f"Custom::{name}" for name in ("AWSCDK-EKS-HelmChart", "AWSCDK-EKS-KubernetesResource", "Migration")),
    *(f"Custom::{name}" for name in ("Publication", "Rollout")),
}


@check("single", machines=False, beside="the outage")
def the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template(subject: Subject) -> str:
    ledger = read_back(
        subject.template, stack=subject.stack, session=subject.tier.session, endpoint=subject.tier.endpoint
    )
    types = {resource["Type"] for resource in subject.template["Resources"].values()}
    subject.ledger = {
        "resources": ledger.resources,
        "created": ledger.created,
        "missing": ledger.missing,
        "stand_ins": {type: sentence for type, sentence in STAND_INS.items() if type in types},
        "properties": {
            "given": ledger.given,
            "compared": ledger.compared,
            "differ": ledger.differ,
            "unread": ledger.unread,
        },
    }
    if ledger.missing or ledger.differ:
        raise CheckError("; ".join([*(f"missing: {each}" for each in ledger.missing), *ledger.differ][:12]))
    if more := sorted({_kind(each) for each in ledger.unread} - UNREADABLE):
        raise CheckError(f"these properties are not read back any more: {', '.join(more)}")
    unread = f"; not to be read back: {', '.join(ledger.unread)}" if ledger.unread else ""
    return f"{ledger.created} resources, {ledger.compared} of {ledger.given} properties compared{unread}"


def _kind(unread: str) -> str:
    """Type and property of what the ledger calls «LOGICALID (TYPE) PROPERTY», as they are listed above."""
    type, _, name = unread.partition("(")[2].partition(") ")
    return type if type.startswith("Custom::") else f"{type} {name.partition('[')[0]}"

"""Clusters of EKS, their nodes and add-ons, who may speak to them, and the roles of their pods."""

from __future__ import annotations

from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE, Asked, Cloud, Found, reads


@reads("AWS::EKS::Cluster")
def cluster(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("eks").describe_cluster(name=asked.physical_id)["cluster"]
    network, inside = record["resourcesVpcConfig"], record["kubernetesNetworkConfig"]
    logged = [
        {"Type": kind}
        for each in record.get("logging", {}).get("clusterLogging", [])
        if each.get("enabled")
        for kind in each["types"]
    ]
    properties = {
        "AccessConfig": {
            "AuthenticationMode": record.get("accessConfig", {}).get("authenticationMode"),
            "BootstrapClusterCreatorAdminPermissions": record.get("accessConfig", {}).get(
                "bootstrapClusterCreatorAdminPermissions"
            ),
        },
        "BootstrapSelfManagedAddons": UNREADABLE,
        "ComputeConfig": _pascal(record.get("computeConfig")),
        "DeletionProtection": record.get("deletionProtection"),
        "EncryptionConfig": [
            {"Provider": {"KeyArn": each["provider"]["keyArn"]}, "Resources": each["resources"]}
            for each in record.get("encryptionConfig", [])
        ],
        "KubernetesNetworkConfig": {
            "ElasticLoadBalancing": _pascal(inside.get("elasticLoadBalancing")),
            "IpFamily": inside.get("ipFamily"),
            "ServiceIpv4Cidr": inside.get("serviceIpv4Cidr"),
        },
        "Logging": {"ClusterLogging": {"EnabledTypes": logged}},
        "Name": record["name"],
        "ResourcesVpcConfig": {
            "EndpointPrivateAccess": network.get("endpointPrivateAccess"),
            "EndpointPublicAccess": network.get("endpointPublicAccess"),
            "PublicAccessCidrs": network.get("publicAccessCidrs"),
            "SecurityGroupIds": network.get("securityGroupIds"),
            "SubnetIds": network.get("subnetIds"),
        },
        "RoleArn": record["roleArn"],
        "StorageConfig": {"BlockStorage": _pascal(record.get("storageConfig", {}).get("blockStorage"))},
        "Tags": _tags(record),
        "UpgradePolicy": _pascal(record.get("upgradePolicy")),
        "Version": record["version"],
    }
    attributes = {
        "Arn": record["arn"],
        "CertificateAuthorityData": record["certificateAuthority"]["data"],
        "ClusterSecurityGroupId": network["clusterSecurityGroupId"],
        "Endpoint": record["endpoint"],
        "OpenIdConnectIssuerUrl": record["identity"]["oidc"]["issuer"],
    }
    return Found(properties, attributes)


@reads("AWS::EKS::Nodegroup")
def nodegroup(cloud: Cloud, asked: Asked) -> Found:
    cluster = asked.wanted["ClusterName"]
    record = cloud("eks").describe_nodegroup(clusterName=cluster, nodegroupName=asked.physical_id)["nodegroup"]
    properties = {
        "AmiType": record.get("amiType"),
        "CapacityType": record.get("capacityType"),
        "ClusterName": record["clusterName"],
        "InstanceTypes": record.get("instanceTypes"),
        "Labels": record.get("labels"),
        "LaunchTemplate": _pascal(record.get("launchTemplate")),
        "NodeRepairConfig": _pascal(record.get("nodeRepairConfig")),
        "NodeRole": record["nodeRole"],
        "NodegroupName": record["nodegroupName"],
        "ReleaseVersion": record.get("releaseVersion"),
        "ScalingConfig": _pascal(record.get("scalingConfig")),
        "Subnets": record.get("subnets"),
        "Tags": record.get("tags"),
        "Taints": [_pascal(each) for each in record.get("taints", [])],
        "UpdateConfig": _pascal(record.get("updateConfig")),
        "Version": record.get("version"),
    }
    return Found(properties, {"Arn": record["nodegroupArn"], "NodegroupName": record["nodegroupName"]})


@reads("AWS::EKS::Addon")
def addon(cloud: Cloud, asked: Asked) -> Found:
    cluster, name = asked.wanted["ClusterName"], asked.wanted["AddonName"]
    record = cloud("eks").describe_addon(clusterName=cluster, addonName=name)["addon"]
    properties = {
        "AddonName": record["addonName"],
        "AddonVersion": record.get("addonVersion"),
        "ClusterName": record["clusterName"],
        "ConfigurationValues": record.get("configurationValues") or None,
        # EKS makes associations of these, and tells only their ARNs.
        "PodIdentityAssociations": UNREADABLE,
        "ResolveConflicts": UNREADABLE,
        "ServiceAccountRoleArn": record.get("serviceAccountRoleArn") or None,
        "Tags": _tags(record),
    }
    return Found(properties, {"Arn": record["addonArn"]})


@reads("AWS::EKS::AccessEntry")
def access_entry(cloud: Cloud, asked: Asked) -> Found:
    eks, cluster, principal = cloud("eks"), asked.wanted["ClusterName"], asked.wanted["PrincipalArn"]
    record = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
    policies = eks.list_associated_access_policies(clusterName=cluster, principalArn=principal)
    properties = {
        "AccessPolicies": [
            {"AccessScope": _scope(each["accessScope"]), "PolicyArn": each["policyArn"]}
            for each in policies["associatedAccessPolicies"]
        ],
        "ClusterName": record["clusterName"],
        "KubernetesGroups": record.get("kubernetesGroups"),
        "PrincipalArn": record["principalArn"],
        "Tags": _tags(record),
        "Type": record.get("type"),
        "Username": record.get("username"),
    }
    return Found(properties, {"AccessEntryArn": record["accessEntryArn"]})


@reads("AWS::EKS::PodIdentityAssociation")
def pod_identity_association(cloud: Cloud, asked: Asked) -> Found:
    cluster = asked.wanted["ClusterName"]
    answer = cloud("eks").describe_pod_identity_association(clusterName=cluster, associationId=asked.physical_id)
    record = answer["association"]
    properties = {
        "ClusterName": record["clusterName"],
        "DisableSessionTags": record.get("disableSessionTags"),
        "Namespace": record["namespace"],
        "RoleArn": record["roleArn"],
        "ServiceAccount": record["serviceAccount"],
        "Tags": _tags(record),
        "TargetRoleArn": record.get("targetRoleArn"),
    }
    attributes = {"AssociationArn": record["associationArn"], "AssociationId": record["associationId"]}
    return Found(properties, attributes)


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    namespaces = scope.get("namespaces")
    return {"Type": scope["type"]} | ({"Namespaces": namespaces} if namespaces else {})


def _pascal(record: dict[str, Any] | None) -> dict[str, Any] | None:
    """A record of EKS's as a template has it."""
    return None if record is None else {key[0].upper() + key[1:]: value for key, value in record.items()}


def _tags(record: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in record.get("tags", {}).items()]

"""Resource types of EKS that MiniStack's CloudFormation does not know: add-ons, access entries, roles of pods.

Their state is MiniStack's own, that of EKS's API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eks
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.policies import Properties

Made = tuple[str, Properties]
Added = Callable[[str, str], None]  # told a cluster's name and an add-on's once it is there


def teach(added: Added) -> None:
    """Registers the types; to be called before MiniStack serves."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EKS::Addon"] = {
        "create": lambda *given: _create_addon(added, *given),
        "update": _update_addon,
        "delete": lambda id, _: eks._delete_addon(*id.split("|", 1)),
    }
    handlers["AWS::EKS::AccessEntry"] = {
        "create": _create_entry,
        "update": _update_entry,
        "delete": lambda id, given: eks._delete_access_entry(given["ClusterName"], given["PrincipalArn"]),
    }
    handlers["AWS::EKS::PodIdentityAssociation"] = {
        "create": _create_association,
        "update": _update_association,
        "delete": lambda id, given: eks._delete_pod_identity_association(given["ClusterName"], id),
    }


def _create_addon(added: Added, logical_id: str, properties: Properties, stack: str) -> Made:
    cluster, name = properties["ClusterName"], properties["AddonName"]
    body = _camel(properties, "AddonName", "AddonVersion", "ConfigurationValues", "ServiceAccountRoleArn")
    body["tags"] = _tags(properties)
    body["podIdentityAssociations"] = [
        _camel(each, "RoleArn", "ServiceAccount") for each in properties.get("PodIdentityAssociations", [])
    ]
    found = _well(eks._create_addon(cluster, body))["addon"]
    added(cluster, name)
    return f"{cluster}|{name}", {"Arn": found["addonArn"]}


def _update_addon(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    cluster, name = id.split("|", 1)
    body = _camel(new, "AddonVersion", "ConfigurationValues", "ServiceAccountRoleArn")
    _well(eks._update_addon(cluster, name, body))
    record = eks._addons[f"{cluster}/{name}"]
    record["tags"] = _tags(new)
    return id, {"Arn": record["addonArn"]}


def _create_entry(logical_id: str, properties: Properties, stack: str) -> Made:
    body = _camel(properties, "PrincipalArn", "KubernetesGroups", "Username", "Type") | {"tags": _tags(properties)}
    found = _well(eks._create_access_entry(properties["ClusterName"], body))["accessEntry"]
    _associate(properties)
    return found["accessEntryArn"], {"AccessEntryArn": found["accessEntryArn"]}


def _update_entry(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    for fixed in ("ClusterName", "PrincipalArn", "Type"):
        if old.get(fixed) != new.get(fixed):
            raise ValueError(f"an access entry whose {fixed} changes is replaced, which is not played here")
    body = _camel(new, "KubernetesGroups", "Username")
    _well(eks._update_access_entry(new["ClusterName"], new["PrincipalArn"], body))
    kept = {each["PolicyArn"] for each in new.get("AccessPolicies", [])}
    for each in old.get("AccessPolicies", []):
        if each["PolicyArn"] not in kept:
            eks._disassociate_access_policy(new["ClusterName"], new["PrincipalArn"], each["PolicyArn"])
    _associate(new)
    return id, {"AccessEntryArn": id}


def _associate(properties: Properties) -> None:
    for each in properties.get("AccessPolicies", []):
        scope = _camel(each["AccessScope"], "Type", "Namespaces")
        body = {"policyArn": each["PolicyArn"], "accessScope": scope}
        _well(eks._associate_access_policy(properties["ClusterName"], properties["PrincipalArn"], body))


def _create_association(logical_id: str, properties: Properties, stack: str) -> Made:
    names = ("Namespace", "ServiceAccount", "RoleArn", "TargetRoleArn", "DisableSessionTags", "Policy")
    body = _camel(properties, *names) | {"tags": _tags(properties)}
    found = _well(eks._create_pod_identity_association(properties["ClusterName"], body))["association"]
    return found["associationId"], _told(found)


def _update_association(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Made:
    for fixed in ("ClusterName", "Namespace", "ServiceAccount"):
        if old.get(fixed) != new.get(fixed):
            raise ValueError(f"an association whose {fixed} changes is replaced, which is not played here")
    body = _camel(new, "RoleArn", "TargetRoleArn", "DisableSessionTags", "Policy")
    found = _well(eks._update_pod_identity_association(new["ClusterName"], id, body))["association"]
    return id, _told(found)


def _told(association: Properties) -> Properties:
    return {"AssociationArn": association["associationArn"], "AssociationId": association["associationId"]}


def _camel(properties: Properties, *names: str) -> dict[str, Any]:
    """Those of the properties that are given, as EKS's API names them."""
    return {name[0].lower() + name[1:]: properties[name] for name in names if name in properties}


def _tags(properties: Properties) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in properties.get("Tags", [])}


def _well(answer: tuple[int, Any, Any]) -> dict[str, Any]:
    """The body of an answer of EKS's API.

    Raises:
        ValueError: it refused; with its words.
    """
    found: dict[str, Any] = json.loads(answer[2])
    if answer[0] >= 400:
        raise ValueError(found.get("message", str(found)))
    return found

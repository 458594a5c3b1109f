"""The resources a call names, as AWS names them when it authorizes the call.

Rules of their own have the services whose resources cannot be read off a parameter; all others go by the ARN formats of
the Service Authorization Reference. A resource that cannot be named is "*": a policy for an exact ARN then refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rehearsal.cloud.permissions import catalogue, ec2, operations
from rehearsal.cloud.permissions.asking import Check, Context
from rehearsal.cloud.permissions.place import Place
from rehearsal.cloud.permissions.wire import Call

_VARIABLE = re.compile(r"\$\{(\w+)\}")
# Names of an ARN's parts that the API calls otherwise, and parts that no parameter tells.
_ALIASES = {
    "dbinstancename": "dbinstanceidentifier",
    "dbclusterinstancename": "dbclusteridentifier",
    "snapshotname": "dbsnapshotidentifier",
    "clustersnapshotname": "dbclustersnapshotidentifier",
    "subnetgroupname": "dbsubnetgroupname",
    "parametergroupname": "dbparametergroupname",
}
_INNER = {"uuid", "id"}


def checks(call: Call, place: Place) -> tuple[Check, ...]:
    """The permissions that a call needs; none where the action does not exist."""
    action = catalogue.action_of(call.signing, call.operation)
    if catalogue.entry(action) is None:
        return ()
    rule = _RULES.get(action.partition(":")[0], _by_format)
    found = rule(action, call, place)
    return tuple(
        Check(c.action, c.resource, {**tag_keys(c.resource, c.action, place), **_requested(call), **c.context})
        for c in found
    )


# The evaluator does not know the pattern secretsmanager:ResourceTag, and gives up on a question with such a key.
_WITHOUT_TAG_KEY = frozenset({"secretsmanager"})


def tag_keys(arn: str, action: str, place: Place) -> dict[str, str]:
    """The condition keys that the tags of a resource give."""
    if arn == "*":
        return {}
    prefixes = ("aws", *({action.partition(":")[0]} - _WITHOUT_TAG_KEY))
    return {
        f"{prefix}:ResourceTag/{key}": value for key, value in place.lookup.tags(arn).items() for prefix in prefixes
    }


def _requested(call: Call) -> Context:
    """The keys of tags that the request itself gives to what it makes."""
    tags = call.parameters.get("Tags") or call.parameters.get("tags") or []
    for specification in call.parameters.get("TagSpecifications") or []:
        tags = [*tags, *specification.get("Tags", [])]
    pairs = tags if isinstance(tags, Mapping) else {}
    if isinstance(tags, Sequence) and not isinstance(tags, str):
        pairs = {
            str(t.get("Key", t.get("key"))): t.get("Value", t.get("value", "")) for t in tags if isinstance(t, Mapping)
        }
    if not pairs:
        return {}
    return {
        **{f"aws:RequestTag/{key}": str(value) for key, value in pairs.items()},
        "aws:TagKeys": [str(key) for key in pairs],
    }


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value if isinstance(item, str)] if isinstance(value, list) else [str(value)]


# services whose resources need the cloud's state, or several at once


def _secrets(action: str, call: Call, place: Place) -> list[Check]:
    asked = call.parameters.get("SecretId")
    if not asked:
        return _by_format(action, call, place)
    arn = place.lookup.secret_arn(str(asked)) or (
        str(asked) if str(asked).startswith("arn:") else place.arn("secretsmanager", f"secret:{asked}")
    )
    context = {"secretsmanager:SecretId": arn}
    if call.operation == "RotateSecret":
        context["secretsmanager:ModifyRotationRules"] = str("RotationRules" in call.parameters).lower()
        if function := call.parameters.get("RotationLambdaARN"):
            context["secretsmanager:RotationLambdaARN"] = str(function)
    for parameter in ("VersionId", "VersionStage"):
        if value := call.parameters.get(parameter):
            context[f"secretsmanager:{parameter}"] = str(value)
    return [Check(action, arn, context)]


def _ssm(action: str, call: Call, place: Place) -> list[Check]:
    given = call.parameters
    if "parameter" in catalogue.resource_formats(action):
        names = _listed(given.get("Names")) or _listed(given.get("Name")) or _listed(given.get("Path"))
        context = {"ssm:Overwrite": "true" if given["Overwrite"] else "false"} if "Overwrite" in given else {}
        if "Recursive" in given:
            context["ssm:Recursive"] = "true" if given["Recursive"] else "false"
        if names and call.operation not in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"):
            return [Check(action, _parameter(name, place), context) for name in names]
    if call.operation in ("StartSession", "ResumeSession", "TerminateSession"):
        return operations.shell(action, call, place)
    if call.operation == "SendCommand":
        return operations.command(action, call, place)
    if instance := given.get("InstanceId"):
        kinds = catalogue.resource_formats(action)
        if str(instance).startswith("i-") and "instance" in kinds:
            return [Check(action, place.arn("ec2", f"instance/{instance}"))]
        if str(instance).startswith("mi-") and "managed-instance" in kinds:
            return [Check(action, place.arn("ssm", f"managed-instance/{instance}"))]
    return _by_format(action, call, place)


def _rds(action: str, call: Call, place: Place) -> list[Check]:
    return operations.restore(action, call, place) or _by_format(action, call, place)


def _parameter(name: str, place: Place) -> str:
    if name.startswith("arn:"):
        return name
    bare = name.partition(":")[0]  # a version or a label may follow
    return place.arn("ssm", f"parameter/{bare.removeprefix('/').rstrip('/')}")


def _cloudformation(action: str, call: Call, place: Place) -> list[Check]:
    name = str(call.parameters.get("StackName") or call.parameters.get("StackId") or "")
    if not name or "stack" not in catalogue.resource_formats(action):
        return _by_format(action, call, place)
    # a stack that does not exist yet has no id: its ARN ends in a wildcard
    arn = (
        name
        if name.startswith("arn:")
        else place.lookup.stack_arn(name) or place.arn("cloudformation", f"stack/{name}/*")
    )
    return [Check(action, arn)]


def _autoscaling(action: str, call: Call, place: Place) -> list[Check]:
    name = call.parameters.get("AutoScalingGroupName")
    if not isinstance(name, str) or "autoScalingGroup" not in catalogue.resource_formats(action):
        return _by_format(action, call, place)
    arn = place.lookup.group_arn(name) or place.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{name}")
    return [Check(action, arn)]


def _logs(action: str, call: Call, place: Place) -> list[Check]:
    group = call.parameters.get("logGroupName") or call.parameters.get("logGroupIdentifier")
    if not isinstance(group, str):
        return _by_format(action, call, place)
    stem = group.removesuffix(":*") if group.startswith("arn:") else place.arn("logs", f"log-group:{group}")
    kinds = catalogue.resource_formats(action)
    if "log-stream" in kinds and "log-group" not in kinds:
        return [Check(action, f"{stem}:log-stream:{call.parameters.get('logStreamName', '')}")]
    # The Service Authorization Reference: policies for log groups name the ARN with ":*", but for the tagging calls.
    return [Check(action, f"{stem}:*")]


def _cloudwatch(action: str, call: Call, place: Place) -> list[Check]:
    if call.operation == "PutMetricData":
        return [Check(action, "*", {"cloudwatch:namespace": str(call.parameters.get("Namespace", ""))})]
    names = _listed(call.parameters.get("AlarmName")) + _listed(call.parameters.get("AlarmNames"))
    if names and "alarm" in catalogue.resource_formats(action):
        return [Check(action, place.arn("cloudwatch", f"alarm:{name}")) for name in names]
    return _by_format(action, call, place)


def _sts(action: str, call: Call, place: Place) -> list[Check]:
    role = call.parameters.get("RoleArn")
    if not role:
        return [Check(action, "*")]
    context = {}
    for parameter, key in (
        ("RoleSessionName", "sts:RoleSessionName"),
        ("ExternalId", "sts:ExternalId"),
        ("SourceIdentity", "sts:SourceIdentity"),
    ):
        if value := call.parameters.get(parameter):
            context[key] = str(value)
    return [Check(action, str(role), context)]


def _ecr(action: str, call: Call, place: Place) -> list[Check]:
    names = _listed(call.parameters.get("repositoryName")) or _listed(call.parameters.get("repositoryNames"))
    if not names or "repository" not in catalogue.resource_formats(action):
        return [Check(action, "*")]
    account = str(call.parameters.get("registryId") or place.account)
    return [Check(action, place.arn("ecr", f"repository/{name}", account=account)) for name in names]


def _sqs(action: str, call: Call, place: Place) -> list[Check]:
    if url := call.parameters.get("QueueUrl"):
        owner, _, name = str(url).rstrip("/").rpartition("/")
        return [Check(action, place.arn("sqs", name, account=owner.rpartition("/")[2]))]
    return _by_format(action, call, place)


# all others


def _by_format(action: str, call: Call, place: Place) -> list[Check]:
    """Fills the action's ARN formats from parameters of the same name, or takes parameters that are such ARNs."""
    formats = catalogue.resource_formats(action)
    found: dict[str, None] = {}
    for kind, template in formats.items():
        pattern = re.compile(
            "^" + _VARIABLE.sub("[^:]*", re.escape(template).replace(r"\$\{", "${").replace(r"\}", "}")) + "$"
        )
        for text in _texts(call.parameters):
            if text.startswith("arn:") and pattern.match(text):
                found[text] = None
        if filled := _fill(template, kind, call.parameters, place):
            found[filled] = None
    return [Check(action, arn) for arn in found] or [Check(action, "*")]


def _fill(template: str, kind: str, parameters: Mapping[str, Any], place: Place) -> str | None:
    known = {"partition": place.partition, "region": place.region, "account": place.account}
    by_name = {
        name.lower(): value
        for name, value in parameters.items()
        if isinstance(value, str) and not value.startswith("arn:")
    }
    out, named = template, False
    for variable in _VARIABLE.findall(template):
        plain = variable.lower().removesuffix("withpath")
        names: tuple[str, ...] = (plain, f"{kind.lower()}id")
        if plain not in _INNER:
            names += (_ALIASES.get(plain, ""), f"{kind.lower()}name", "name")
        value = known.get(plain) or next((by_name[name] for name in names if name in by_name), None)
        if plain not in known and value is not None:
            named = True
        if value is None:
            if plain not in _INNER:
                return None
            value = "*"  # a part that the service chooses
        out = out.replace("${" + variable + "}", value)
    return out if named else None


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


_Rule = Callable[[str, Call, Place], list[Check]]
_RULES: Mapping[str, _Rule] = {
    "autoscaling": _autoscaling,
    "cloudformation": _cloudformation,
    "cloudwatch": _cloudwatch,
    "ec2": ec2.checks,
    "ecr": _ecr,
    "logs": _logs,
    "rds": _rds,
    "secretsmanager": _secrets,
    "ssm": _ssm,
    "sqs": _sqs,
    "sts": _sts,
}

"""Proves a role's statements both ways: for each, a call that must pass and a call that must be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.permissions import catalogue, satisfy
from rehearsal.cloud.permissions.asking import Check, Decision, Role
from rehearsal.cloud.permissions.calls import Call, call_for
from rehearsal.cloud.permissions.evaluator import UNJUDGED, Judge
from rehearsal.cloud.permissions.ledger import named_statements

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_EC2_ID = re.compile(r"^(?P<kind>[a-z]+)-[0-9a-f]{8,17}$")
_OTHER_SERVICES = ("ec2", "iam", "s3")
_PLACE = {"partition", "region", "account"}


@dataclass(frozen=True)
class Probe:
    """What shows that a statement works for one action, and no further.

    `varied` says in what the refused check differs: another resource, another condition, or another action. `vacuous`
    says why no call can ever be allowed by the statement, for example an action whose resources are of another kind.
    """

    role: str
    statement: str
    action: str
    allowed: Check | None
    refused: Check | None
    varied: str = "resource"
    also_refused: tuple[Check, ...] = ()  # with the same resource, and one condition that does not hold
    vacuous: str = ""
    call: Call | None = None
    refused_call: Call | None = None


@dataclass(frozen=True)
class Proof:
    """What the evaluator said to a probe."""

    probe: Probe
    ok: bool
    detail: str


def probes(role: Role, *, region: str) -> list[Probe]:
    """The probes of all Allow statements of a role, one for each of a statement's actions (a pattern counts as one)."""
    statements = [(n, s) for n, s in named_statements(role.policies) if s.get("Effect") == "Allow"]
    found = []
    for name, statement in statements:
        for pattern in _listed(statement.get("Action")):
            found.append(_probe(role, name, statement, pattern, [s for _, s in statements], region))
    return found


async def prove(role: Role, *, judge: Judge, region: str) -> list[Proof]:
    """Has the evaluator answer every probe of a role."""
    principal = f"arn:aws:sts::{role.account}:assumed-role/{role.name}/probe"
    proofs = []
    for probe in probes(role, region=region):
        faults = [probe.vacuous] if probe.vacuous else []
        for check, expected in ((probe.allowed, True), *((c, False) for c in (probe.refused, *probe.also_refused))):
            if check is None:
                continue
            decision: Decision = await judge.decide(
                check,
                identity_policies=role.policies,
                boundary=role.boundary,
                principal_arn=principal,
                account=role.account,
            )
            if decision.reason.startswith(UNJUDGED):
                faults.append(f"{check.action} on {check.resource} was refused {decision.reason}")
            elif decision.allowed is not expected:
                said = (
                    f"allowed by {', '.join(decision.statements)}" if decision.allowed else f"refused {decision.reason}"
                )
                faults.append(f"{check.action} on {check.resource} was {said}")
            elif expected and probe.statement not in decision.statements:
                faults.append(f"{check.action} on {check.resource} was allowed by {', '.join(decision.statements)}")
        if probe.refused is None and not probe.vacuous:
            faults.append("nothing could be found that it refuses")
        proofs.append(Proof(probe, not faults, "; ".join(faults) or f"refused with another {probe.varied}"))
    return proofs


def _probe(
    role: Role, name: str, statement: Mapping[str, Any], pattern: str, all_: list[Mapping[str, Any]], region: str
) -> Probe:
    action = _concrete(pattern)
    if action is None:
        return Probe(role.arn, name, pattern, None, None, vacuous=f"there is no action {pattern}")
    context = satisfy.context(statement.get("Condition", {}))
    resource = next(
        (r for r in (_instance(p, action, role.account, region) for p in _listed(statement.get("Resource"))) if r), None
    )
    if resource is None:
        kinds = ", ".join(catalogue.resource_formats(action)) or "no single resource"
        return Probe(
            role.arn, name, action, None, None, vacuous=f"{action} acts on {kinds}, which its resources are not"
        )
    allowed = Check(action, resource, context)
    refused, varied = _refused(allowed, statement, all_, role.account, region)
    # a condition with IfExists need not speak of this resource
    conditions = {op: tests for op, tests in statement.get("Condition", {}).items() if not op.endswith("IfExists")}
    unmet = [{**context, **keys} for keys in satisfy.violations(conditions)] if varied == "resource" else []
    return Probe(
        role.arn,
        name,
        action,
        allowed,
        refused,
        varied,
        tuple(Check(action, resource, keys) for keys in unmet),
        call=call_for(allowed),
        refused_call=call_for(refused) if refused and varied != "action" else None,
    )


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _concrete(pattern: str) -> str | None:
    """The first action that a pattern means."""
    if "*" not in pattern and "?" not in pattern:
        found = catalogue.entry(pattern)
        return f"{pattern.partition(':')[0]}:{found['name']}" if found else None
    service = pattern.partition(":")[0]
    return next((name for name in catalogue.actions_of(service) if satisfy.matches(pattern, name)), None)


def _instance(pattern: str, action: str, account: str, region: str) -> str | None:
    """A resource the action can act on and the pattern covers; None where there is none."""
    formats = catalogue.resource_formats(action)
    if not catalogue.required_types(action) and pattern == "*":
        return "*"
    if not formats:
        return None
    if pattern == "*":
        kind = catalogue.required_types(action)[0]
        return _fill(formats[kind], account, region, action)
    arn = _settle(pattern, account, region, action)
    return arn if any(_parts(template, arn, action) is not None for template in formats.values()) else None


def _fill(template: str, account: str, region: str, action: str) -> str:
    known = {"partition": "aws", "region": region, "account": account}
    arn = _VARIABLE.sub(lambda found: known.get(found[1].lower(), "probe"), template)
    return f"{arn}:*" if action.startswith("logs:") and ":log-stream:" not in arn else arn


def _settle(pattern: str, account: str, region: str, action: str) -> str:
    """A pattern with its wildcards filled in."""
    fields = pattern.split(":", 5)
    for place, value in ((1, "aws"), (3, region), (4, account)):
        if len(fields) == 6 and fields[place] == "*":
            fields[place] = value
    if action.startswith("logs:") and len(fields) == 6 and fields[5].endswith("*"):
        # the tail of a log group's pattern stands for its streams too
        stem = fields[5].removesuffix(":*").replace("*", "probe")
        fields[5] = f"{stem}:log-stream:probe" if "log-stream" in catalogue.resource_formats(action) else f"{stem}:*"
        return ":".join(fields)
    return ":".join(fields).replace("*", "probe").replace("?", "x")


def _parts(template: str, arn: str, action: str) -> dict[str, str] | None:
    """The values of a format's variables in an ARN."""
    if action.startswith("logs:"):
        arn = arn.removesuffix(":*")
    last = _VARIABLE.findall(template)[-1]
    bucket = template.endswith(":::${BucketName}")
    pattern, at = "", 0
    for found in _VARIABLE.finditer(template):
        wide = "[^:]+" if found[1] == last and not bucket else "[^:/]+"
        wide = {"account": r"\d{12}|", "region": "[a-z0-9-]*"}.get(found[1].lower(), wide)
        wide = "[^:]+" if found[1] == "LogGroupName" else ".+" if found[1] == "ObjectName" else wide
        pattern += re.escape(template[at : found.start()]) + f"(?P<{found[1]}>{wide})"
        at = found.end()
    matched = re.fullmatch(pattern + re.escape(template[at:]), arn)
    return matched.groupdict() if matched else None


def _refused(
    allowed: Check, statement: Mapping[str, Any], all_: list[Mapping[str, Any]], account: str, region: str
) -> tuple[Check | None, str]:
    if allowed.resource != "*":
        for resource in _others(allowed):
            if not any(_covers(each, allowed.action, resource) for each in all_):
                return Check(allowed.action, resource, allowed.context), "resource"
    for context in satisfy.violations(statement.get("Condition", {})):
        return Check(allowed.action, allowed.resource, context), "condition"
    service = allowed.action.partition(":")[0]
    for action in catalogue.actions_of(service):
        if catalogue.required_types(action) or any(_names(each, action) for each in all_):
            continue
        return Check(action, "*", {}), "action"
    # all of the service that needs no resource is allowed: an action on one will do, or at last one of another service
    for other in (service, *_OTHER_SERVICES):
        for action in catalogue.actions_of(other):
            if not any(_names(each, action) for each in all_):
                kind = next(iter(catalogue.resource_formats(action).values()), "")
                return Check(action, _fill(kind, account, region, action) if kind else "*", {}), "action"
    return None, "action"


def _others(allowed: Check) -> Iterator[str]:
    """Resources of the same kind under other names, in another account, and in the end of another kind."""
    for template in catalogue.resource_formats(allowed.action).values():
        parts = _parts(template, allowed.resource, allowed.action)
        if parts is None:
            continue
        tail = ":*" if allowed.action.startswith("logs:") and allowed.resource.endswith(":*") else ""
        for variable in reversed(parts):
            for value in () if variable.lower() in _PLACE else _renamed(parts[variable]):
                told = {**parts, variable: value}
                yield _written(template, told) + tail
        if parts.get("Account"):
            told = {**parts, "Account": "999999999999"}
            yield _written(template, told) + tail
    region, account = (*allowed.resource.split(":"), "", "", "", "", "")[3:5]
    for template in catalogue.resource_formats(allowed.action).values():
        if _parts(template, allowed.resource, allowed.action) is None:
            yield _fill(template, account, region, allowed.action)


def _written(template: str, parts: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: parts[found[1]], template)


def _renamed(value: str) -> tuple[str, ...]:
    if found := _EC2_ID.match(value):
        return (f"{found['kind']}-{'f' * 17}",)
    return (f"{value}-other", f"other-{value}")


def _names(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(satisfy.matches(pattern, action) for pattern in _listed(statement["NotAction"]))
    return any(satisfy.matches(pattern, action) for pattern in _listed(statement.get("Action")))


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if not _names(statement, action):
        return False
    if "NotResource" in statement:
        return True  # rarely right, but never wrong in the direction that matters here
    return any(satisfy.matches(pattern, resource, exact=True) for pattern in _listed(statement.get("Resource")))

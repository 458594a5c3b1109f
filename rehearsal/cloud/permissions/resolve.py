"""From a request to the question it poses: which actions, on which resources, with which condition keys."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace

from rehearsal.cloud.permissions import catalogue, registry, resources, s3, wire
from rehearsal.cloud.permissions.asking import Check, Question, Refusal, Request
from rehearsal.cloud.permissions.lookup import Lookup
from rehearsal.cloud.permissions.place import Place
from rehearsal.cloud.permissions.sigv4 import credential_of

# Services that no model of botocore's describes: Session Manager's agent speaks to them. Source: the agent's own code.
_AGENT_PATHS = {
    ("ssmmessages", "POST", "control-channel"): "CreateControlChannel",
    ("ssmmessages", "GET", "control-channel"): "OpenControlChannel",
    ("ssmmessages", "POST", "data-channel"): "CreateDataChannel",
    ("ssmmessages", "GET", "data-channel"): "OpenDataChannel",
}
_AGENT_PATH = re.compile(r"^/v1/(?P<kind>control-channel|data-channel)/[^/]+$")
_HOST = re.compile(r"^(?P<service>[a-z0-9-]+)(?:\.[a-z0-9-]+)*\.amazonaws\.com$")


def resolve(request: Request, *, account: str, region: str, lookup: Lookup) -> Question:
    """The question a request poses; raises Refusal where the gate does not know the request."""
    credential = credential_of(request)
    if registry.serves(request.host):
        return registry.resolve(request, partition="aws")
    signing = credential.service if credential else _service_of_host(request)
    where = credential.region if credential and credential.region != "aws-global" else region
    place = Place(account=account, region=where, lookup=lookup)
    question = _question(request, signing, place)
    common = _common(request, place)
    checks = tuple(
        Check(check.action, check.resource, {**common, **_owner(check.resource, account), **check.context})
        for check in question.checks
    )
    return replace(question, checks=checks, access_key=credential.access_key if credential else "")


def _owner(resource: str, account: str) -> dict[str, str]:
    """Whose the resource is; a bucket's ARN does not say it, and all buckets here are of one account."""
    parts = resource.split(":", 5)
    return {"aws:ResourceAccount": parts[4] or account} if len(parts) == 6 else {}


def _question(request: Request, signing: str, place: Place) -> Question:
    if signing == "s3" and "s3-control" not in request.host:
        return s3.resolve(request, partition=place.partition)
    if signing in ("ssmmessages", "ec2messages"):
        return _agent(request, signing)
    call = wire.read(request, signing=signing)
    checks = resources.checks(call, place)
    if not checks and not call.unsigned:
        action = catalogue.action_of(signing, call.operation)
        raise Refusal(
            "UnknownOperation", f"The gate knows no action {action}, of {call.operation}", protocol=call.protocol
        )
    return Question(
        call.service, call.operation, checks, call.protocol, parameters=call.parameters, unsigned=call.unsigned
    )


def _agent(request: Request, signing: str) -> Question:
    name: str | None = None
    protocol = "json"
    if signing == "ec2messages":
        name = request.headers.get("x-amz-target", "").rpartition(".")[2] or None
    elif found := _AGENT_PATH.match(request.path):
        name, protocol = _AGENT_PATHS.get((signing, request.method, found["kind"])), "rest-json"
    if name is None or catalogue.entry(f"{signing}:{name}") is None:
        raise Refusal(
            "UnknownOperation",
            f"The gate knows no request {request.method} {request.path} of {signing}",
            protocol=protocol,
        )
    return Question(signing, name, (Check(f"{signing}:{name}", "*"),), protocol)


def _service_of_host(request: Request) -> str:
    """The service of an unsigned request, by its host's name alone."""
    if s3.bucket_and_key(request) is not None:
        return "s3"
    found = _HOST.match(request.host)
    if found is None or not catalogue.services_signed_as(found["service"]):
        raise Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", protocol="query")
    return found["service"]


def _common(request: Request, place: Place) -> Mapping[str, str]:
    now = time.time()
    context = {
        "aws:CurrentTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "aws:EpochTime": str(int(now)),
        "aws:RequestedRegion": place.region,
        "aws:ResourceAccount": place.account,
        "aws:SecureTransport": "true" if request.scheme == "https" else "false",
        "s3:ResourceAccount": place.account,
    }
    if request.source_ip:
        context["aws:SourceIp"] = request.source_ip
    if agent := request.headers.get("user-agent"):
        context["aws:UserAgent"] = agent
    return context

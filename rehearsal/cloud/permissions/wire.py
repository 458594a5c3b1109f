"""Reads the call out of a request (service, operation, parameters), in every protocol that AWS's clients speak."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.parsers import RpcV2CBORParser

from rehearsal.cloud.permissions import catalogue
from rehearsal.cloud.permissions.asking import Refusal, Request

_CBOR_PATH = re.compile(r"/service/(?P<service>[^/]+)/operation/(?P<operation>[^/]+)$")


@dataclass(frozen=True)
class Call:
    """A call of AWS's API. `signing` is the name in the credential's scope, `service` botocore's."""

    signing: str
    service: str
    operation: str
    protocol: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unsigned: bool = False


def read(request: Request, *, signing: str) -> Call:
    """The call of a request that is signed for a service; raises Refusal where no model knows it."""
    shelves = catalogue.services_signed_as(signing)
    if not shelves:
        raise Refusal(
            "UnknownOperation", f"The gate knows no service that signs as {signing!r}", protocol=_guess(request)
        )
    body = _plain(request)
    name: str | None
    if target := request.headers.get("x-amz-target"):
        prefix, _, name = target.rpartition(".")
        for shelf in shelves:
            if shelf.target != prefix:
                continue
            if name in catalogue.model(shelf.name).operation_names:
                return _call(shelf, name, "json", _json(body), signing)
            if catalogue.entry(catalogue.action_of(signing, name)) is not None:
                # agents call operations that no SDK offers, for example ssm:UpdateInstanceInformation
                return Call(signing, shelf.name, name, "json", _json(body))
        raise Refusal("UnknownOperation", f"The gate knows no operation {target!r} of {signing}", protocol="json")
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor" and (found := _CBOR_PATH.search(request.path)):
        for shelf in shelves:
            known = catalogue.model(shelf.name).operation_names
            if found["service"] in (shelf.target, shelf.name) and found["operation"] in known:
                return _call(shelf, found["operation"], "cbor", _cbor(body), signing)
        raise Refusal("UnknownOperation", f"The gate knows no operation {request.path!r} of {signing}", protocol="cbor")
    pairs = dict(request.query)
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        pairs |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if name := pairs.get("Action"):
        # Two services can share a name and an operation: the version tells them apart (elb and elbv2).
        for shelf in sorted(shelves, key=lambda each: each.version != pairs.get("Version")):
            service = catalogue.model(shelf.name)
            if name in service.operation_names:
                protocol = "ec2" if service.metadata["protocol"] == "ec2" else "query"
                shape = service.operation_model(name).input_shape
                return _call(shelf, name, protocol, _structure(shape, "", pairs, ec2=protocol == "ec2"), signing)
        raise Refusal("InvalidAction", f"The gate knows no operation {name!r} of {signing}", protocol=_guess(request))
    return _rest(request, shelves, signing, body)


def _call(shelf: catalogue.Shelf, name: str, protocol: str, parameters: Mapping[str, Any], signing: str) -> Call:
    operation = catalogue.model(shelf.name).operation_model(name)
    return Call(signing, shelf.name, name, protocol, parameters, unsigned=operation.auth_type == "none")


def _guess(request: Request) -> str:
    """The protocol to refuse in, where the request is not understood."""
    if "json" in request.headers.get("content-type", ""):
        return "json" if "x-amz-target" in request.headers else "rest-json"
    return "ec2" if request.host.startswith("ec2.") else "query"


def _plain(request: Request) -> bytes:
    # botocore compresses larger bodies of a few operations (PutMetricData)
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as fault:
        raise Refusal("MalformedRequest", f"The body is no gzip: {fault}", protocol=_guess(request)) from fault


def _json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except ValueError as fault:
        raise Refusal("SerializationException", f"The body is no JSON: {fault}", protocol="json") from fault
    return data if isinstance(data, dict) else {}


def _cbor(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    parser: Any = RpcV2CBORParser()
    try:
        data = parser.parse_data_item(io.BufferedReader(io.BytesIO(body)))
    except Exception as fault:  # the parser has no error of its own: what is malformed surfaces as any kind
        raise Refusal("SerializationException", f"The body is no CBOR: {fault}", protocol="cbor") from fault
    return data if isinstance(data, dict) else {}


def _structure(shape: Shape | None, prefix: str, pairs: Mapping[str, str], *, ec2: bool) -> dict[str, Any]:
    """The members of a structure from the flat names of the query protocols (`Tags.member.1.Key`)."""
    found: dict[str, Any] = {}
    if not isinstance(shape, StructureShape):
        return found
    for name, member in shape.members.items():
        value = _member(member, prefix + _flat_name(name, member, ec2=ec2), pairs, ec2=ec2)
        if value not in (None, {}, []):
            found[name] = value
    return found


def _flat_name(name: str, member: Shape, *, ec2: bool) -> str:
    given = member.serialization
    if ec2:
        flat = str(given.get("queryName") or given.get("name", name))
        return flat if "queryName" in given else flat[0].upper() + flat[1:]
    if isinstance(member, ListShape) and given.get("flattened"):
        return str(member.member.serialization.get("name") or given.get("name", name))
    return str(given.get("name", name))


def _member(shape: Shape, name: str, pairs: Mapping[str, str], *, ec2: bool) -> Any:
    if isinstance(shape, StructureShape):
        if not any(key.startswith(name + ".") for key in pairs):  # structures can contain themselves
            return None
        return _structure(shape, name + ".", pairs, ec2=ec2)
    if isinstance(shape, ListShape):
        flat = ec2 or shape.serialization.get("flattened")
        stem = name if flat else f"{name}.{shape.member.serialization.get('name', 'member')}"
        numbers = sorted({int(key[len(stem) + 1 :].partition(".")[0]) for key in pairs if _numbered(key, stem)})
        return [_member(shape.member, f"{stem}.{number}", pairs, ec2=ec2) for number in numbers]
    return pairs.get(name)


def _numbered(key: str, stem: str) -> bool:
    return key.startswith(stem + ".") and key[len(stem) + 1 :].partition(".")[0].isdigit()


@cache
def _routes(service: str) -> tuple[tuple[str, re.Pattern[str], tuple[str, ...], str], ...]:
    """Method, path, names in the query and name of each operation of a REST service; the most exact first."""
    routes = []
    for name in catalogue.model(service).operation_names:
        http = catalogue.model(service).operation_model(name).http
        path, _, query = http.get("requestUri", "/").partition("?")
        pattern = ""
        for part in re.split(r"(\{[^}]+\})", path.rstrip("/") or "/"):
            if part.startswith("{"):
                label = re.sub(r"\W", "__", part[1:-1].rstrip("+"))
                pattern += f"(?P<{label}>{'.+' if part.endswith('+}') else '[^/]+'})"
            else:
                pattern += re.escape(part)
        exact = (len(query), -path.count("{"), len(re.sub(r"\{[^}]+\}", "", path)))
        routes.append(
            (exact, http["method"], re.compile(pattern + "/?$"), tuple(q for q in query.split("&") if q), name)
        )
    routes.sort(key=lambda route: route[0], reverse=True)
    return tuple(route[1:] for route in routes)


def _rest(request: Request, shelves: tuple[catalogue.Shelf, ...], signing: str, body: bytes) -> Call:
    given = dict(request.query)
    for shelf in shelves:
        protocol = str(catalogue.model(shelf.name).metadata["protocol"])
        if not protocol.startswith("rest-"):
            continue
        for method, pattern, query, name in _routes(shelf.name):
            wanted = [part.partition("=") for part in query]
            if method != request.method or not all(
                key in given and (not eq or given[key] == v) for key, eq, v in wanted
            ):
                continue
            if found := pattern.match(request.path):
                operation = catalogue.model(shelf.name).operation_model(name)
                labels = {label: unquote(value) for label, value in found.groupdict().items()}
                return _call(
                    shelf, name, protocol, _rest_parameters(operation, labels, request, body, protocol), signing
                )
    message = f"The gate knows no operation {request.method} {request.path} of {signing}"
    raise Refusal("UnknownOperation", message, protocol=_guess(request))


def _rest_parameters(
    operation: OperationModel, labels: Mapping[str, str], request: Request, body: bytes, protocol: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    shape = operation.input_shape
    if shape is None:
        return found
    in_body = _json(body) if protocol == "rest-json" and body[:1] == b"{" else {}
    for name, member in shape.members.items():
        where, spelt = member.serialization.get("location"), str(member.serialization.get("name", name))
        value: Any = None
        if where == "uri":
            value = labels.get(re.sub(r"\W", "__", spelt))
        elif where == "querystring":
            values = [v for key, v in request.query if key == spelt]
            value = values if isinstance(member, ListShape) else next(iter(values), None)
        elif where == "header":
            value = request.headers.get(spelt.lower())
        elif where is None:
            value = in_body.get(spelt)
        if value not in (None, []):
            found[name] = value
    return found

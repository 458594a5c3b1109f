"""Writes the gate's own answers in the protocol of the request, so that AWS's clients read them as AWS's."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from rehearsal.cloud.permissions.asking import Question, Refusal, Request, Verdict

# The query protocol's code to what the JSON protocols call it. Source: "Common errors" of the services' API references.
_JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed": "InvalidSignatureException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "UnknownOperation": "UnknownOperationException",
}
_EC2_CODES = {
    "AccessDenied": "UnauthorizedOperation",
    "ExpiredToken": "RequestExpired",
    "InvalidClientTokenId": "AuthFailure",
    "RequestTimeTooSkewed": "RequestExpired",
    "SignatureDoesNotMatch": "AuthFailure",
    "UnknownOperation": "InvalidAction",
}
_S3_CODES = {
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "MissingAuthenticationToken": "AccessDenied",
    "UnknownOperation": "MethodNotAllowed",
}
_REGISTRY_CODES = {"AccessDenied": "DENIED", "InternalFailure": "UNKNOWN", "UnknownOperation": "UNSUPPORTED"}
# Services of the JSON protocol that were of the query protocol before: their old clients read this header.
_QUERY_COMPATIBLE = {"cloudwatch", "sqs"}
_BAD_REQUEST = {
    "AuthorizationQueryParametersError",
    "IncompleteSignature",
    "InvalidAction",
    "InvalidRequest",
    "MalformedRequest",
    "MalformedXML",
    "SerializationException",
    "UnknownOperation",
    "ValidationError",
}


def refusal(request: Request, fault: Refusal, question: Question | None) -> Verdict:
    """The answer to a request that is not passed on."""
    protocol = (question.protocol if question else fault.protocol) or _protocol(request)
    status, headers, body = _ANSWERS.get(protocol, _query)(fault, question, request)
    headers = {**headers, "x-amzn-requestid": str(uuid.uuid4())}
    return Verdict(False, status, headers, b"" if request.method == "HEAD" else body, question)


def _protocol(request: Request) -> str:
    if "x-amz-target" in request.headers:
        return "json"
    if ".dkr.ecr." in request.host:
        return "registry"
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return "cbor"
    if request.host.startswith("s3.") or ".s3." in request.host:
        return "s3"
    if request.host.startswith("ec2."):
        return "ec2"
    return "rest-json" if "json" in request.headers.get("content-type", "") else "query"


Written = tuple[int, Mapping[str, str], bytes]


def _status(code: str) -> int:
    return 500 if code == "InternalFailure" else 400 if code in _BAD_REQUEST else 403


def _query(fault: Refusal, question: Question | None, request: Request) -> Written:
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(fault.code)}</Code><Message>{escape(fault.message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return _status(fault.code), {"content-type": "text/xml"}, body.encode()


def _ec2(fault: Refusal, question: Question | None, request: Request) -> Written:
    code = _EC2_CODES.get(fault.code, fault.code)
    text = (
        f"You are not authorized to perform this operation. {fault.message}"
        if fault.code == "AccessDenied"
        else fault.message
    )
    body = (
        f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(text)}</Message></Error></Errors>"
        f"<RequestID>{uuid.uuid4()}</RequestID></Response>"
    )
    return (
        _status(fault.code),
        {"content-type": "text/xml"},
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode(),
    )


def _json(fault: Refusal, question: Question | None, request: Request) -> Written:
    code = _JSON_CODES.get(fault.code, fault.code)
    headers = {
        "content-type": request.headers.get("content-type", "application/x-amz-json-1.1"),
        "x-amzn-errortype": code,
    }
    if question and question.service in _QUERY_COMPATIBLE:
        headers["x-amzn-query-error"] = f"{fault.code};Sender"
    return (
        500 if code == "InternalFailure" else 400,
        headers,
        json.dumps({"__type": code, "message": fault.message, "Message": fault.message}).encode(),
    )


def _cbor(fault: Refusal, question: Question | None, request: Request) -> Written:
    code = _JSON_CODES.get(fault.code, fault.code)
    headers = {
        "content-type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-query-error": f"{fault.code};Sender",
    }
    return _status(fault.code), headers, b"\xa2" + b"".join(map(_text, ("__type", code, "message", fault.message)))


def _text(text: str) -> bytes:
    """A CBOR text string. Source: RFC 8949, major type 3."""
    data = text.encode()
    return (b"\x7a" + len(data).to_bytes(4, "big") if len(data) > 23 else bytes([0x60 | len(data)])) + data


def _rest_json(fault: Refusal, question: Question | None, request: Request) -> Written:
    code = _JSON_CODES.get(fault.code, fault.code)
    body = json.dumps({"message": fault.message, "Message": fault.message}).encode()
    return _status(fault.code), {"content-type": "application/json", "x-amzn-errortype": code}, body


def _s3(fault: Refusal, question: Question | None, request: Request) -> Written:
    code = _S3_CODES.get(fault.code, fault.code)
    id = secrets.token_hex(8).upper()
    told = f"<Code>{escape(code)}</Code><Message>{escape(fault.message)}</Message>"
    body = f"<Error>{told}<RequestId>{id}</RequestId></Error>"
    status = {"MethodNotAllowed": 405, "NoSuchBucket": 404, "XAmzContentSHA256Mismatch": 400, "ExpiredToken": 400}.get(
        code, _status(code)
    )
    headers = {"content-type": "application/xml", "x-amz-request-id": id}
    return status, headers, b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode()


def _registry(fault: Refusal, question: Question | None, request: Request) -> Written:
    headers = {"content-type": "application/json; charset=utf-8", "docker-distribution-api-version": "registry/2.0"}
    code = _REGISTRY_CODES.get(fault.code, "UNAUTHORIZED")
    if code == "UNAUTHORIZED":
        headers["www-authenticate"] = f'Basic realm="https://{request.host}/",service="ecr.amazonaws.com"'
    body = json.dumps({"errors": [{"code": code, "message": fault.message}]}).encode()
    return {"UNAUTHORIZED": 401, "DENIED": 403, "UNSUPPORTED": 405, "UNKNOWN": 500}[code], headers, body


_ANSWERS = {
    "cbor": _cbor,
    "ec2": _ec2,
    "json": _json,
    "query": _query,
    "registry": _registry,
    "rest-json": _rest_json,
    "rest-xml": _query,
    "s3": _s3,
}

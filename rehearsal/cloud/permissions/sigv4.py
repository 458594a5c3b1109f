"""Checks signatures of AWS Signature Version 4, in headers and in presigned URLs.

Source: the IAM user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from rehearsal.cloud.permissions.asking import Refusal, Request

ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
_LONGEST = timedelta(days=7)
_AUTHORIZATION = re.compile(
    rf"^{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]+)\s*$"
)
_HEX = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class Credential:
    """What a request says about its signature."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    presigned: bool
    time: str
    expires: int
    token: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def credential_of(request: Request) -> Credential | None:
    """The credential a request is signed with, not yet verified; None where it bears no signature."""
    if (value := request.headers.get("authorization", "")).startswith(ALGORITHM):
        found = _AUTHORIZATION.match(value)
        if found is None:
            raise Refusal("IncompleteSignature", "The Authorization header is no signature of version 4")
        scope, signed, signature = found["credential"], found["headers"], found["signature"]
        time, token, expires = request.headers.get("x-amz-date", ""), request.headers.get("x-amz-security-token", ""), 0
        presigned = False
    elif request.parameter("X-Amz-Algorithm") == ALGORITHM:
        told = {
            name: request.parameter(f"X-Amz-{name}") or ""
            for name in ("Credential", "SignedHeaders", "Signature", "Date", "Expires")
        }
        scope, signed, signature, time = told["Credential"], told["SignedHeaders"], told["Signature"], told["Date"]
        token, presigned = request.parameter("X-Amz-Security-Token") or "", True
        expires = int(told["Expires"]) if told["Expires"].isdigit() else -1
    elif request.headers.get("authorization", "").startswith("AWS") or request.parameter("AWSAccessKeyId") is not None:
        # S3 refuses version 2 for buckets made since June 2020, and botocore still presigns with it in us-east-1
        text = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        raise Refusal("InvalidRequest", text)
    else:
        return None
    parts = scope.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise Refusal("IncompleteSignature", "The credential's scope is not key/date/region/service/aws4_request")
    names = tuple(signed.split(";"))
    return Credential(parts[0], parts[1], parts[2], parts[3], names, signature, presigned, time, expires, token)


def verify(request: Request, credential: Credential, *, secret: str, now: datetime | None = None) -> None:
    """Raises Refusal unless the request was signed with the secret and is neither stale nor altered."""
    now = now or datetime.now(UTC)
    try:
        signed_at = datetime.strptime(credential.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as fault:
        raise Refusal("IncompleteSignature", "The request bears no date of the form YYYYMMDDTHHMMSSZ") from fault
    if credential.date != credential.time[:8]:
        raise Refusal("SignatureDoesNotMatch", "The date in the credential's scope is not the request's")
    if credential.presigned:
        lifetime = timedelta(seconds=credential.expires)
        if not timedelta(0) < lifetime <= _LONGEST or now < signed_at - _SKEW:
            raise Refusal("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 second and a week")
        if now > signed_at + lifetime:
            raise Refusal("AccessDenied", "Request has expired")
    elif abs(now - signed_at) > _SKEW:
        raise Refusal(
            "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."
        )
    must = {"host"} | (
        {name for name in request.headers if name.startswith("x-amz-")} if not credential.presigned else set()
    )
    if missing := sorted(must - set(credential.signed_headers) - {"x-amzn-trace-id"}):
        raise Refusal(
            "SignatureDoesNotMatch",
            f"There were headers present in the request which were not signed: {', '.join(missing)}",
        )
    expected = signature(request, credential, secret=secret)
    if not hmac.compare_digest(expected, credential.signature):
        raise Refusal(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and method.",
        )


def signature(request: Request, credential: Credential, *, secret: str) -> str:
    """The signature a request should bear."""
    canonical = "\n".join(
        [
            request.method,
            _path(request.path, credential.service),
            _query(request),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in credential.signed_headers),
            "",
            ";".join(credential.signed_headers),
            _payload(request, credential),
        ]
    )
    to_sign = "\n".join([ALGORITHM, credential.time, credential.scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (credential.date, credential.region, credential.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _path(path: str, service: str) -> str:
    # S3 signs the path as it is sent; all others sign it normalized and quoted once more.
    if service == "s3":
        return path or "/"
    normal = posixpath.normpath(path) if path else "/"
    normal = "/" + normal.lstrip("/") + ("/" if path.endswith("/") and normal.strip("/") else "")
    return quote(normal, safe="/-_.~")


def _query(request: Request) -> str:
    pairs = [(_quoted(name), _quoted(value)) for name, value in request.query if name != "X-Amz-Signature"]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _payload(request: Request, credential: Credential) -> str:
    """The hash of the body that the signature covers; a declared one must be the body's own."""
    actual = hashlib.sha256(request.body).hexdigest()
    declared = request.headers.get("x-amz-content-sha256") or request.parameter("X-Amz-Content-Sha256")
    if declared is None:
        return "UNSIGNED-PAYLOAD" if credential.presigned and credential.service == "s3" else actual
    if _HEX.match(declared):
        if declared != actual:
            raise Refusal(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
    elif credential.service != "s3" or not (declared == "UNSIGNED-PAYLOAD" or declared.startswith("STREAMING-")):
        raise Refusal("SignatureDoesNotMatch", f"{declared!r} is no hash of a body")
    # A streamed body's chunks have signatures of their own: the one here covers the request's head alone.
    return declared

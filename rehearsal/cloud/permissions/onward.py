"""How an admitted request goes on to the local AWS, whose name it was not signed for."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from rehearsal.cloud.permissions.asking import Request
from rehearsal.cloud.permissions.sigv4 import ALGORITHM, credential_of

_SIGNATURE = {
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
}


def onward(request: Request) -> tuple[str, Mapping[str, str]] | None:
    """The target (path and query) to ask the local AWS for, and headers to add; None where it goes on as it is.

    The gate has verified a presigned URL; the local AWS would do it again, and fail, since the front changed host and
    path. It is therefore told who asks as in a signed request's header, which it does not verify.
    """
    credential = credential_of(request)
    if credential is None or not credential.presigned:
        return None
    kept = tuple(pair for pair in request.query if pair[0].lower() not in _SIGNATURE)
    signer = f"{credential.access_key}/{credential.scope}"
    headers = {
        "authorization": f"{ALGORITHM} Credential={signer}, SignedHeaders=host, Signature={credential.signature}",
        "x-amz-date": credential.time,
    }
    if credential.token:
        headers["x-amz-security-token"] = credential.token
    return _target(request.path, kept), headers


def _target(path: str, query: tuple[tuple[str, str], ...]) -> str:
    text = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~/')}" for name, value in query)
    return f"{path}?{text}" if text else path

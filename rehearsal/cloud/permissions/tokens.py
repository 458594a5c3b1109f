"""Answers that the gate gives itself, since only it knows sessions: AssumeRole, and the image registry's password."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from rehearsal.cloud.permissions.asking import Question, Refusal, Request, Role, Verdict
from rehearsal.cloud.permissions.sessions import HOUR, Session, Sessions

_SHORTEST = 900


def assume(question: Question, caller: Session, role: Role, sessions: Sessions) -> Verdict:
    """A session of the role, for a caller whom both policies allowed to take it."""
    name = str(question.parameters.get("RoleSessionName", ""))
    if not 2 <= len(name) <= 64:
        raise Refusal("ValidationError", "Value at 'roleSessionName' must have length between 2 and 64")
    for unsupported in ("Policy", "PolicyArns", "Tags"):
        if question.parameters.get(unsupported):
            raise Refusal("ValidationError", f"The gate does not understand session policies and tags ({unsupported})")
    seconds = float(question.parameters.get("DurationSeconds") or HOUR)
    # Role chaining is limited to an hour, whatever the role allows.
    longest = role.longest_session if caller.is_users else min(role.longest_session, HOUR)
    if not _SHORTEST <= seconds <= longest:
        limit = (
            "MaxSessionDuration set for this role"
            if caller.is_users
            else "1 hour session limit for roles assumed by role chaining"
        )
        raise Refusal("ValidationError", f"The requested DurationSeconds exceeds the {limit}")
    session = sessions.open(role.arn, source=name, seconds=seconds)
    given = session.credentials
    expiry = datetime.fromtimestamp(given.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<AssumedRoleUser><AssumedRoleId>{escape(role.id)}:{escape(name)}</AssumedRoleId><Arn>{escape(session.principal_arn)}</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{given.access_key}</AccessKeyId><SecretAccessKey>{escape(given.secret)}</SecretAccessKey>"
        f"<SessionToken>{escape(given.token)}</SessionToken><Expiration>{expiry}</Expiration></Credentials>"
        f"</AssumeRoleResult><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )
    return Verdict(True, 200, {"content-type": "text/xml"}, body.encode(), question)


def login(request: Request, question: Question, sessions: Sessions, *, account: str, region: str) -> Verdict:
    """A password of the image registry, which acts as the caller."""
    password, expires = sessions.registry_token(question.access_key)
    data = {
        "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
        "expiresAt": expires,
        "proxyEndpoint": f"https://{account}.dkr.ecr.{region}.amazonaws.com",
    }
    body = json.dumps({"authorizationData": [data]}).encode()
    return Verdict(True, 200, {"content-type": "application/x-amz-json-1.1"}, body, question)

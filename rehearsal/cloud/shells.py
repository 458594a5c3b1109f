"""What stands in for Session Manager: sessions on machines that run are begun and ended in its books; no shell is opened.

Its agent exists on AWS alone. Whose session it is stands in its tag, as there.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ec2, ssm, sts

_VERBS = ("StartSession", "ResumeSession", "TerminateSession")
OWNER = "aws:ssmmessages:session-id"


def play() -> None:
    """Wraps Systems Manager's handler; to be called before MiniStack serves."""
    plain = app.SERVICE_HANDLERS["ssm"]

    async def answer(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        verb = headers.get("x-amz-target", "").rpartition(".")[2]
        if verb not in _VERBS:
            return await plain(method, path, headers, body, query)
        given = json.loads(body or b"{}")
        return _start(given, headers) if verb == "StartSession" else _go_on(given["SessionId"], verb)

    app.SERVICE_HANDLERS["ssm"] = answer


def arn_of(session: str) -> str:
    return f"arn:aws:ssm:{get_region()}:{get_account_id()}:session/{session}"


def _start(given: dict[str, Any], headers: dict[str, str]) -> Any:
    target = given.get("Target", "")
    if ec2._instances.get(target, {}).get("State", {}).get("Name") != "running":
        return error_response_json("TargetNotConnected", f"{target} is not connected.", 400)
    who = _caller(headers)
    id = f"{who.rpartition(':')[2]}-{secrets.token_hex(9)[:17]}"
    ssm._tags[arn_of(id)] = {OWNER: who}
    return json_response(_told(id))


def _go_on(id: str, verb: str) -> Any:
    if arn_of(id) not in ssm._tags:
        return error_response_json("DoesNotExistException", f"The session {id} does not exist", 400)
    if verb == "TerminateSession":
        del ssm._tags[arn_of(id)]
        return json_response({"SessionId": id})
    return json_response(_told(id))


def _told(id: str) -> dict[str, str]:
    stream = f"wss://ssmmessages.{get_region()}.amazonaws.com/v1/data-channel/{id}?role=publish_subscribe"
    return {"SessionId": id, "TokenValue": secrets.token_urlsafe(40), "StreamUrl": stream}


def _caller(headers: dict[str, str]) -> str:
    """The user id of who asks, as its session was announced; of the operator's own key, the account."""
    _, _, after = headers.get("authorization", "").partition("Credential=")
    session = sts._sessions.get(after.partition("/")[0]) or {}
    return str(session.get("UserId", get_account_id()))

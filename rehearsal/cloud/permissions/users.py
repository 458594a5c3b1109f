"""Users of IAM: whose a long-lived key is, and the second factor that a user shows when taking a role."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Mapping

from rehearsal.cloud.permissions.asking import Question, Refusal
from rehearsal.cloud.permissions.sessions import Session

Users = Callable[[str], Session | None]  # a user as the session of its key
SecondFactors = Callable[[str, str], str]  # the seed (base32) of a device of a user, by its serial and the user's name
_STEP = 30  # seconds (RFC 6238)


def second_factor(question: Question, caller: Session, seeds: SecondFactors) -> Mapping[str, str]:
    """The condition key of a second factor that AssumeRole showed; nothing where none was.

    Raises:
        Refusal: the code is wrong, or the device is not the caller's. A code that was used is taken again, unlike on AWS.
    """
    serial, code = (str(question.parameters.get(name, "")) for name in ("SerialNumber", "TokenCode"))
    if question.operation != "AssumeRole" or not (serial or code):
        return {}
    seed = seeds(serial, caller.source) if caller.is_users else ""
    now = time.time()
    if not seed or code not in [code_of(seed, now + drift) for drift in (-_STEP, 0, _STEP)]:
        raise Refusal("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
    return {"aws:MultiFactorAuthPresent": "true"}


def code_of(seed: str, moment: float) -> str:
    """The six digits that a device shows at a moment (seconds since 1970), by RFC 6238."""
    mac = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(moment // _STEP)), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"

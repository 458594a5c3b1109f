"""What an error of a look means, in words, and what to do about it."""

from __future__ import annotations

import dns.exception
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from operate.finding import Finding, stops, warning

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_STRANGE = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
_GIVES_CREDENTIALS = {
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "CreateToken",
    "GetRoleCredentials",
}
_LOGIN = "aws sso login, or aws configure; then export AWS_PROFILE=NAME and run this again"


def explain(name: str, error: Exception) -> Finding:
    """The finding of a look that could not be made."""
    match error:
        case ClientError():
            return _answered(name, error)
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return stops(name, "not looked at: there are no credentials", _LOGIN)
        case exceptions.HTTPClientError() | exceptions.EndpointConnectionError():
            return stops(
                name, f"not looked at: {error}", "check the network, the proxy (HTTPS_PROXY) and the setting region"
            )
        case BotoCoreError():  # a profile that does not exist, a login that has ended, a file that cannot be read
            return stops(name, f"not looked at: {error}", _LOGIN)
        case dns.exception.DNSException():
            return warning(
                name,
                f"no answer of the name servers: {error}",
                "check that port 53 is open to the outside, and run this again",
            )
        case _:
            return stops(
                name,
                f"the look itself failed: {type(error).__name__}: {error}",
                "look by hand, docs/deploy.md says what for",
            )


def code_of(error: ClientError) -> str:
    """AWS's own code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _answered(name: str, error: ClientError) -> Finding:
    code = code_of(error)
    told = str(error.response.get("Error", {}).get("Message") or code)
    if code in EXPIRED:
        return stops(name, "not looked at: the credentials have expired", _LOGIN)
    if code in _STRANGE:
        return stops(name, f"not looked at: AWS does not know the credentials ({code})", _LOGIN)
    if error.operation_name in _GIVES_CREDENTIALS:  # what the profile does before any look
        return stops(name, f"not looked at: the profile's credentials cannot be had: {told}", _LOGIN)
    if code in _DENIED:
        return warning(
            name,
            f"not allowed to look: {error.operation_name}",
            f"ask for the permission to call {error.operation_name} (AWS's policy ReadOnlyAccess has it), or look by hand",
        )
    return stops(
        name,
        f"{error.operation_name} failed: {code}{f': {told}' if told != code else ''}",
        "look by hand, docs/deploy.md says what for",
    )

"""Gives a secret of the database a new value, in the four steps that Secrets Manager asks for.

The service's secret names its two users in turns: what is current until the rotation ends goes on working until the next
one. The others are users with one password each, which set their own.
Source of the protocol: Secrets Manager user guide, "Rotation by Lambda function".
"""

import json
import os
from typing import Any

from fines.database.credentials import Credentials, credentials, manager
from fines.functions.database import connect, logs_in
from fines.functions.roles import USERS, set_password, take_defaults

_LENGTH = 48


def handler(event: dict[str, Any], context: Any) -> None:
    """One step of a rotation; each may be repeated.

    Raises:
        ValueError: the secret has no such rotation under way, or the step is unknown.
        ClientError, psycopg.Error: a step cannot be done; Secrets Manager tries again.
    """
    arn, version, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    if step not in _STEPS:
        raise ValueError(f"the step {step!r} is none of {', '.join(_STEPS)}")
    stages = manager().describe_secret(SecretId=arn)["VersionIdsToStages"].get(version)
    if stages is None:
        raise ValueError(f"the secret {arn} has no version {version}")
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise ValueError(f"the version {version} of {arn} is not to come")
    _STEPS[step](arn, version)


def _create(arn: str, version: str) -> None:
    """Writes down the value to come, unless a try before this one did."""
    client = manager()
    try:
        credentials(arn, stage="AWSPENDING", version=version)
    except client.exceptions.ResourceNotFoundException:
        text = client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
        now = json.loads(text)
        password = client.get_random_password(PasswordLength=_LENGTH, ExcludePunctuation=True)["RandomPassword"]
        coming = now | {"username": _next(now["username"]), "password": password}
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=version, SecretString=json.dumps(coming), VersionStages=["AWSPENDING"]
        )


def _set(arn: str, version: str) -> None:
    """Gives the user its new password in the database."""
    coming = credentials(arn, stage="AWSPENDING", version=version)
    if logs_in(coming):
        return  # a try before this one did
    with connect(_setter(arn)) as connection:
        if coming["username"] in USERS:
            take_defaults(connection, coming["username"], of=_next(coming["username"]))
        set_password(connection, coming["username"], coming["password"])


def _test(arn: str, version: str) -> None:
    """Logs in with the value to come, and reads something."""
    with connect(credentials(arn, stage="AWSPENDING", version=version)) as connection:
        connection.execute("SELECT 1")


def _finish(arn: str, version: str) -> None:
    """Makes the value to come the current one."""
    stages = manager().describe_secret(SecretId=arn)["VersionIdsToStages"]
    (current,) = (id for id, named in stages.items() if "AWSCURRENT" in named)
    manager().update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
    )


_STEPS = {"createSecret": _create, "setSecret": _set, "testSecret": _test, "finishSecret": _finish}


def _next(user: str) -> str:
    """Of the service's two users the other one; everybody else stays who it is."""
    return USERS[1 - USERS.index(user)] if user in USERS else user


def _setter(arn: str) -> Credentials:
    """Who sets the password: for the service's users the master, whom they cannot ask; everybody else does so itself."""
    return credentials(os.environ["MASTER_SECRET_ARN"] if arn == os.environ["SERVICE_SECRET_ARN"] else arn)

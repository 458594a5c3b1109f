"""Secrets of the database's users, as Secrets Manager keeps them: JSON with `username` and `password`."""

import json
from functools import cache
from typing import Any, TypedDict

import boto3
from botocore.config import Config


class Credentials(TypedDict):
    """A user of the database and its password."""

    username: str
    password: str


@cache
def manager() -> Any:
    """The client of Secrets Manager, which gives up within seconds."""
    return boto3.client(
        "secretsmanager", config=Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})
    )


def credentials(arn: str, *, stage: str = "AWSCURRENT", version: str | None = None) -> Credentials:
    """What a secret holds at a stage; with a version, only if that version has the stage.

    Raises:
        ClientError: there is none, or it may not be read.
        ValueError: it is no JSON of a user and a password.
    """
    asked = {"SecretId": arn, "VersionStage": stage} | ({"VersionId": version} if version else {})
    return parsed(manager().get_secret_value(**asked)["SecretString"], arn)


def parsed(text: str, arn: str) -> Credentials:
    """The credentials in a secret's text.

    Raises:
        ValueError: it is no JSON of a user and a password; the text is not shown.
    """
    try:
        found = json.loads(text)
        return {"username": str(found["username"]), "password": str(found["password"])}
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"the secret {arn} is no JSON with username and password") from None

"""Secrets of the database's users, as Secrets Manager keeps them: JSON with `username` and `password`.

Loading this loads the library for AWS, a third of a process's memory: only processes whose login is a secret do.
"""

import json
import os
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
    patience = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"], config=patience)


def credentials(arn: str, *, stage: str = "AWSCURRENT", version: str | None = None) -> Credentials:
    """What a secret holds at a stage; with a version, only if that version has the stage.

    Raises:
        ClientError: there is none, or it may not be read.
        ValueError: it is no JSON of a user and a password; the text is not shown.
    """
    asked = {"SecretId": arn, "VersionStage": stage} | ({"VersionId": version} if version else {})
    try:
        found = json.loads(manager().get_secret_value(**asked)["SecretString"])
        return {"username": str(found["username"]), "password": str(found["password"])}
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"the secret {arn} is no JSON with username and password") from None

"""Rotation of secrets as Secrets Manager does it: four steps of the function that the secret's schedule names.

MiniStack's own copies the present value and calls nobody. Source: Secrets Manager user guide, "Rotation by Lambda function".
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc, secretsmanager
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.keeping import beside
from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.rotation")
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
Made = tuple[str, Properties]


def play() -> None:
    """Teaches the types of schedules and policies of secrets, and has RotateSecret call the function."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::SecretsManager::RotationSchedule"] = {
        "create": lambda logical_id, properties, stack: _schedule(properties),
        "update": lambda id, old, new, stack, logical_id=None: _schedule(new),
        "delete": _unschedule,
    }
    handlers["AWS::SecretsManager::ResourcePolicy"] = {
        "create": lambda logical_id, properties, stack: _put_policy(properties),
        "update": lambda id, old, new, stack, logical_id=None: _put_policy(new),
        "delete": lambda id, properties: secretsmanager._resource_policies.pop(id, None),
    }
    secretsmanager._rotate_secret = _rotate
    _a_version_without_a_value_is_not_found()


def _a_version_without_a_value_is_not_found() -> None:
    """A version to come has a stage and no value until the function gives it one, which it may do once."""
    get, put = secretsmanager._get_secret_value, secretsmanager._put_secret_value

    def empty(secret: Any, version: Any) -> bool:
        found = (secret or {}).get("Versions", {}).get(version)
        return found is not None and found["SecretString"] is None and found["SecretBinary"] is None

    def get_value(data: dict[str, Any], *rest: Any) -> Any:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if empty(secret, data.get("VersionId")):
            message = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING"
            return error_response_json("ResourceNotFoundException", message, 400)
        return get(data, *rest)

    def put_value(data: dict[str, Any], *rest: Any) -> Any:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if empty(secret, data.get("ClientRequestToken")):
            del secret["Versions"][data["ClientRequestToken"]]
        return put(data, *rest)

    secretsmanager._get_secret_value, secretsmanager._put_secret_value = get_value, put_value


def _schedule(properties: Properties) -> Made:
    secret = _found(properties["SecretId"])
    secret["RotationEnabled"] = True
    secret["RotationLambdaARN"] = properties["RotationLambdaARN"]
    secret["RotationRules"] = {key: _typed(value) for key, value in properties.get("RotationRules", {}).items()}
    if str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true":
        _begin(secret)
    return str(secret["ARN"]), {"Id": secret["ARN"]}


def _unschedule(id: str, properties: Properties) -> None:
    _, secret = secretsmanager._resolve(id)
    if secret:
        secret["RotationEnabled"] = False


def _put_policy(properties: Properties) -> Made:
    secret = _found(properties["SecretId"])
    secretsmanager._resource_policies[secret["ARN"]] = json.dumps(properties["ResourcePolicy"])
    return str(secret["ARN"]), {"Id": secret["ARN"]}


def _rotate(data: dict[str, Any]) -> Any:
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if not secret:
        return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)
    if data.get("RotationLambdaARN"):
        secret["RotationLambdaARN"] = data["RotationLambdaARN"]
    if not secret.get("RotationLambdaARN"):
        message = "No Lambda rotation function ARN is associated with this secret."
        return error_response_json("InvalidRequestException", message, 400)
    under_way = [
        id
        for id, version in secret["Versions"].items()
        if "AWSPENDING" in version["Stages"] and "AWSCURRENT" not in version["Stages"]
    ]
    if under_way:
        _run(secret, under_way[0])
        message = "A previous rotation isn't complete. That rotation will be reattempted."
        return error_response_json("InvalidRequestException", message, 400)
    version = _begin(secret, data.get("ClientRequestToken"))
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version})


def _begin(secret: dict[str, Any], token: str | None = None) -> str:
    """Starts a rotation beside the call that asks for it, as on AWS; returns the id of the version to come."""
    version = token or str(uuid.uuid4())
    for each in secret["Versions"].values():  # a stage belongs to one version
        each["Stages"] = [stage for stage in each["Stages"] if stage != "AWSPENDING"]
    # The version is there from the start, without a value: the function's first step looks for it.
    secret["Versions"][version] = {
        "SecretString": None,
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": ["AWSPENDING"],
    }
    _run(secret, version)
    return version


def _run(secret: dict[str, Any], version: str) -> None:
    beside(_steps, secret, version, name="rotation")


def _steps(secret: dict[str, Any], version: str) -> None:
    record, config, name = lambda_svc._get_func_record_for_ref(secret["RotationLambdaARN"])
    for step in STEPS:
        if record is None:
            log.error("the function %s of %s is not there", secret["RotationLambdaARN"], secret["Name"])
            break
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": version}
        found = lambda_svc._execution_record_for_config(record, config)
        answer = lambda_svc._execute_function_with_config_scope(found, event)
        if answer.get("error"):
            log.error("step %s of the rotation of %s failed: %s", step, secret["Name"], answer.get("body"))
            return  # AWS tries again later; until then the value to come stays where it is
    secret["LastRotatedDate"] = int(time.time())
    log.info("%s was rotated by %s", secret["Name"], name)


def _found(id: str) -> dict[str, Any]:
    _, secret = secretsmanager._resolve(id)
    if not secret:
        raise ValueError(f"Secrets Manager can't find the specified secret ({id}).")
    found: dict[str, Any] = secret
    return found


def _typed(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value

"""What stands behind managed services where no machine can boot: their records alone, and words that a deployment waits for."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
from ministack.services import lambda_svc, rds

from rehearsal.cloud import balancers, functions
from rehearsal.cloud.instances import INSTANCE, note, tell_what_is_left_out
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import replaced

log = logging.getLogger("rehearsal.unserved")


def play() -> None:
    """Has functions made from images answer without being run, so that a deployment that asks them goes on."""
    lambda_svc._execute_function_docker = _answer
    functions.keep_networks()
    balancers.mend_records()
    tell_what_is_left_out()
    _keep_what_is_dropped_of_databases()


def _keep_what_is_dropped_of_databases() -> None:
    plain = replaced(
        INSTANCE,
        create=lambda logical_id, properties, stack: noted(plain["create"](logical_id, properties, stack), properties),
        update=lambda id, old, new, stack, logical_id=None: noted(
            plain["update"](id, old, new, stack, logical_id), new
        ),
    )

    def noted(made: tuple[str, Properties], properties: Properties) -> tuple[str, Properties]:
        note(rds._instances[made[0]], properties)
        return made


def _answer(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    name = (function.get("config") or function)["FunctionName"]
    log.info("the function %s was asked for and not run: no machine was booted", name)
    if isinstance(event, dict) and "ResponseURL" in event:
        _tell(event)
    return {"body": {}, "log": "a stand-in: no function was run"}


def _tell(event: dict[str, Any]) -> None:
    """Says SUCCESS of a custom resource to who waits for it."""
    body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")} | {
        "Status": "SUCCESS",
        "Reason": "a stand-in: no function was run",
        "PhysicalResourceId": event.get("PhysicalResourceId", f"not-run-{event['LogicalResourceId']}"),
        "Data": {},
    }
    httpx.put(event["ResponseURL"], content=json.dumps(body), timeout=10).raise_for_status()

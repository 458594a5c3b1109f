"""What stands behind Lambda functions made from images: a machine of their own in their subnet, where podman runs the image.

It runs as the image says, read-only but for /tmp, with the credentials of the function's role, and asks the runtime interface
for its events. A function that changes gets a new container.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ministack.services import ec2, lambda_svc
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.appliances import Appliance, ApplianceError, Appliances
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.role_sessions import RoleSessions
from rehearsal.cloud.runtime import Runtime
from rehearsal.machines.metadata import Credentials

log = logging.getLogger("rehearsal.functions")
_NAME = "function"


@dataclass
class _Running:
    appliance: Appliance
    runtime: Runtime
    made_of: tuple[object, ...]
    credentials: Credentials


class Functions:
    """Runs the functions of all stacks that are made from images; those from zip files run as processes of MiniStack's own."""

    def __init__(
        self, *, appliances: Appliances, sessions: RoleSessions, registry: str, region: str, cloud: str
    ) -> None:
        self._appliances, self._sessions, self._registry = appliances, sessions, registry
        self._region, self._cloud = region, cloud
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        lambda_svc._execute_function_docker = self._execute
        keep_networks()

    def _execute(self, function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = function.get("config") or function
        with self._lock:  # one event at a time: what a deployment and a schedule ask of them
            try:
                running = self._ready(config)
            except Exception as error:
                log.exception("the function %s could not be started", config["FunctionName"])
                self._tell_the_stack(event, f"{type(error).__name__}: {error}")
                return _failure(f"{type(error).__name__}: {error}", "Runtime.InvalidEntrypoint")
            given = running.runtime.invoke(
                request_id, self._as_on_aws(event), arn=config["FunctionArn"], seconds=float(config.get("Timeout", 3))
            )
            said = running.appliance.machine.run("podman", "logs", "--tail", "200", _NAME, check=False)
        text = said.stdout + said.stderr
        log.info("the function %s was invoked: %s", config["FunctionName"], "failed" if given.failed else "well")
        if given.failed:
            return {"body": given.body, "error": True, "function_error": "Unhandled", "log": text}
        return {"body": given.body, "log": text}

    def _as_on_aws(self, event: Any) -> Any:
        """The event with the place for a custom resource's answer under AWS's own name: a presigned URL of CloudFormation's bucket."""
        if not (isinstance(event, dict) and "ResponseURL" in event):
            return event
        bucket = f"cloudformation-custom-resource-response-{self._region}.s3.{self._region}.amazonaws.com"
        return {**event, "ResponseURL": f"https://{bucket}{urlsplit(event['ResponseURL']).path}"}

    def _tell_the_stack(self, event: Any, why: str) -> None:
        """Answers for a custom resource's function that could not be started here: AWS would wait until its time is up."""
        if not (isinstance(event, dict) and "ResponseURL" in event):
            return
        body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")} | {
            "Status": "FAILED",
            "Reason": f"the rehearsal could not start the function: {why}"[:600],
            "PhysicalResourceId": event.get("PhysicalResourceId", "none"),
        }
        place = f"http://{self._registry}{urlsplit(event['ResponseURL']).path}"
        request = urllib.request.Request(place, data=json.dumps(body).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            answer.read()

    def _ready(self, config: dict[str, Any]) -> _Running:
        """The function's container as its configuration says, started now if it is not there.

        Raises:
            ApplianceError: its machine or its container did not start.
        """
        name, made_of = config["FunctionName"], _made_of(config)
        running = self._running.get(name)
        if running is None:
            network = config.get("VpcConfig") or {}
            appliance = self._appliances.boot(
                f"lambda-{name[-40:].lower()}", subnet=network["SubnetIds"][0], groups=network["SecurityGroupIds"]
            )
            running = _Running(appliance, Runtime(self._cloud), (), self._sessions.issue(config["Role"], source=name))
            self._running[name] = running
        if running.made_of != made_of or running.credentials.expires < time.time() + 900:
            running.credentials = self._sessions.issue(config["Role"], source=name)
            self._start(running, config)
            running.made_of = made_of
        return running

    def _start(self, running: _Running, config: dict[str, Any]) -> None:
        # An interface of its own: what the container before it asked for last would go to nobody.
        running.runtime.close()
        running.runtime = Runtime(self._cloud)
        image = f"{self._registry}/{config['ImageUri'].partition('/')[2]}"
        given = (config.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
        environment = dict((config.get("Environment") or {}).get("Variables") or {}) | {
            "AWS_LAMBDA_RUNTIME_API": running.runtime.place,
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": running.credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": running.credentials.secret,
            "AWS_SESSION_TOKEN": running.credentials.token,
            "AWS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt",
        }
        machine = running.appliance.machine
        machine.run("podman", "rm", "--force", "--ignore", _NAME, check=False)
        pulled = machine.run("podman", "pull", "--quiet", "--tls-verify=false", image, check=False, timeout=180)
        if pulled.returncode:
            raise ApplianceError(f"the image {image} could not be pulled: {pulled.stderr.strip()[-400:]}")
        entry = given.get("EntryPoint") or []
        command = [
            *("podman", "run", "--detach", "--name", _NAME, "--network", "host", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108
            *("--cap-drop", "all", "--security-opt", "no-new-privileges", "--user", "993"),
            *(f"--env={key}={value}" for key, value in environment.items()),
            *(("--entrypoint", json.dumps(entry)) if entry else ()),
            image,
            *(given.get("Command") or []),
        ]
        started = machine.run(*command, check=False, timeout=60)
        if started.returncode:
            raise ApplianceError(
                f"the container of {config['FunctionName']} did not start: {started.stderr.strip()[-400:]}"
            )


def keep_networks() -> None:
    """Has functions of templates keep the network that they are to be in, which MiniStack drops."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    plain = dict(handlers)

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        made = plain["create"](logical_id, properties, stack)
        _note(made[0], properties)
        return made

    def update(id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        made = plain["update"](id, old, new, stack, logical_id)
        _note(made[0], new)
        return made

    handlers.update(create=create, update=update)


def _note(name: str, properties: Properties) -> None:
    given = properties.get("VpcConfig") or {}
    subnets = given.get("SubnetIds", [])
    if subnets:
        network = ec2._subnets[subnets[0]]["VpcId"]
        lambda_svc._functions[name]["config"]["VpcConfig"] = {**given, "VpcId": network}


def _made_of(config: dict[str, Any]) -> tuple[object, ...]:
    return tuple(
        repr(config.get(key)) for key in ("ImageUri", "ImageConfigResponse", "Environment", "Role", "VpcConfig")
    )


def _failure(message: str, kind: str) -> dict[str, Any]:
    return {
        "body": {"errorMessage": message, "errorType": kind},
        "error": True,
        "function_error": "Unhandled",
        "log": message,
    }

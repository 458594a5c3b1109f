"""A custom resource that waits for Kubernetes: a Deployment until it is rolled out, a Job until it is complete.

It fails with the reason that pods give. Its physical id is the release that was waited for last: asked for that one again, on the
way back of a deployment that failed, it does nothing and cannot fail; nor does it when it is deleted.
"""

import json
import os
import re
import subprocess
import time
import urllib.request
from typing import Any

os.environ["PATH"] = "/opt/kubectl:/opt/awscli:" + os.environ["PATH"]
_FOLDER = os.environ.get("TEST_OUTDIR", "/tmp")  # noqa: S108 - the one folder that a function may write to, its own
_KUBECONFIG = os.path.join(_FOLDER, "rollout-kubeconfig")
_SPARE = 30.0  # seconds of the function's time that are kept for the reason, and for the answer
_PAUSE = 2.0
_ERROR = re.compile(r"\b\w*(Error|Exception|FAILED)\b: ")
_LONGEST = 800  # characters of a reason; the whole answer may have 4096


class Failed(Exception):
    """What was waited for will not come; the message says why."""


def handler(event: dict[str, Any], context: Any) -> None:
    """Answers CloudFormation's request, whatever happens."""
    known, failure = event.get("PhysicalResourceId", ""), ""
    wanted = event["ResourceProperties"]
    id = known or "none"
    try:
        if event["RequestType"] != "Delete" and wanted["Release"] != known:
            wait(wanted, seconds=context.get_remaining_time_in_millis() / 1000 - _SPARE)
            id = wanted["Release"]
    except Failed as failed:
        failure = str(failed)
    except subprocess.CalledProcessError as error:
        failure = f"{error.cmd[0]} ended with {error.returncode}: {error.output.strip()}"
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    if failure:
        print(failure)
    reply(event, id=id, failure=failure)


def wait(wanted: dict[str, Any], *, seconds: float) -> None:
    """Returns once it is done.

    Raises:
        Failed: it will not be, or is not in time.
    """
    run("aws", "eks", "update-kubeconfig", "--name", wanted["ClusterName"], "--kubeconfig", _KUBECONFIG)
    os.chmod(_KUBECONFIG, 0o600)
    until = time.monotonic() + seconds
    (wait_for_job if wanted["Kind"] == "Job" else wait_for_deployment)(wanted["Namespace"], wanted["Name"], until)


def wait_for_job(namespace: str, name: str, until: float) -> None:
    while True:
        job = find(namespace, "job", name)
        done = {each["type"]: each for each in job.get("status", {}).get("conditions", []) if each["status"] == "True"}
        if "Complete" in done:
            return
        if "Failed" in done:
            said = troubles(namespace, f"job-name={name}") or [done["Failed"].get("message", "")]
            raise Failed(f"the job {name} failed, and nothing was replaced: {said[0]}")
        if time.monotonic() > until:
            said = troubles(namespace, f"job-name={name}") or ["it still runs"]
            raise Failed(f"the job {name} is not complete in time, and nothing was replaced: {said[0]}")
        time.sleep(_PAUSE)


def wait_for_deployment(namespace: str, name: str, until: float) -> None:
    """By kubectl's own word for it: generation, replicas of it, and none of another."""
    while True:
        left = max(1, int(until - time.monotonic()))
        done = subprocess.run(
            kubectl(namespace, "rollout", "status", f"deployment/{name}", f"--timeout={left}s"),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(done.stdout)
        if not done.returncode:
            return
        given_up = "exceeded its progress deadline" in done.stdout or "timed out" in done.stdout
        if given_up or time.monotonic() > until:
            said = troubles(namespace, f"app={name}") or done.stdout.strip().splitlines()[-1:] or ["it did not say why"]
            raise Failed(f"the rollout of {name} did not complete, and the pods before it serve on: {said[0]}")
        time.sleep(_PAUSE)  # the API was away for a moment


def troubles(namespace: str, selector: str) -> list[str]:
    """What pods that are not well say of themselves, the newest first."""
    pods = json.loads(run(*kubectl(namespace, "get", "pods", "-l", selector, "-o", "json")))["items"]
    found = []
    for pod in sorted(pods, key=lambda each: each["metadata"]["creationTimestamp"], reverse=True):
        status, name = pod["status"], pod["metadata"]["name"]
        for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            said = trouble(container)
            if said:
                found.append(f"{name}, {container['name']}: {said}")
        for condition in status.get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                found.append(f"{name} finds no node: {condition.get('message', condition.get('reason', ''))}")
            elif condition["type"].startswith("target-health") and condition["status"] == "False":
                found.append(f"{name} is not healthy to the load balancer: {condition.get('message', '')}")
    return found


def trouble(container: dict[str, Any]) -> str:
    """What is wrong with a container, by what it said when it last ended, or by what keeps it from starting."""
    state, last = container.get("state", {}), container.get("lastState", {})
    for ended in (state.get("terminated"), last.get("terminated")):
        if ended and ended.get("exitCode"):
            lines = [line for line in ended.get("message", "").splitlines() if line.strip()]
            # Programs say what is wrong, and then where it is and what one could do.
            telling = [line for line in lines if _ERROR.search(line)] or lines
            return f"{ended.get('reason', 'Error')}, exit code {ended['exitCode']}" + (
                f": {telling[-1]}" if telling else ""
            )
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
        return ": ".join(part for part in (waiting.get("reason"), waiting.get("message")) if part)
    if "running" in state and not container.get("ready") and container.get("started") is False:
        return "it runs and is not ready"
    return ""


def find(namespace: str, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*kubectl(namespace, "get", kind, name, "-o", "json")))
    return found


def kubectl(namespace: str, *words: str) -> list[str]:
    return ["kubectl", "--kubeconfig", _KUBECONFIG, "--namespace", namespace, *words]


def run(*command: str) -> str:
    """What a command says; a moment in which the API is away is waited out."""
    for left in reversed(range(5)):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if not done.returncode:
            return done.stdout
        if not left or "NotFound" in done.stderr:
            raise subprocess.CalledProcessError(done.returncode, command, done.stderr or done.stdout)
        time.sleep(_PAUSE)
    raise AssertionError


def reply(event: dict[str, Any], *, id: str, failure: str) -> None:
    """The answer that CloudFormation waits for (user guide, "Custom resource response objects")."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": failure[:_LONGEST] or "done",
        "PhysicalResourceId": id,
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The URL is signed for a request without a content type.
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's own
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        answer.read()

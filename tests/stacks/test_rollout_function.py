"""The function that a deployment waits by, with kubectl and the AWS CLI played by programs: its answers, and its reasons."""

from __future__ import annotations

import http.server
import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.stacks.synthesis import PROJECT

# Answers from files of the folder: `get KIND NAME` or `rollout`, one a call, the last one for ever.
KUBECTL = """#!{python}
import pathlib, sys
folder = pathlib.Path({folder!r})
words = [w for w in sys.argv[1:] if not w.startswith("--timeout")]
with (folder / "asked").open("a") as asked:
    print(*words, file=asked)
what = words[4] if words[4] == "rollout" else words[5]
found = sorted(folder.glob(what + ".*"))
if not found:
    sys.exit("Error from server (NotFound): " + what)
text = found[0].read_text()
if len(found) > 1:
    found[0].unlink()
code, _, said = text.partition("\\n")
print(said)
sys.exit(int(code))
"""


class Context:
    """What Lambda says of a call's time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> float:
        return self._seconds * 1000


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Who waits for answers, and those that came."""
    answers: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", answers
    server.shutdown()
    server.server_close()


class World:
    """The function, and what the programs say that it calls."""

    def __init__(self, folder: Path, url: str, answers: list[dict[str, Any]], function: ModuleType) -> None:
        self._folder, self._url, self._answers, self._function = folder, url, answers, function

    def says(self, what: str, *answers: object, code: int = 0) -> None:
        for number, answer in enumerate(answers):
            text = answer if isinstance(answer, str) else json.dumps(answer)
            (self._folder / f"{what}.{number}").write_text(f"{code}\n{text}")

    def asked(self) -> list[str]:
        file = self._folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def call(self, kind: str, request: str = "Create", *, before: str = "", seconds: float = 60) -> dict[str, Any]:
        event = {
            "RequestType": request,
            "ResponseURL": self._url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Served",
            "ResourceProperties": {
                "ClusterName": "fines-dev-eks",
                "Namespace": "fines",
                "Kind": kind,
                "Name": "web" if kind == "Deployment" else "migration-1",
                "Release": "r2",
            },
        } | ({"PhysicalResourceId": before} if before else {})
        self._function.handler(event, Context(seconds))
        return self._answers[-1]


@pytest.fixture
def world(tmp_path: Path, cloudformation: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch) -> World:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").write_text(KUBECTL.format(folder=str(tmp_path), python=sys.executable))
    (programs / "aws").write_text('#!/bin/sh\nfor last; do :; done\n: > "$last"\n')
    for each in programs.iterdir():
        each.chmod(0o755)
    monkeypatch.setenv("TEST_OUTDIR", str(tmp_path))
    file = PROJECT / "stacks" / "functions" / "rollout" / "index.py"
    spec = importlib.util.spec_from_file_location("rollout_function", file)
    assert spec and spec.loader
    function = importlib.util.module_from_spec(spec)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    spec.loader.exec_module(function)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(function, "_PAUSE", 0.01)
    return World(tmp_path, *cloudformation, function)


def job(kind: str = "", message: str = "") -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": "True", "message": message}] if kind else []}}


def pod(name: str, *, made: int = 1, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "creationTimestamp": f"2026-03-04T10:20:0{made}Z"}, "status": status}


def ended(message: str, code: int = 1) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": "Error", "message": message}}


def test_a_job_that_completes_lets_the_deployment_go_on(world: World) -> None:
    world.says("job", job(), job("Complete"))
    answer = world.call("Job")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "r2")
    assert answer["StackId"] == "stack" and answer["RequestId"] == "request"


def test_a_migration_that_fails_ends_the_deployment_with_its_last_line(world: World) -> None:
    said = 'Operations to perform:\nthe migration: FAILED: RuntimeError: column "x" does not exist\n'
    failed = pod("migration-1-a", containerStatuses=[{"name": "migration", "state": ended(said)}])
    world.says("job", job("Failed", "Job has reached the specified backoff limit"))
    world.says("pods", {"items": [failed]})
    answer = world.call("Job", "Update", before="r1")
    assert answer["Status"] == "FAILED" and answer["PhysicalResourceId"] == "r1"
    assert answer["Reason"] == (
        "the job migration-1 failed, and nothing was replaced: migration-1-a, migration: Error, exit code 1: "
        'the migration: FAILED: RuntimeError: column "x" does not exist'
    )


def test_a_job_that_is_not_in_time_is_a_failure_of_its_own(world: World) -> None:
    world.says("job", job())
    world.says("pods", {"items": []})
    assert "not complete in time" in world.call("Job", seconds=30.2)["Reason"]


def test_a_rollout_is_what_kubectl_says_it_is(world: World) -> None:
    world.says("rollout", 'deployment "web" successfully rolled out')
    assert world.call("Deployment")["Status"] == "SUCCESS"
    assert any("rollout status deployment/web" in line for line in world.asked())


STATES: dict[str, dict[str, Any]] = {
    "web-2, web: ImagePullBackOff: no such image": {
        "containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
        ]
    },
    "web-2, await-migration: Error, exit code 1: The database lacks 1 migrations: infracciones.0007": {
        "initContainerStatuses": [
            {
                "name": "await-migration",
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                "lastState": ended("The database lacks 1 migrations: infracciones.0007"),
            }
        ]
    },
    "web-2 finds no node: 0/2 nodes are available": {
        "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]
    },
    "web-2 is not healthy to the load balancer: Health checks failed": {
        "containerStatuses": [{"name": "web", "ready": True, "started": True, "state": {"running": {}}}],
        "conditions": [
            {"type": "target-health.elbv2.k8s.aws/web", "status": "False", "message": "Health checks failed"}
        ],
    },
    "web-2, web: it runs and is not ready": {
        "containerStatuses": [{"name": "web", "ready": False, "started": False, "state": {"running": {}}}]
    },
}


@pytest.mark.parametrize("reason", STATES)
def test_a_rollout_that_does_not_complete_fails_with_what_the_newest_pod_says(world: World, reason: str) -> None:
    world.says("rollout", 'error: deployment "web" exceeded its progress deadline', code=1)
    well = pod("web-1", containerStatuses=[{"name": "web", "ready": True, "started": True, "state": {"running": {}}}])
    world.says("pods", {"items": [well, pod("web-2", made=2, **STATES[reason])]})
    answer = world.call("Deployment", "Update", before="r1")
    assert answer["Status"] == "FAILED" and answer["PhysicalResourceId"] == "r1"
    assert answer["Reason"] == f"the rollout of web did not complete, and the pods before it serve on: {reason}"


def test_the_way_back_and_the_end_do_nothing_and_ask_nobody(world: World) -> None:
    for request, before in (("Update", "r2"), ("Delete", "r2"), ("Delete", "r1")):
        answer = world.call("Deployment", request, before=before)
        assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", before)
    assert world.asked() == []


def test_going_back_to_a_release_on_purpose_is_waited_for_again(world: World) -> None:
    world.says("rollout", 'deployment "web" successfully rolled out')
    assert world.call("Deployment", "Update", before="r3")["PhysicalResourceId"] == "r2"
    assert world.asked()


def test_an_api_that_is_away_for_a_moment_is_asked_again_and_one_that_stays_away_is_a_failure(world: World) -> None:
    world.says("rollout", "Unable to connect to the server", code=1)
    world.says("pods", "Unable to connect to the server", code=1)
    answer = world.call("Deployment", seconds=30.2)
    assert answer["Status"] == "FAILED" and "kubectl ended with 1" in answer["Reason"]
    assert sum("rollout" in line for line in world.asked()) > 1


def test_a_job_that_nobody_made_is_a_failure_at_once(world: World) -> None:
    answer = world.call("Job")
    assert answer["Status"] == "FAILED" and "NotFound" in answer["Reason"]
    assert len(world.asked()) == 1


def test_of_what_a_program_said_last_the_line_with_its_error_is_told(world: World) -> None:
    said = "migrating\nthe migration: FAILED: ProgrammingError: function f() does not exist\nLINE 1: SELECT f()\nHINT: None matches."
    ended = {"state": {"terminated": {"exitCode": 1, "reason": "Error", "message": said}}}
    told = world._function.trouble(ended)
    assert told == "Error, exit code 1: the migration: FAILED: ProgrammingError: function f() does not exist"

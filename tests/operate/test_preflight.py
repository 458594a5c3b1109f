"""The command as people type it: one table, every check in it, and nothing changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from operate import preflight as module
from operate.account import Account, Refused
from operate.checks import shell
from operate.finding import Finding, State, ok, stops, warning
from operate.preflight import CHECKS, checks_of, preflight
from operate.screen import show, sum_up
from operate.subject import Subject
from stacks.settings import Tier
from tests.operate.test_bootstrap import toolkit
from tests.operate.world import NOBODY, World, service_quotas, subject_of

PROJECT = Path(__file__).resolve().parents[2]
NAME = ("-c", "domain=fines.example")
BAD = ["-c", "tier=single", "-c", "stage=dev", *NAME]


def run(*words: str, verb: str = "preflight") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operate", verb, *words],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def test_without_credentials_all_checks_run_and_none_ends_in_a_traceback() -> None:
    done = run(*BAD)
    assert done.returncode == 1 and not done.stderr
    for name in CHECKS:
        assert name in done.stdout
    assert "there are no credentials" in done.stdout and "fines.example is reserved" in done.stdout
    assert "Traceback" not in done.stdout


def test_each_tier_has_its_own_checks() -> None:
    zone = ("-c", "hosted_zone_id=Z0123456789ABCDEFGHIJ", "-c", "hosted_zone_name=fines.example")
    done = run("-c", "tier=asg", *NAME, *zone)
    assert done.returncode == 1 and not done.stderr
    for name in checks_of(Tier.ASG):
        assert name in done.stdout
    assert "hosted zone" not in run(*BAD).stdout


def test_without_a_network_all_checks_run_and_none_ends_in_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    done = run(*BAD)
    assert done.returncode == 1 and "Could not connect to the endpoint URL" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_command_tells_what_stops_and_the_command_to_type(world: World) -> None:
    done = run(*BAD)
    assert done.returncode == 1
    assert f"account {world.number}, as user/operator" in done.stdout
    assert f"→ cdk bootstrap aws://{world.number}/us-east-1" in done.stdout


def test_an_account_that_is_ready_ends_with_nothing_that_stops(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toolkit(world, version="33")
    monkeypatch.setenv("CDK_DOCKER", _docker(tmp_path))
    monkeypatch.setattr(shell, "_PROGRAMS", {})  # whatever this machine has
    account = Account("us-east-1", clients={"service-quotas": service_quotas()})
    subject = subject_of(["alarm_email=operator@example.org"], account=account)
    said: list[str] = []
    found = preflight(subject, said.append)
    assert [finding for finding in found if finding.state is State.STOPS] == []
    assert [finding.name for finding in found if finding.state is State.WARNING] == ["domain"]
    assert len(said) == len(CHECKS) and said[-1] == ""


def test_nothing_but_looks_is_asked_of_aws(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    toolkit(world, version="33")
    outputs = {
        "NameServers": "ns1.multas.gob.ar ns2.multas.gob.ar",
        "GlueRecords": "ns1.multas.gob.ar A 127.0.0.2",
        "PublicAddress": "127.0.0.2",
        "DsParameter": "/fines/ds",
        "AlarmTopic": f"arn:aws:sns:us-east-1:{world.number}:none",
    }
    world.deploy({"Topic": {"Type": "AWS::SNS::Topic"}}, outputs=outputs)
    subject = subject_of(["alarm_email=operator@example.org", "domain=multas.gob.ar"])
    preflight(subject)
    assert len(set(subject.account.calls)) >= 10
    verbs = ("Describe", "Get", "Head", "List")
    assert [call for call in subject.account.calls if not call.split(":")[1].startswith(verbs)] == []


@pytest.mark.parametrize(
    ("service", "call", "words"),
    [
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
        ("cloudformation", "delete_stack", {"StackName": "fines-dev-single"}),
        ("ssm", "put_parameter", {"Name": "/a", "Value": "b", "Type": "String"}),
        ("s3", "put_object", {"Bucket": "a", "Key": "b"}),
        ("sts", "assume_role", {"RoleArn": "arn:aws:iam::1:role/a", "RoleSessionName": "b"}),
    ],
)
def test_a_call_that_does_more_is_refused_before_it_is_sent(
    world: World, service: str, call: str, words: dict[str, Any]
) -> None:
    account = Account("us-east-1")
    with pytest.raises(Refused, match="does more than look"):
        getattr(account.client(service), call)(**words)
    assert account.calls == []


def test_a_check_that_breaks_stops_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Subject) -> Iterator[Finding]:
        yield ok("first", "seen")
        raise KeyError("Arn")

    monkeypatch.setattr(module, "CHECKS", {"broken": broken, "alarm e-mail": CHECKS["alarm e-mail"]})
    found = preflight(subject_of([]))
    assert [(finding.name, finding.state) for finding in found] == [
        ("first", State.OK),
        ("broken", State.STOPS),
        ("alarm e-mail", State.WARNING),
    ]
    assert "KeyError: 'Arn'" in found[1].seen


def test_a_finding_that_is_not_ok_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="does not say what to do"):
        warning("domain", "something is wrong", "")


def test_the_table_says_the_same_advice_once(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [ok("a", "[fine]"), stops("b", "no", "log in"), warning("c", "no", "log in")]
    show(Console(width=200), "Before", findings)
    told = capsys.readouterr().out
    assert told.count("log in") == 1 and "the same as above" in told and "[fine]" in told
    assert sum_up(findings) == "1 ok, 1 to look at, 1 that stop a deployment"


def test_the_makefile_passes_the_tier_and_the_settings_on() -> None:
    said = subprocess.run(
        ["make", "--dry-run", "preflight", "SETTINGS=-c domain=multas.gob.ar -c stage=production"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"MAKEFLAGS": "", "MAKELEVEL": ""},
    )
    line = said.stdout.splitlines()[-1]
    assert line == "python -m operate preflight -c tier=single -c domain=multas.gob.ar -c stage=production"


def test_nobody_answers_where_no_test_says_who() -> None:
    assert not NOBODY.serves("multas.gob.ar", "127.0.0.1")


def _docker(folder: Path) -> str:
    file = folder / "docker"
    file.write_text('#!/bin/sh\necho \'{"Architecture": "aarch64"}\'\n')
    file.chmod(0o755)
    return str(file)

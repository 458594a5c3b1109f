"""The CDK's own CLI, run by a deployer: through the gate, with the role's credentials and no others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rehearsal import principals
from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.door import Door, door
from rehearsal.checks.variant import synth
from rehearsal.principals import Keys

_DAYS = {"log_days": 60}


@check("asg", beside=True)
def a_deployer_deploys_a_change_and_takes_it_back_with_the_cli_through_the_gate(subject: Subject) -> str:
    changed = synth(subject, {**subject.context, **_DAYS}, "by-a-deployer")
    before, began = _days(subject), time.time()
    try:
        with door(subject) as way, principals.keys_of(subject.tier, principals.DEPLOYER) as keys:
            taken = way.take(keys, subject.outputs["DeployerRoleArn"], name=principals.DEPLOYER)
            _deploy(subject, changed, _by(way, taken, subject), log="deploy-by-a-deployer")
            after = _days(subject)
            _deploy(subject, subject.assembly, _by(way, taken, subject), log="deploy-back-by-a-deployer")
    finally:
        subject.provoked.append((began, time.time()))
    if after != 60 or _days(subject) != before:
        raise CheckError(f"logs were kept for {before} days, {after} by the change and {_days(subject)} after it")
    return f"cdk deploy twice, {before} days of logs to {after} and back"


def _deploy(subject: Subject, assembly: Path, environment: Mapping[str, str], *, log: str) -> None:
    try:
        replace(subject.tier.cdk, besides=environment).deploy(assembly, lambda _: None, log=log)
    except CdkError as error:
        raise CheckError(f"a deployer cannot deploy: {error}") from error


def _by(way: Door, keys: Keys, subject: Subject) -> Mapping[str, str]:
    """What the CLI finds in a deployer's environment: their keys, and the way to AWS's own names."""
    home = subject.tier.run.home / "deployer"
    home.mkdir(exist_ok=True)
    return {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": keys.key,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_SESSION_TOKEN": keys.token or "",
        "AWS_ENDPOINT_URL": "",
        "HTTPS_PROXY": way.proxy,
        "AWS_CA_BUNDLE": way.authority,
        "NODE_EXTRA_CA_CERTS": way.authority,
    }


def _days(subject: Subject) -> int:
    """For how long the service's log is kept."""
    name = f"/fines/dev/{subject.tier.run.tier}/service"
    (group,) = subject.tier.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return int(group["retentionInDays"])

"""The administrator whom an access entry of the cluster names: its role's keys, and the runbook's commands typed with them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3

from rehearsal import principals
from rehearsal.checks import CheckError, Subject
from rehearsal.checks.runbook import as_operator, in_a_role, no_cli
from rehearsal.kubernetes import programs
from rehearsal.machines.network import RESOLVER
from rehearsal.principals import Keys

# The cluster's endpoint is a private one: it is typed where the network's own resolver tells names, as on a machine of the VPC.
_WITHIN = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@contextlib.contextmanager
def keys_of_role(subject: Subject, role: str) -> Iterator[Keys]:
    """The keys of a role that the directory's people take, for the length of a block."""
    tier = subject.tier
    with principals.keys_of(tier, principals.AUDITOR) as keys:
        sts = boto3.client(
            "sts",
            region_name=tier.session.region_name,
            endpoint_url=f"https://{tier.network.cloud}",
            verify=str(tier.run.authority),
            aws_access_key_id=keys.key,
            aws_secret_access_key=keys.secret,
        )
        taken = sts.assume_role(RoleArn=principals.arn("role", role), RoleSessionName="kubectl")["Credentials"]
        yield Keys(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])


@contextlib.contextmanager
def as_administrator(subject: Subject) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The environment of who has the administrator's role, for commands that are run by what follows, inside the network."""
    tier = subject.tier
    resolver = tier.run.home / "resolv.conf"
    resolver.write_text(f"nameserver {RESOLVER}\n")
    within = tier.network.inside("unshare", "--mount", "--propagation=private", "--", "sh", "-c", _WITHIN)
    with keys_of_role(subject, principals.DIRECTORY_ROLE) as keys:
        role = {
            "AWS_ACCESS_KEY_ID": keys.key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_SESSION_TOKEN": str(keys.token),
            "AWS_REGION": str(tier.session.region_name),
            "AWS_DEFAULT_REGION": str(tier.session.region_name),
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",  # which the first version of the command line does not ask for by itself
            "AWS_CA_BUNDLE": str(tier.run.authority),
            # AWS's own names lead to the local AWS there: the command line is told of no other place, and signs for none.
            "PATH": f"{programs.ensure(lambda _: None).search_path}:{Path(_aws()).parent}:{tier.cdk.environment['PATH']}",
            "KUBECONFIG": str(_kubeconfig(subject)),
        }
        yield in_a_role(subject, role), [*within, str(resolver)]


def typed(subject: Subject, title: str, *, log: str, **values: str) -> str:
    """Types a page's commands with kubectl, as the administrator; returns what they said.

    Raises:
        CdkError: a command failed; with its words.
    """
    pages = {title: dict(values)}
    if not _kubeconfig(subject).exists():
        pages = {"Tier eks: kubectl": {"CLUSTER": subject.outputs["ClusterName"]}} | pages
    said = ""
    with as_administrator(subject) as (environment, around):
        for page, words in pages.items():
            said = as_operator(subject, page, subject.tier.run.home, log=log, role=environment, around=around, **words)
    return said


def _aws() -> str:
    found = shutil.which("aws")
    if found is None:
        raise CheckError(f"the commands of the runbook take {no_cli()}")
    return found


def _kubeconfig(subject: Subject) -> Path:
    return subject.tier.run.home / "operator" / "kubeconfig"

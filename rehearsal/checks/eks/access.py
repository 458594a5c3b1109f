"""Who may speak to the cluster: whom an access entry names, and nobody else."""

from __future__ import annotations

import base64
import json
import os
import subprocess

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from rehearsal import principals
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.eks.administrator import keys_of_role
from rehearsal.kubernetes import programs
from rehearsal.principals import Keys

STRANGER = "sin-entrada"  # a role of the account that no entry names


@check("eks")
def an_access_entry_lets_its_role_in_and_nobody_else_is(subject: Subject) -> str:
    iam = subject.tier.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principals.arn("user", principals.AUDITOR)},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(RoleName=STRANGER, AssumeRolePolicyDocument=json.dumps(trust))
    try:
        told = {role: _asks(subject, role) for role in (principals.DIRECTORY_ROLE, STRANGER)}
    finally:
        iam.delete_role(RoleName=STRANGER)
    named, other = told[principals.DIRECTORY_ROLE], told[STRANGER]
    if named.returncode or "web" not in named.stdout:
        raise CheckError(f"the administrator's role is not let in: {named.stderr[-300:]}")
    if not other.returncode or ("Unauthorized" not in other.stderr and "logged in" not in other.stderr):
        raise CheckError(f"a role without an entry was answered: {other.stdout[:200]}{other.stderr[-200:]}")
    entries = subject.tier.client("eks").list_access_entries(clusterName=subject.outputs["ClusterName"])[
        "accessEntries"
    ]
    if len(entries) != 2:
        raise CheckError(f"the cluster has {len(entries)} access entries, two are expected: {entries}")
    return f"{principals.DIRECTORY_ROLE} lists deployments; {STRANGER}: {other.stderr.strip()[-60:]}; {len(entries)} entries"


def _asks(subject: Subject, role: str) -> subprocess.CompletedProcess[str]:
    """kubectl with a token of a role's, as `aws eks get-token` makes it."""
    tier, name = subject.tier, subject.outputs["ClusterName"]
    with keys_of_role(subject, role) as keys:
        token = _token(keys, name, tier.session.region_name)
    cluster = tier.client("eks").describe_cluster(name=name)["cluster"]
    home = tier.run.home / "access"
    home.mkdir(exist_ok=True)
    (home / "authority.pem").write_bytes(_decoded(cluster["certificateAuthority"]["data"]))
    address = tier.addresses(cluster["endpoint"].removeprefix("https://").lower())[0]
    program = str(programs.ensure(lambda _: None).path("kubectl"))
    words = [
        *(
            program,
            "--kubeconfig=/dev/null",
            f"--server=https://{address}",
            f"--certificate-authority={home}/authority.pem",
        ),
        *(f"--token={token}", "--namespace=fines", "get", "deployments"),
    ]
    return subprocess.run(
        tier.network.inside(*words), check=False, capture_output=True, text=True, env=dict(os.environ)
    )


def _token(taken: Keys, cluster: str, region: str | None) -> str:
    """A presigned GetCallerIdentity for one cluster (aws-iam-authenticator's form, which EKS takes)."""
    url = f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    keys = Credentials(taken.key, taken.secret, taken.token)
    SigV4QueryAuth(keys, "sts", str(region), expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text)

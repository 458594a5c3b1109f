"""Who may speak to a cluster: by MiniStack's books of access entries, and the signature that STS would check."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path
from typing import Any

from ministack.services import eks

from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.cluster_access")


def authenticator(file: Path, record: Properties, *, port: int) -> Path:
    """Where the API server asks whose a token of AWS's is: MiniStack's own webhook, by the cluster's secret; returns the file."""
    _, _, _, region, account, _ = record["arn"].split(":")
    path = f"_ministack/eks-auth/{account}/{region}/{record['name']}/{record['_auth_token']}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{port}/{path}"}}],
        "users": [{"name": "api", "user": {}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "api"}}],
        "current-context": "it",
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(config))
    return file


def whose(name: str, account: str, region: str, review: Properties, secret: str = "") -> Any:
    """Whose a token is: as MiniStack finds it where it enforces permissions, which here a gate of our own does."""
    nobody = eks._token_review_response(review)
    known = eks._cluster_for_auth(name, account, region)
    token = (review.get("spec") or {}).get("token")
    if not known or not token or not secrets.compare_digest(secret, known[2].get("_auth_token") or "-"):
        return nobody
    found = eks._verify_eks_token(token, name)
    entry = eks._access_entry_for_principal(name, known[0], known[1], found.principal_arn) if found else None
    if not found or not entry:
        log.warning("cluster %s: %s is not let in", name, found.principal_arn if found else "a token of nobody's")
        return nobody
    policies = [
        eks._access_policy_group(name, principal, policy)
        for principal, policy, _ in eks._access_policy_associations(name, known[0], known[1])
        if principal == entry["principalArn"]
    ]
    return eks._token_review_response(
        review,
        authenticated=True,
        username=entry.get("username") or found.principal_arn,
        uid=found.principal_id or found.principal_arn,
        groups=["system:authenticated", *(entry.get("kubernetesGroups") or []), *policies],
    )

"""A namespace that lets everything in, and pods that may write."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import await_rollout, patched
from rehearsal.checks import Subject
from rehearsal.checks.eks.admission import (
    every_manifest_is_admitted_with_the_restricted_standard_and_a_privileged_pod_is_not,
    no_container_is_root_or_writes_its_root_file_system_or_gets_the_credentials_of_its_node,
)
from rehearsal.checks.kubectl import kubectl

_STANDARD = "pod-security.kubernetes.io/enforce"


@breaks(
    every_manifest_is_admitted_with_the_restricted_standard_and_a_privileged_pod_is_not,
    says="the restricted standard is not enforced",
    again=True,
)
def the_namespace_enforces_no_standard(subject: Subject) -> Iterator[None]:
    labels = [{"metadata": {"labels": {_STANDARD: standard}}} for standard in ("privileged", "restricted")]
    with patched(subject, "namespace/fines", *labels):
        yield


@breaks(
    no_container_is_root_or_writes_its_root_file_system_or_gets_the_credentials_of_its_node,
    says="writing ended with 0",
    again=True,
)
def the_service_may_write_its_own_files(subject: Subject) -> Iterator[None]:
    _read_only(subject, False)
    try:
        yield
    finally:
        _read_only(subject, True)


def _read_only(subject: Subject, yes: bool) -> None:
    """Rolls the service out with a root file system that it may write to, or not; /etc is writable for its group then."""
    context = {"readOnlyRootFilesystem": yes} | ({} if yes else {"runAsUser": 10001})
    container = {"name": "web", "securityContext": context}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    kubectl(subject, "patch", "deployment/web", "--type=strategic", f"--patch={json.dumps(change)}")
    await_rollout(subject)

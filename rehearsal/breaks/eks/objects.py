"""Objects of the cluster, changed behind the template's back and put back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rehearsal.checks import Subject
from rehearsal.checks.kubectl import kubectl

_OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "ownerReferences")


@contextmanager
def patched(subject: Subject, object: str, change: Mapping[str, Any], back: Mapping[str, Any]) -> Iterator[None]:
    """An object (kind/name) with a merge patch, and with another one afterwards."""
    kubectl(subject, "patch", object, "--type=merge", f"--patch={json.dumps(change)}")
    try:
        yield
    finally:
        kubectl(subject, "patch", object, "--type=merge", f"--patch={json.dumps(back)}")


@contextmanager
def gone(subject: Subject, object: str) -> Iterator[None]:
    """An object that was deleted, and is made again as it was."""
    found = json.loads(kubectl(subject, "get", object, "--output=json"))
    found["metadata"] = {key: value for key, value in found["metadata"].items() if key not in _OWN}
    kubectl(subject, "delete", object)
    try:
        yield
    finally:
        kubectl(subject, "create", "--filename=-", input=json.dumps(found))


@contextmanager
def there(subject: Subject, given: Mapping[str, Any]) -> Iterator[None]:
    """An object that the template does not have."""
    kubectl(subject, "create", "--filename=-", input=json.dumps(given))
    try:
        yield
    finally:
        kubectl(subject, "delete", "--filename=-", input=json.dumps(given))


def await_rollout(subject: Subject) -> None:
    kubectl(subject, "rollout", "status", "deployment/web", "--timeout=180s")

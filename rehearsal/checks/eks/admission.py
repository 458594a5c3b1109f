"""What Kubernetes itself lets into the service's namespace, and what its pods are."""

from __future__ import annotations

import json
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import NAMESPACE, inside, kubectl, pods, ran

_METADATA = """
import urllib.request
asked = urllib.request.Request("http://169.254.169.254/latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
try:
    print("GOT", urllib.request.urlopen(asked, timeout=4).read()[:8])
except Exception as error:
    print("NOTHING", type(error).__name__)
"""


@check("eks")
def every_manifest_is_admitted_with_the_restricted_standard_and_a_privileged_pod_is_not(subject: Subject) -> str:
    labels = json.loads(kubectl(subject, "get", "namespace", NAMESPACE, "--output=json"))["metadata"]["labels"]
    if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        raise CheckError(f"the namespace's labels are {labels}: the restricted standard is not enforced")
    applied = 0
    for resource in subject.template["Resources"].values():
        if resource["Type"] != "Custom::AWSCDK-EKS-KubernetesResource":
            continue
        for each in _manifests(resource):
            kubectl(subject, "get", f"{each['kind']}/{each['metadata']['name']}", *_where(each))
            applied += 1
    container = {"name": "it", "image": "none", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "privileged"}, "spec": {"containers": [container]}}
    done = ran(subject, "create", "--dry-run=server", "--filename=-", input=json.dumps(pod))
    if "violates PodSecurity" not in done.stderr:
        raise CheckError(f"a privileged pod was not refused by its standard: {done.stdout}{done.stderr[-300:]}")
    return f"{applied} objects of the template are there; a privileged pod: {done.stderr.strip()[:120]}"


@check("eks")
def no_container_is_root_or_writes_its_root_file_system_or_gets_the_credentials_of_its_node(subject: Subject) -> str:
    seen = 0
    for pod in pods(subject):
        name = pod["metadata"]["name"]
        for container in (each["name"] for each in pod["spec"]["containers"]):
            who = inside(subject, name, "id", "-u", container=container).stdout.strip()
            wrote = inside(subject, name, "sh", "-c", "echo x > /etc/written", container=container)
            if who in ("", "0") or wrote.returncode == 0:
                raise CheckError(f"{name}, {container}: user {who or 'unknown'}, writing ended with {wrote.returncode}")
            if "Read-only" not in wrote.stderr:
                raise CheckError(f"{name}, {container}: it could not write for another reason: {wrote.stderr[-200:]}")
            seen += 1
        said = inside(subject, name, "python3", "-c", _METADATA).stdout
        if not said.startswith("NOTHING"):
            raise CheckError(f"{name} got a token of its node's metadata: {said}")
    if seen < 4:
        raise CheckError(f"{seen} containers were looked at: four are expected")
    return f"{seen} containers: no root, nothing written, no token of the metadata service"


def _manifests(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a resource of the template; what is filled in by CloudFormation stays out."""
    given = resource["Properties"]["Manifest"]
    if isinstance(given, dict):
        given = "".join(part if isinstance(part, str) else "filled-in" for part in given["Fn::Join"][1])
    found: list[dict[str, Any]] = json.loads(given)
    return found


def _where(each: dict[str, Any]) -> list[str]:
    namespace = each["metadata"].get("namespace")
    return [f"--namespace={namespace}"] if namespace else []

"""What pods of the service reach, and what not."""

from __future__ import annotations

import json

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import inside, objects, pods

_TRY = """
import json, socket, sys
told = {}
for name, (host, port) in json.loads(sys.argv[1]).items():
    try:
        socket.create_connection((host, port), timeout=3).close()
        told[name] = "reached"
    except Exception as error:
        told[name] = type(error).__name__
print(json.dumps(told))
"""


@check("eks")
def a_pod_reaches_the_database_names_the_agent_and_tls_outside_and_nothing_else(subject: Subject) -> str:
    first, second, *_ = pods(subject)
    name, here = first["metadata"]["name"], first["spec"]["nodeName"]
    nodes = {
        each["metadata"]["name"]: next(a["address"] for a in each["status"]["addresses"] if a["type"] == "InternalIP")
        for each in objects(subject, "nodes")
    }
    (api,) = objects(
        subject, "endpointslices", "--namespace=default", "--selector=kubernetes.io/service-name=kubernetes"
    )
    other = next(address for node, address in nodes.items() if node != here)
    allowed = {
        "the database": (subject.outputs["DatabaseHost"], 5432),
        "the agent of Pod Identity": ("169.254.170.23", 80),
        "S3, by TLS": (f"s3.{subject.tier.session.region_name}.amazonaws.com", 443),
    }
    refused = {
        "another pod": (second["status"]["podIP"], 443),
        "another pod's service": (second["status"]["podIP"], 8000),
        "its own node": (nodes[here], 10250),
        "another node": (other, 10250),
        "the metadata of its node": ("169.254.169.254", 80),
        "the API server": (api["endpoints"][0]["addresses"][0], 443),
        "the API server's service": ("172.20.0.1", 443),
        "plain HTTP outside": (subject.tier.network.cloud, 4566),
    }
    told = _tried(subject, name, {**allowed, **refused})
    if cut := [each for each in allowed if told[each] != "reached"]:
        raise CheckError(f"{name} does not reach {', '.join(f'{each} ({told[each]})' for each in cut)}")
    if open_to := [each for each in refused if told[each] == "reached"]:
        raise CheckError(f"{name} reaches {', '.join(open_to)}")
    return f"reached: {', '.join(allowed)}; not: {', '.join(refused)}"


def _tried(subject: Subject, pod: str, places: dict[str, tuple[str, int]]) -> dict[str, str]:
    done = inside(subject, pod, "python3", "-c", _TRY, json.dumps(places))
    if done.returncode:
        raise CheckError(f"{pod} tried nothing: {done.stderr[-300:]}")
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found

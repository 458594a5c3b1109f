"""The manifests of the service: what pods may and may not, what scales them, and what a wrong manifest is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from stacks.parts import manifests as parts
from stacks.parts.manifests import ManifestError
from tests.stacks.manifests_of import containers, manifests, of_kind, pods
from tests.stacks.synthesis import PROJECT, assemble, flat, resources, synthesize

FOUND = manifests()


def test_every_manifest_is_valid_for_each_version() -> None:
    for version in ("1.36", "1.35", "1.34"):
        found = [each for each in manifests(kubernetes_version=version) if each["kind"] != "TargetGroupBinding"]
        assert {each["kind"] for each in found} >= {"Deployment", "CronJob", "NetworkPolicy", "HorizontalPodAutoscaler"}
        for each in found:
            kubernetes_validate.validate(each, version, strict=True)  # raises where it is not
            with pytest.raises(kubernetes_validate.ValidationError):
                kubernetes_validate.validate({**each, "unknown": 1}, version, strict=True)


def not_restricted(pod: dict[str, Any]) -> list[str]:
    """What Kubernetes' restricted Pod Security Standard would refuse of a pod."""
    spec = pod["spec"]
    security = spec.get("securityContext", {})
    bad = [what for what in ("hostNetwork", "hostPID", "hostIPC") if spec.get(what)]
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault" or security.get("runAsNonRoot") is not True:
        bad.append("seccomp or root")
    if {each["name"] for each in security.get("sysctls", [])} - {"net.ipv4.ip_unprivileged_port_start"}:
        bad.append("sysctls")
    if any(set(volume) - {"name"} - {"configMap", "emptyDir"} for volume in spec.get("volumes", [])):
        bad.append("volumes")
    for container in containers(pod):
        own = container.get("securityContext", {})
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        if own != wanted or any("hostPort" in port for port in container.get("ports", [])):
            bad.append(container["name"])
    return bad


def test_pods_are_restricted_each_of_them() -> None:
    assert {what: not_restricted(pod) for what, pod in pods(FOUND)} == {what: [] for what, _ in pods(FOUND)}
    labels = of_kind("Namespace", FOUND)["fines"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"


def test_every_container_asks_for_what_it_needs_and_has_a_limit() -> None:
    for what, pod in pods(FOUND):
        for container in containers(pod):
            asked = container["resources"]
            assert {"cpu", "memory"} <= set(asked["requests"]) & set(asked["limits"]), (what, container["name"])


def test_no_deployment_takes_back_what_demand_and_schedule_made() -> None:
    assert "replicas" not in of_kind("Deployment", FOUND)["web"]["spec"]
    scaler = of_kind("HorizontalPodAutoscaler", manifests(max_pods=9, cpu_percent=60))["web"]["spec"]
    assert "minReplicas" not in scaler and scaler["maxReplicas"] == 9
    assert scaler["metrics"][0]["containerResource"]["target"]["averageUtilization"] == 60


def test_the_schedule_has_a_time_of_day_for_each_change_on_the_deployments_clocks() -> None:
    crons = {name: each["spec"] for name, each in of_kind("CronJob", FOUND).items() if name.startswith("minimum-")}
    assert {name: spec["schedule"] for name, spec in crons.items()} == {
        "minimum-0750": "50 7 * * *",
        "minimum-0900": "0 9 * * *",
        "minimum-1250": "50 12 * * *",
        "minimum-1400": "0 14 * * *",
        "minimum-1950": "50 19 * * *",
        "minimum-2100": "0 21 * * *",
    }
    assert {spec["timeZone"] for spec in crons.values()} == {"America/Argentina/Buenos_Aires"}
    told = [
        {e["name"]: e["value"] for e in containers(pod)[0]["env"]} for what, pod in pods(FOUND) if "minimum-" in what
    ]
    assert len(told) == 7 and all(each == told[0] for each in told)  # that of the deployment too
    assert json.loads(told[0]["MINIMUM_TIMES"])[:2] == [["07:50", 6], ["09:00", 2]]
    assert all("timeZone" in each["spec"] for each in of_kind("CronJob", FOUND).values())


def test_without_peaks_the_least_is_seen_to_once_a_day() -> None:
    found = manifests(peaks="", min_pods=3)
    (name,) = (each for each in of_kind("CronJob", found) if each.startswith("minimum-"))
    assert name == "minimum-0000"
    pod = next(pod for what, pod in pods(found) if what == f"CronJob {name}")
    assert ["00:00", 3] in json.loads({e["name"]: e["value"] for e in containers(pod)[0]["env"]}["MINIMUM_TIMES"])


def test_a_migration_is_named_by_its_image_and_another_image_has_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(folder: Path) -> str:
        assemble(folder, tier="eks")
        template = json.loads(next(folder.glob("*.template.json")).read_text())
        (name,) = (each for each in of_kind("Job", manifests(template)) if each.startswith("migration-"))
        images = json.loads(next(folder.glob("*.assets.json")).read_text())["dockerImages"]
        assert any(name.startswith(f"migration-{hash[:10]}-") for hash in images)
        (waits,) = (
            each["Properties"]["Name"]
            for each in resources(template, "Custom::Rollout").values()
            if each["Properties"]["Kind"] == "Job"
        )
        assert waits == name
        return name

    first = job(tmp_path / "1")
    assert job(tmp_path / "2") == first
    service = tmp_path / "service"
    service.mkdir()
    (service / "Dockerfile").write_text("FROM another AS front\nFROM another AS keeper\nFROM another\n")
    monkeypatch.setattr("stacks.parts.image.SERVICE", service)
    assert job(tmp_path / "3") != first


def test_new_pods_wait_for_the_database_and_take_nobodys_place_before_they_serve() -> None:
    deployment = of_kind("Deployment", FOUND)["web"]["spec"]
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    spec = deployment["template"]["spec"]
    assert [each["args"] for each in spec["initContainers"]] == [
        ["job", "prepare"],
        ["manage", "comprobar_migraciones", "--esperar", "300"],
    ]
    web, front = spec["containers"]
    assert web["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert {container["readinessProbe"]["httpGet"]["path"] for container in (web, front)} == {"/healthz"}
    assert {"name": "Host", "value": "fines.example"} in web["startupProbe"]["httpGet"]["httpHeaders"]
    assert deployment["progressDeadlineSeconds"] < 14 * 60  # the function that waits has a quarter of an hour
    assert spec["terminationGracePeriodSeconds"] > 130 + front["lifecycle"]["preStop"]["sleep"]["seconds"]


def test_nginx_is_the_machines_own_and_a_changed_file_makes_new_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    files = of_kind("ConfigMap", FOUND)["front"]["data"]
    host = PROJECT / "stacks" / "host"
    for file in [*(host / "nginx").iterdir(), host / "bin" / "render"]:
        assert files[file.name] == file.read_text(), file
    told = of_kind("Deployment", FOUND)["web"]["spec"]["template"]["metadata"]["annotations"]["fines/front-files"]
    monkeypatch.setattr("stacks.parts.workload.front_files", lambda: {**files, "errors.inc": "# another"})
    changed = manifests(domain="fines.example", log_days=31)  # settings that are not remembered
    assert (
        of_kind("Deployment", changed)["web"]["spec"]["template"]["metadata"]["annotations"]["fines/front-files"]
        != told
    )


def test_one_role_a_workload_and_an_account_for_each_pod() -> None:
    accounts = of_kind("ServiceAccount", FOUND)
    used = {pod["spec"]["serviceAccountName"] for _, pod in pods(FOUND)}
    assert used == set(accounts)
    associations = [
        each["Properties"]
        for each in resources(synthesize(tier="eks"), "AWS::EKS::PodIdentityAssociation").values()
        if each["Properties"]["Namespace"] == "fines"
    ]
    roles = [flat(each["RoleArn"]) for each in associations]
    assert len(set(roles)) == len(roles)
    assert {each["ServiceAccount"] for each in associations} == set(accounts) - {"room", "minimum"}
    with_token = {name for name, pod in pods(FOUND) if pod["spec"]["automountServiceAccountToken"]}
    assert with_token and all("minimum-" in name for name in with_token)
    (rule,) = of_kind("Role", FOUND)["minimum"]["rules"]
    assert rule["resourceNames"] == ["web"] and rule["verbs"] == ["get", "patch"]


def test_nothing_is_reached_but_what_is_named() -> None:
    policies = {name: each["spec"] for name, each in of_kind("NetworkPolicy", FOUND).items()}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (outside, agent) = policies["aws"]["egress"]
    (block,) = outside["to"]
    assert block["ipBlock"]["except"] == ["10.30.0.0/16", "172.20.0.0/16", "169.254.0.0/16"]
    assert outside["ports"] == [{"protocol": "TCP", "port": 443}]
    assert agent["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}] and agent["ports"][0]["port"] == 80
    template = synthesize(tier="eks")
    ranges = {id: each["Properties"]["CidrBlock"] for id, each in resources(template, "AWS::EC2::Subnet").items()}
    for name, direction, side, kind in (
        ("database", "egress", "to", "IsolatedSubnet"),
        ("balancer", "ingress", "from", "PublicSubnet"),
    ):
        (rule,) = policies[name][direction]
        assert {each["ipBlock"]["cidr"] for each in rule[side]} == {r for id, r in ranges.items() if kind in id}
    # an empty list of peers would be everybody
    for name, spec in policies.items():
        for rule in [*spec.get("egress", []), *spec.get("ingress", [])]:
            assert rule.get("to") or rule.get("from"), name


def test_a_new_stack_has_a_proven_dump_before_its_first_night() -> None:
    jobs = {name.split("-")[0]: each for name, each in of_kind("Job", FOUND).items()}
    assert set(jobs) == {"migration", "minimum", "dump", "drill"}
    crons = of_kind("CronJob", FOUND)
    for name in ("dump", "drill"):
        assert jobs[name]["spec"]["template"] == crons[name]["spec"]["jobTemplate"]["spec"]["template"]
    assert jobs["drill"]["spec"]["backoffLimit"] > crons["drill"]["spec"]["jobTemplate"]["spec"]["backoffLimit"]


def test_pods_that_call_the_database_or_aws_say_so() -> None:
    calls = {
        what.split()[1].split("-")[0]: {name for name in ("fines/calls", "fines/calls-database") if name in labels}
        for what, pod in pods(FOUND)
        for labels in [pod["metadata"]["labels"]]
    }
    both = {"fines/calls", "fines/calls-database"}
    assert calls == {
        "web": both,
        "migration": both,
        "dump": both,
        "cleanup": both,
        "drill": {"fines/calls"},
        "ages": {"fines/calls"},
        "minimum": set(),
        "room": set(),
    }


def test_room_is_as_large_as_a_pod_and_worth_less_than_any() -> None:
    room = of_kind("Deployment", manifests(spare_pods=3))["room"]["spec"]
    assert room["replicas"] == 3 and room["template"]["spec"]["priorityClassName"] == "fines-room"
    assert of_kind("PriorityClass", FOUND)["fines-room"]["value"] < 0
    web = of_kind("Deployment", FOUND)["web"]["spec"]["template"]["spec"]["containers"]
    asked = sum(int(each["resources"]["requests"]["memory"].removesuffix("Mi")) for each in web)
    assert room["template"]["spec"]["containers"][0]["resources"]["requests"]["memory"] == f"{asked}Mi"


def test_the_quota_has_room_for_a_release_at_the_most() -> None:
    hard = of_kind("ResourceQuota", manifests(max_pods=10, spare_pods=2))["fines"]["spec"]["hard"]
    assert hard["pods"] == "42" and hard["services.loadbalancers"] == "0"
    assert int(hard["requests.memory"].removesuffix("Mi")) > 22 * 368


def test_the_binding_leaves_the_network_to_the_template() -> None:
    (binding,) = of_kind("TargetGroupBinding", FOUND).values()
    assert set(binding["spec"]) == {"serviceRef", "targetGroupARN", "targetType"}
    (targets,) = resources(synthesize(tier="eks"), "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert binding["spec"]["targetGroupARN"] == f"${{{targets}}}"


EDITS = [
    ("web", "maxUnavailable: 0, maxSurge: 50%", "maxUnavailable: 0, maxSurges: 50%",
     r"stacks/kubernetes/web.yaml Deployment web, spec.strategy.rollingUpdate: .*'maxSurges' was unexpected"),
    ("web", "progressDeadlineSeconds: 420", "progressDeadlineSeconds: soon",
     r"stacks/kubernetes/web.yaml Deployment web, spec.progressDeadlineSeconds: 'soon' is not of type 'integer'"),
    ("web", "apiVersion: policy/v1", "apiVersion: policy/v1beta1",
     r"stacks/kubernetes/web.yaml PodDisruptionBudget web: Kubernetes 1.36 has no PodDisruptionBudget of apiVersion policy/v1beta1"),
    ("web", "image: front", "image: docker.io/library/nginx",
     r"stacks/kubernetes/web.yaml Deployment web: image 'docker.io/library/nginx' is none of service, front, keeper"),
    ("web", "kind: HorizontalPodAutoscaler", "kind: HorizontalPodAutoscalers", r"there is no HorizontalPodAutoscaler, which the tier completes"),
    ("routine", 'schedule: "*/5 * * * *"', "schedule: 5", r"stacks/kubernetes/routine.yaml CronJob ages, spec.schedule: 5 is not of type 'string'"),
    ("policies", "  policyTypes: [Ingress]", "  policyTypes: [Ingress]\n  policyTypes: [Egress]",
     r"stacks/kubernetes/policies.yaml line \d+: 'policyTypes' is given twice"),
    ("namespace", "metadata:\n  name: fines\n  labels", "metadata:\n  labels", r"stacks/kubernetes/namespace.yaml document 1: metadata.name is missing"),
    ("namespace", "kind: Namespace", "kind: [", r"stacks/kubernetes/namespace.yaml line \d+: "),
    ("accounts", "kind: RoleBinding\n", "", r"stacks/kubernetes/accounts.yaml document \d+: kind is missing"),
    ("binding", "targetType: ip", "targetTypes: ip", r"stacks/kubernetes/binding.yaml TargetGroupBinding web, spec.targetTypes: it is none of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "was", "became", "said"), EDITS, ids=[f"{edit[0]}-{n}" for n, edit in enumerate(EDITS)]
)
def test_an_edited_manifest_is_refused_with_file_path_and_reason(
    file: str, was: str, became: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(parts.MANIFESTS, folder)
    text = (folder / f"{file}.yaml").read_text()
    assert was in text
    (folder / f"{file}.yaml").write_text(text.replace(was, became, 1))
    monkeypatch.setattr(parts, "MANIFESTS", folder)
    with pytest.raises(ManifestError) as refused:
        assemble(tmp_path / "out", tier="eks")
    assert re.search(said, str(refused.value)), str(refused.value)

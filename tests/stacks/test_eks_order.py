"""The order in which CloudFormation makes and takes back what is in the cluster, for every order that it may choose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stacks.synthesis import MANIFEST, Template, resources, synthesize


def references(value: object) -> set[str]:
    """The logical ids that a value names."""
    if isinstance(value, list):
        return {id for item in value for id in references(item)}
    if not isinstance(value, dict):
        return set()
    found = {id for item in value.values() for id in references(item)}
    if isinstance(value.get("Ref"), str):
        found.add(value["Ref"])
    if isinstance(value.get("Fn::GetAtt"), list):
        found.add(value["Fn::GetAtt"][0])
    return found


def graph(template: Template) -> dict[str, set[str]]:
    """What each resource is made after: CloudFormation makes nothing before these, and deletes none of these before it."""
    all_of_them = template["Resources"]
    edges = {}
    for id, resource in all_of_them.items():
        named = resource.get("DependsOn", [])
        first = references(resource.get("Properties", {})) | set([named] if isinstance(named, str) else named)
        edges[id] = (first & set(all_of_them)) - {id}
    return edges


def before(id: str, edges: dict[str, set[str]]) -> set[str]:
    """Everything that is there before a resource, and goes after it."""
    found: set[str] = set()
    left = [id]
    while left:
        for each in edges[left.pop()] - found:
            found.add(each)
            left.append(each)
    return found


def ids(template: Template, kind: str, start: str = "") -> set[str]:
    return {id for id in resources(template, kind) if id.startswith(start)}


def what_a_finalizer_needs(template: Template) -> set[str]:
    """The controller that handles a binding's deletion, all that it runs on and calls by, and the function that asks for it."""
    needed = {
        *ids(template, "Custom::AWSCDK-EKS-HelmChart", "Controller"),
        *ids(template, "AWS::EKS::PodIdentityAssociation", "Controller"),
        *ids(template, "AWS::IAM::Policy", "ControllerIdentity"),
        *ids(template, "AWS::EKS::Addon", "BeforeNodes"),
        *ids(template, "AWS::EKS::Addon", "OnNodesNames"),
        *ids(template, "AWS::EKS::Nodegroup"),
        *ids(template, "AWS::EKS::AccessEntry", "ClusterClusterAdmin"),
        *ids(template, "AWS::Lambda::Function", "ClusterKubectlProvider"),
        *ids(template, "AWS::IAM::Policy", "ClusterKubectlRole"),
        *ids(template, "AWS::IAM::Policy", "ClusterKubectlProvider"),
        *ids(template, "AWS::ElasticLoadBalancingV2::TargetGroup"),
        *ids(template, "AWS::EC2::NatGateway"),
        *ids(template, "AWS::EC2::Route"),
        *ids(template, "AWS::EC2::VPCGatewayAttachment"),
        *ids(template, "AWS::EC2::SubnetRouteTableAssociation", "NetworkVpcPrivate"),
    }
    return needed


def missing(template: Template) -> set[str]:
    """What could be gone when a binding is deleted, in some order that CloudFormation may choose."""
    (binding,) = ids(template, MANIFEST, "WorkloadBinding")
    return what_a_finalizer_needs(template) - before(binding, graph(template))


@pytest.mark.parametrize(
    "settings", [{}, {"zones": 3, "nat_gateways": 3}, {"endpoint_public_ranges": "203.0.113.0/24"}]
)
def test_whoever_handles_a_finalizer_is_there_until_the_last_one_has_gone(settings: dict[str, object]) -> None:
    template = synthesize(tier="eks", **settings)
    assert missing(template) == set()


def test_everything_in_the_cluster_goes_before_what_it_runs_on() -> None:
    template = synthesize(tier="eks")
    edges = graph(template)
    needed = what_a_finalizer_needs(template) - ids(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    for id in ids(template, MANIFEST, "Workload"):
        assert needed <= before(id, edges), id
    namespace = ids(template, MANIFEST, "WorkloadNamespace")
    for id in ids(template, MANIFEST, "Workload") - namespace:
        assert namespace <= before(id, edges), id
    for chart in resources(template, "Custom::AWSCDK-EKS-HelmChart"):
        assert ids(template, "AWS::EKS::Nodegroup") <= before(chart, edges), chart


def test_pods_come_after_their_roles_their_binding_their_migration_and_their_static_files() -> None:
    template = synthesize(tier="eks")
    (pods,) = ids(template, MANIFEST, "WorkloadPods")
    first = before(pods, graph(template))
    # A pod is given its readiness gate when it is made, by a binding that is there.
    assert ids(template, MANIFEST, "WorkloadBinding") <= first
    assert ids(template, "AWS::EKS::PodIdentityAssociation", "Roles") <= first
    assert ids(template, "AWS::IAM::Policy", "RolesWeb") <= first
    assert ids(template, "Custom::Rollout", "WorkloadMigrated") <= first
    assert ids(template, "Custom::Publication") <= first
    assert ids(template, "AWS::RDS::DBInstance") <= first


def test_the_name_leads_there_once_the_pods_serve() -> None:
    template = synthesize(tier="eks")
    (record,) = ids(template, "AWS::Route53::RecordSet")
    edges = graph(template)
    (served,) = ids(template, "Custom::Rollout", "WorkloadServed")
    assert served in before(record, edges)
    assert ids(template, MANIFEST, "WorkloadPods") <= before(served, edges)
    assert ids(template, MANIFEST, "WorkloadSchedule") <= before(served, edges)


def _without(template: Template, id: str, first: Callable[[str], bool]) -> None:
    resource = template["Resources"][id]
    resource["DependsOn"] = [each for each in resource["DependsOn"] if not first(each)]


def test_a_template_that_lets_the_controller_go_first_is_noticed() -> None:
    template = synthesize(tier="eks")
    (namespace,) = ids(template, MANIFEST, "WorkloadNamespace")
    _without(template, namespace, lambda id: id.startswith("ControllerChart"))
    assert any(id.startswith("ControllerChart") for id in missing(template))


def test_a_template_that_lets_the_nodes_or_the_way_out_go_first_is_noticed() -> None:
    template = synthesize(tier="eks")
    for id, resource in template["Resources"].items():
        if resource["Type"] in ("Custom::AWSCDK-EKS-HelmChart", "AWS::EKS::Addon") and "DependsOn" in resource:
            _without(template, id, lambda each: each.startswith(("Nodes", "OnNodes")))
    assert ids(template, "AWS::EKS::Nodegroup") <= missing(template)
    template = synthesize(tier="eks")
    for id, resource in template["Resources"].items():
        if isinstance(resource.get("DependsOn"), list):
            _without(template, id, lambda each: "DefaultRoute" in each)
    assert any("DefaultRoute" in id for id in missing(template))

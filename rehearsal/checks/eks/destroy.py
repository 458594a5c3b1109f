"""The end of the tier: what is in the cluster is taken back first, and nothing of it is left."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.destroy import (
    a_protected_stack_its_database_and_its_load_balancer_refuse_to_be_destroyed,
    see_the_end_with_a_snapshot,
)
from rehearsal.kubernetes import groups

check("eks")(a_protected_stack_its_database_and_its_load_balancer_refuse_to_be_destroyed)


@check("eks")
def a_destroyed_stack_leaves_what_holds_data_a_snapshot_and_no_process_of_its_cluster(subject: Subject) -> str:
    home = subject.tier.run.home / "clusters" / subject.outputs["ClusterName"]
    nodes = [each.name for each in (home / "nodes").iterdir()]
    if not any(groups.processes(node) for node in nodes):
        raise CheckError(f"none of the nodes {', '.join(nodes)} has a process: there is nothing to see end")
    elb = subject.tier.client("elbv2")
    seen = see_the_end_with_a_snapshot(subject)
    if left := {node: found for node in nodes if (found := groups.processes(node))}:
        raise CheckError(f"of the nodes these processes are left: {left}")
    balancers, targets = elb.describe_load_balancers()["LoadBalancers"], elb.describe_target_groups()["TargetGroups"]
    if balancers or targets:
        raise CheckError(f"{len(balancers)} load balancers and {len(targets)} target groups are left")
    return f"{seen}; no process of {len(nodes)} nodes, no load balancer and no target group"

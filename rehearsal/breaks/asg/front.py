"""Doors that the load balancer and the database leave open."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rehearsal.breaks import BreakError, breaks
from rehearsal.checks import Subject
from rehearsal.checks.asg.fleet import healthy
from rehearsal.checks.asg.front import (
    https_verifies_for_the_domain_at_each_address_of_the_load_balancer_and_http_redirects,
    nothing_but_the_two_ports_of_the_web_is_reached_from_outside,
)

_SECONDS = 60


@breaks(
    https_verifies_for_the_domain_at_each_address_of_the_load_balancer_and_http_redirects,
    says="answered HTTP with",
    again=True,
)
def http_is_passed_on_as_it_comes(subject: Subject) -> Iterator[None]:
    elb = subject.tier.client("elbv2")
    (group,) = elb.describe_target_groups()["TargetGroups"]
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (plain,) = [each for each in listeners if each["Port"] == 80]
    onward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    elb.modify_listener(ListenerArn=plain["ListenerArn"], DefaultActions=onward)
    _await_health(subject)
    try:
        yield
    finally:
        elb.modify_listener(ListenerArn=plain["ListenerArn"], DefaultActions=plain["DefaultActions"])
        _await_health(subject)


@breaks(nothing_but_the_two_ports_of_the_web_is_reached_from_outside, says="these are reached from outside", again=True)
def the_database_lets_everybody_in(subject: Subject) -> Iterator[None]:
    ec2, rds = subject.tier.client("ec2"), subject.tier.client("rds")
    (instance,) = rds.describe_db_instances()["DBInstances"]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    group = instance["VpcSecurityGroups"][0]["VpcSecurityGroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])


def _await_health(subject: Subject) -> None:
    """Waits until the load balancer has taken note, and finds the machines healthy again."""
    time.sleep(3)
    deadline = time.monotonic() + _SECONDS
    while healthy(subject) < 2:
        if time.monotonic() > deadline:
            raise BreakError(f"the load balancer found two machines healthy no more within {_SECONDS} s")
        time.sleep(0.5)

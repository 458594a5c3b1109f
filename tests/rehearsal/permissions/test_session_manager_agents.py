"""Session Manager's agent calls operations that no SDK offers; the gate knows them all the same."""

from __future__ import annotations

from typing import Any

from tests.rehearsal.permissions.world import INSTANCE, Bench, arn


def test_the_agents_of_session_manager_are_understood_though_botocore_does_not_know_them(bench: Bench) -> None:
    ssm = bench.passes(lambda: _update_instance_information(bench))
    assert ssm.question is not None
    assert ssm.question.resource == arn("ec2", f"instance/{INSTANCE}")
    for service, target, path, action in (
        ("ec2messages", "EC2WindowsMessageDeliveryService.GetMessages", "/", "ec2messages:GetMessages"),
        ("ssmmessages", "", f"/v1/control-channel/{INSTANCE}", "ssmmessages:CreateControlChannel"),
    ):
        verdict = bench.admit(bench.signed(service, path=path, headers={"x-amz-target": target} if target else {}))
        assert verdict.allowed and verdict.question is not None
        assert verdict.question.action == action
    refused = bench.admit(bench.signed("ssmmessages", path="/v1/data-channel/x"))
    assert not refused.allowed and refused.status == 403
    unknown = bench.admit(bench.signed("ssmmessages", path="/v2/anything"))
    assert not unknown.allowed and unknown.status == 400


def _update_instance_information(bench: Bench) -> Any:
    # the operation is the agent's own; botocore's model has no name for it in its client
    request = bench.signed(
        "ssm",
        headers={
            "x-amz-target": "AmazonSSM.DescribeInstanceInformation",
            "content-type": "application/x-amz-json-1.1",
        },
        body=b"{}",
    )
    assert not bench.admit(request).allowed
    return bench.send(
        bench.signed(
            "ssm",
            headers={
                "x-amz-target": "AmazonSSM.UpdateInstanceInformation",
                "content-type": "application/x-amz-json-1.1",
            },
            body=b'{"InstanceId": "%s"}' % INSTANCE.encode(),
        )
    )

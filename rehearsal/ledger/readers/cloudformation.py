"""Resources that CloudFormation itself keeps: wait conditions with their handles, and custom resources.

No other service knows them, so the evidence is CloudFormation's: for a wait condition the signals that its stack's
events report, for a handle the address that signals are sent to, for a custom resource the function that answers it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from rehearsal.ledger.readers.registry import UNREADABLE, Absent, Asked, Cloud, Found, reads

_SIGNAL = re.compile(r"Received SUCCESS signal with UniqueId (?P<id>\S+)")


@reads("AWS::CloudFormation::WaitConditionHandle")
def handle(cloud: Cloud, asked: Asked) -> Found:
    url = _resource(cloud, asked)["PhysicalResourceId"]
    if urlsplit(url).scheme not in ("http", "https"):
        raise Absent(f"{url!r} is no address to which a signal can be sent")
    return Found({})


@reads("AWS::CloudFormation::WaitCondition")
def wait_condition(cloud: Cloud, asked: Asked) -> Found:
    _resource(cloud, asked)
    heard = set()
    for event in cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=cloud.stack):
        found = _SIGNAL.search(event.get("ResourceStatusReason", ""))
        if event["LogicalResourceId"] == asked.logical_id and found:
            heard.add(found["id"])
    needed = int(asked.wanted.get("Count", 1))
    if len(heard) < needed:
        raise Absent(f"the stack's events report {len(heard)} signals of success, {needed} are needed")
    return Found({"Count": UNREADABLE, "Handle": UNREADABLE, "Timeout": UNREADABLE})


@reads("AWS::CloudFormation::CustomResource")
def custom_resource(cloud: Cloud, asked: Asked) -> Found:
    _resource(cloud, asked)
    token = asked.wanted["ServiceToken"]
    function = cloud("lambda").get_function_configuration(FunctionName=token)
    # What the function did with the other properties, only a check of its own can say.
    others = dict.fromkeys((key for key in asked.wanted if key != "ServiceToken"), UNREADABLE)
    return Found({**others, "ServiceToken": function["FunctionArn"]})


def _resource(cloud: Cloud, asked: Asked) -> Any:
    answer = cloud("cloudformation").describe_stack_resource(StackName=cloud.stack, LogicalResourceId=asked.logical_id)
    detail = answer["StackResourceDetail"]
    if detail["ResourceStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Absent(f"CloudFormation says {detail['ResourceStatus']}")
    return detail

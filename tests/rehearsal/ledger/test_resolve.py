"""Intrinsic functions resolve from what CloudFormation and the services say."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from rehearsal.ledger.resolve import Resolver, Stack, Unresolved

_TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": "3"},
        "Names": {"Type": "CommaDelimitedList"},
        "Hidden": {"Type": "String", "NoEcho": True},
    },
    "Mappings": {"Images": {"us-east-1": {"arm64": "ami-1"}}},
    "Conditions": {
        "Three": {"Fn::Equals": [{"Ref": "Size"}, 3]},
        "Never": {"Fn::And": [{"Condition": "Three"}, {"Fn::Not": [{"Condition": "Three"}]}]},
        "Either": {"Fn::Or": [{"Condition": "Never"}, {"Condition": "Three"}]},
    },
    "Resources": {"Volume": {"Type": "AWS::EC2::Volume"}},
}
_STACK = Stack(
    "arn:aws:cloudformation:us-east-1:111122223333:stack/fines/0a1b",
    "fines",
    {"Names": "a, b", "Hidden": "****"},
    {"Volume": "vol-1"},
)


def _attribute(id: str, name: str) -> Any:
    if (id, name) == ("Volume", "VolumeId"):
        return "vol-1"
    raise LookupError(f"Fn::GetAtt {id}.{name}: no service gives it back")


def _value(node: Any) -> Any:
    exports = {"shared": "vpc-1"}
    resolver = Resolver(
        _TEMPLATE, stack=_STACK, attribute=_attribute, zones=lambda: ["z-a", "z-b"], exports=lambda: exports
    )
    return resolver.value(node)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Volume"}, "vol-1"),
        ({"Ref": "Size"}, "3"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::StackName"}, "fines"),
        ({"Ref": "AWS::StackId"}, _STACK.id),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::GetAtt": ["Volume", "VolumeId"]}, "vol-1"),
        ({"Fn::GetAtt": "Volume.VolumeId"}, "vol-1"),
        ({"Fn::Sub": "${Volume}/${Volume.VolumeId}/${!kept}/${AWS::Region}"}, "vol-1/vol-1/${kept}/us-east-1"),
        ({"Fn::Sub": ["${own}-${Size}", {"own": {"Ref": "Volume"}}]}, "vol-1-3"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Volume"}, 3]]}, "a-vol-1-3"),
        ({"Fn::Join": ["+", {"Ref": "Names"}]}, "a+b"),
        ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "z-b"),
        ({"Fn::Select": [0, {"Fn::Split": ["|", "x|y"]}]}, "x"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, "8"]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Base64": {"Fn::Sub": "é ${Size}"}}, base64.b64encode("é 3".encode()).decode()),
        ({"Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "arm64"]}, "ami-1"),
        ({"Fn::ImportValue": "shared"}, "vpc-1"),
        ({"Fn::If": ["Three", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Never", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", {"Ref": "Volume"}, "no"]}, "vol-1"),
        ({"kept": [{"Ref": "AWS::NoValue"}, 1], "dropped": {"Ref": "AWS::NoValue"}}, {"kept": [1]}),
        ({"Fn::If": ["Never", 1, {"Ref": "AWS::NoValue"}], "other": 1}, {"Fn::If": ["Never", 1], "other": 1}),
    ],
)
def test_a_function_resolves(node: Any, value: Any) -> None:
    assert _value(node) == value


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"Ref": "Stranger"}, "Ref Stranger: the stack has no such resource or parameter"),
        ({"Ref": "Hidden"}, "Ref Hidden: CloudFormation does not echo this parameter"),
        ({"Fn::GetAtt": ["Volume", "Colour"]}, "Fn::GetAtt Volume.Colour: no service gives it back"),
        ({"Fn::Join": ["", ["a", {"Fn::Sub": "${Stranger}"}]]}, "Ref Stranger: the stack has no such"),
        ({"Fn::Select": [7, {"Fn::GetAZs": ""}]}, "index"),
        ({"Fn::If": ["Unknown", 1, 2]}, "Unknown"),
    ],
)
def test_what_cannot_be_resolved_says_why(node: Any, reason: str) -> None:
    value = _value({"inside": [node]})["inside"][0]
    assert isinstance(value, Unresolved)
    assert reason in value.reason

"""Resolves a template's intrinsic functions from what CloudFormation and the services say, not from the template."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_NOTHING = object()  # Ref of AWS::NoValue: the property is not there


class _ResolutionError(LookupError):
    """A function cannot be resolved; the message says what is missing."""


@dataclass(frozen=True)
class Unresolved:
    """A value that cannot be known from outside, with the reason."""

    reason: str


@dataclass(frozen=True)
class Stack:
    """What CloudFormation says of a stack: parameters as resolved, and the physical ids of its resources."""

    id: str
    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    physical_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def pseudo(self) -> dict[str, Any]:
        """The pseudo parameters; region, account and partition are in the stack's own ARN."""
        _, partition, _, region, account, _ = self.id.split(":", 5)
        return {
            "AWS::AccountId": account,
            "AWS::NoValue": _NOTHING,
            "AWS::NotificationARNs": [],
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        }


class Resolver:
    """Resolves values of one deployed template.

    Args:
        attribute: gives an attribute of a resource for Fn::GetAtt, or raises LookupError with the reason.
        zones: gives the region's availability zones.
        exports: gives the account's exported outputs.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        stack: Stack,
        attribute: Callable[[str, str], Any],
        zones: Callable[[], list[str]],
        exports: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._template, self._stack = template, stack
        self._attribute, self._zones, self._exports = attribute, zones, exports
        self._pseudo = stack.pseudo
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::And": lambda parts: all(self._is_true(part) for part in parts),
            "Fn::Base64": lambda text: base64.b64encode(str(self._need(text)).encode()).decode(),
            "Fn::Cidr": self._cidr,
            "Fn::Equals": lambda pair: str(self._need(pair[0])) == str(self._need(pair[1])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": lambda region: self._zones(),
            "Fn::GetAtt": self._get_attribute,
            "Fn::If": lambda parts: self.value(parts[1 if self.condition(parts[0]) else 2]),
            "Fn::ImportValue": lambda name: self._exports()[self._need(name)],
            "Fn::Join": lambda parts: str(parts[0]).join(str(each) for each in self._need(parts[1])),
            "Fn::Not": lambda parts: not self._is_true(parts[0]),
            "Fn::Or": lambda parts: any(self._is_true(part) for part in parts),
            "Fn::Select": lambda parts: self._need(parts[1])[int(self._need(parts[0]))],
            "Fn::Split": lambda parts: str(self._need(parts[1])).split(parts[0]),
            "Fn::Sub": self._sub,
        }

    def value(self, node: Any) -> Any:
        """A value with all functions inside it resolved; a function that cannot be is an `Unresolved`."""
        if isinstance(node, list):
            items = [self.value(each) for each in node]
            return [each for each in items if each is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (name := next(iter(node))) in self._functions:
            try:
                return self._functions[name](node[name])
            except LookupError as error:
                return Unresolved(str(error.args[0]) if error.args else f"{name} cannot be resolved")
        values = {key: self.value(each) for key, each in node.items()}
        return {key: each for key, each in values.items() if each is not _NOTHING}

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds.

        Raises:
            LookupError: there is no such condition, or it cannot be resolved.
        """
        return self._is_true(self._template.get("Conditions", {})[name])

    def _is_true(self, node: Any) -> bool:
        if isinstance(node, dict) and set(node) == {"Condition"}:
            return self.condition(node["Condition"])
        return bool(self._need(node))

    def _need(self, node: Any) -> Any:
        value = self.value(node)
        found = value if isinstance(value, list) else [value]
        for each in found:
            if isinstance(each, Unresolved):
                raise _ResolutionError(each.reason)
        return value

    def _ref(self, name: str) -> Any:
        for known in (self._pseudo, self._stack.physical_ids):
            if name in known:
                return known[name]
        declared = self._template.get("Parameters", {}).get(name)
        if declared is None:
            raise _ResolutionError(f"Ref {name}: the stack has no such resource or parameter")
        if str(declared.get("NoEcho", "false")).lower() == "true":
            raise _ResolutionError(f"Ref {name}: CloudFormation does not echo this parameter")
        value = self._stack.parameters.get(name, declared.get("Default"))
        if value is None:
            raise _ResolutionError(f"Ref {name}: the parameter has no value")
        is_list = declared["Type"] == "CommaDelimitedList" or "List<" in declared["Type"]
        return [part.strip() for part in str(value).split(",")] if is_list else value

    def _get_attribute(self, given: Any) -> Any:
        resource, attribute = given.split(".", 1) if isinstance(given, str) else given
        return self._attribute(resource, self._need(attribute))

    def _sub(self, given: Any) -> str:
        text, own = (given, {}) if isinstance(given, str) else given

        def replacement(found: re.Match[str]) -> str:
            literal, name = found[1], found[2].strip()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self._need(own[name]))
            return str(self._need({"Fn::GetAtt": name} if "." in name else {"Ref": name}))

        return _PLACEHOLDER.sub(replacement, text)

    def _find_in_map(self, given: Any) -> Any:
        name, top, second = (self._need(each) for each in given[:3])
        return self._template["Mappings"][name][top][second]

    def _cidr(self, given: Any) -> list[str]:
        block, count, *bits = (self._need(each) for each in given)
        network = ipaddress.ip_network(block)
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        subnets = network.subnets(new_prefix=prefix)
        return [str(next(subnets)) for _ in range(int(count))]

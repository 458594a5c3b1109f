"""Values that satisfy, or violate, the conditions of a statement."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

Keys = dict[str, str | list[str]]
_USER_ID, _SOMEBODY = "${aws:userid}", "AROAPROBE:somebody"  # a variable of policies, and what it may stand for


def matches(pattern: str, text: str, *, exact: bool = False) -> bool:
    """Whether a policy's pattern (`*`, `?`) covers a text; actions are compared without regard to case."""
    source = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(source, text, re.DOTALL if exact else re.DOTALL | re.IGNORECASE) is not None


def context(conditions: Mapping[str, Mapping[str, Any]]) -> Keys:
    """Keys with which all conditions hold."""
    found: Keys = {}
    for operator, tests in conditions.items():
        for key, values in tests.items():
            value = _holding(_plain(operator), _listed(values))
            if value is not None and _USER_ID in value:
                found["aws:userid"] = _SOMEBODY
                value = value.replace(_USER_ID, _SOMEBODY)
            if value is not None:
                found[key] = [value] if operator.startswith("For") else value
    return found


def violations(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[Keys]:
    """Keys with which one condition does not hold, and all others do."""
    good = context(conditions)
    for operator, tests in conditions.items():
        for key, values in tests.items():
            value = _failing(_plain(operator), _listed(values))
            if value is not None:
                yield {**good, key: [value] if operator.startswith("For") else value}


def _plain(operator: str) -> str:
    return operator.rpartition(":")[2].removesuffix("IfExists").lower()


def _listed(values: Any) -> list[str]:
    items = values if isinstance(values, list) else [values]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]


def _holding(operator: str, values: list[str]) -> str | None:
    first = values[0] if values else ""
    if operator == "null":
        return None if first == "true" else "probe"
    if "not" in operator:
        return "192.0.2.1" if operator == "notipaddress" else "0" if operator.startswith("numeric") else "probe-other"
    if operator.startswith("numeric"):
        shift = {"numericlessthan": -1, "numericgreaterthan": 1}.get(operator, 0)
        return str(int(float(first)) + shift)
    if operator.startswith("date"):
        return (
            first
            if operator.endswith("equals")
            else "2000-01-01T00:00:00Z"
            if "less" in operator
            else "2099-01-01T00:00:00Z"
        )
    if operator == "ipaddress":
        return str(ipaddress.ip_network(first, strict=False).network_address)
    if operator.endswith("like") or operator.startswith("arn"):
        return first.replace("*", "probe").replace("?", "x")
    return first


def _failing(operator: str, values: list[str]) -> str | None:
    first = values[0] if values else ""
    if operator == "null":
        return "probe" if first == "true" else None
    if operator == "bool":
        return "false" if first == "true" else "true"
    if "not" in operator:
        return first
    if operator.startswith("numeric"):
        return str(int(float(first)) + (-1 if "greater" in operator else 1))
    if operator.startswith("date"):
        return "2099-01-01T00:00:00Z" if "less" in operator else "2000-01-01T00:00:00Z"
    if operator == "ipaddress":
        return "192.0.2.1"
    if operator.startswith("arn"):
        return "arn:aws:probe:::other"
    return "probe-other" if first not in ("*", "") else None
